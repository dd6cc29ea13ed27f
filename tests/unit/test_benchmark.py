"""The parts of the benchmark that need no peer: weights, medians and ratios, targets, discovery."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
import pytest
import torch

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks.contenders import peer_names  # noqa: E402
from benchmarks.floor import bytes_of, operations, products_of  # noqa: E402
from benchmarks.keras_m06.page import page as keras_page  # noqa: E402
from benchmarks.keras_m06.page import published_runs  # noqa: E402
from benchmarks.measuring import Measured, pooled  # noqa: E402
from benchmarks.study import read_models, training_steps  # noqa: E402
from benchmarks.summary import STUDY, costs, ratios, summarise  # noqa: E402
from benchmarks.targets import run_by_run, verdicts  # noqa: E402
from benchmarks.worker import Prepared  # noqa: E402

STEPS = {"small": 300, "large": 100}


def rows(*measurements):
    columns = ["model", "contender", "cores", "round", "milliseconds"]
    return pd.DataFrame(measurements, columns=columns).assign(steps=10)


@pytest.fixture
def measured():
    """Two rounds, the second on a machine that is twice as slow for all."""
    once = [
        ("small", "floor", 1, 1.0),
        ("small", "ours-5", 1, 1.2),
        ("small", "keras_fit", 1, 6.0),
        ("small", "keras_fit", 2, 4.0),
        ("small", "pytorch_dataloader", 1, 4.8),
        ("small", "pytorch_sliced", 1, 2.4),
        ("small", "incomplete", 1, 3.6),
        ("small", "jax_scan", 1, 1.0),
        ("small", "jax_vmap", 1, 1.5),
        ("large", "floor", 1, 10.0),
        ("large", "ours-5", 1, 14.0),
        ("large", "keras_fit", 1, 40.0),
        ("large", "keras_fit", 2, 16.0),
        ("large", "pytorch_dataloader", 1, 42.0),
        ("large", "pytorch_sliced", 1, 30.0),
        ("large", "jax_scan", 1, 20.0),
        ("large", "jax_vmap", 1, 13.0),
    ]
    return rows(*((m, c, n, r, ms * r) for r in (1, 2) for m, c, n, ms in once))


def value(summary, model, contender, column):
    found = summary[(summary["model"] == model) & (summary["contender"] == contender)]
    return found[column].item()


def test_two_cores_count_double_and_the_better_setting_is_taken_by_model(measured):
    table = costs(measured)
    assert table.loc[(1, "small"), "keras_fit"] == 6.0
    assert table.loc[(1, "large"), "keras_fit"] == 32.0
    assert costs(measured, per_core=False).loc[(1, "small"), "keras_fit"] == 4.0


def test_study_is_the_mean_over_steps(measured):
    summary = summarise(measured, STEPS)
    # Floor: (300 · 1 + 100 · 10) / 400 in the first round, twice that in the second.
    assert value(summary, STUDY, "floor", "core_milliseconds") == pytest.approx(1.5 * 3.25)
    assert value(summary, STUDY, "floor", "low") == pytest.approx(3.25)
    assert value(summary, STUDY, "ours-5", "over_floor") == pytest.approx(4.4 / 3.25)
    assert value(summary, STUDY, "keras_fit", "wall_over_ours") == pytest.approx(7.0 / 4.4)


def test_contender_without_a_model_has_no_study(measured):
    summary = summarise(measured, STEPS)
    assert set(summary.loc[summary["contender"] == "incomplete", "model"]) == {"small"}


def test_ratios_are_taken_within_a_round(measured):
    # Slowed twofold in round 2, both sides alike: the ratio is the same in both.
    found = ratios(measured, STEPS, "pytorch_dataloader", "ours-5")
    assert found["large"].tolist() == pytest.approx([3.0, 3.0])


def test_targets_name_the_fastest_peers_and_the_worst_model(measured):
    labels = {name: name.upper() for name in measured["contender"].unique()}
    jax, worst, pytorch, loader = verdicts(measured, STEPS, labels, "All")
    # jax_vmap: (300 * 1.5 + 100 * 13) / 400 = 4.375; jax_scan: 5.75; ours: 4.4.
    assert "JAX_VMAP" in jax.text
    assert jax.median == pytest.approx(4.4 / 4.375)
    assert not jax.met
    # Of all pairs of a model and a form of JAX, the highest ratio: 1.2 / 1, not 14 / 13.
    assert "JAX_SCAN on small" in worst.text
    assert worst.median == pytest.approx(1.2)
    assert not worst.met
    # Sliced: (300 * 2.4 + 100 * 30) / 400 = 9.3; the loader: 14.1. tf-keras is not PyTorch.
    assert "PYTORCH_SLICED" in pytorch.text
    assert pytorch.median == pytest.approx(9.3 / 4.4)
    assert pytorch.met
    assert loader.median == pytest.approx(14.1 / 4.4)
    assert loader.met


def test_verdicts_follow_the_times(measured):
    labels = {name: name.upper() for name in measured["contender"].unique()}
    measured.loc[measured["contender"] == "ours-5", "milliseconds"] *= 0.9
    assert [each.met for each in verdicts(measured, STEPS, labels, "All")] == [True] * 4
    measured.loc[measured["contender"] == "ours-5", "milliseconds"] *= 2
    assert [each.met for each in verdicts(measured, STEPS, labels, "All")] == [False] * 4


def test_several_runs_are_pooled_and_told_one_by_one(measured):
    slower = measured.copy()
    slower.loc[slower["contender"] == "ours-5", "milliseconds"] *= 1.5
    labels = {name: name.upper() for name in measured["contender"].unique()}
    runs = [Measured(rows, labels, {}, {}) for rows in (measured, slower, measured)]
    together = pooled(runs).rows
    assert sorted(together["round"].unique()) == [1, 2, 3, 4, 5, 6]
    assert together.groupby("run")["round"].agg(["min", "max"]).values.tolist() == [
        [1, 2],
        [3, 4],
        [5, 6],
    ]
    # Ours over the loader: 14.1 / 4.4 = 3.20, and in the second run two thirds of that.
    last = run_by_run(runs, STEPS, "All").splitlines()[-1]
    assert last == "| All: PYTORCH_DATALOADER over ours | ≥ 3 | 3.20 | 2.14 | 3.20 | 3.20 | 1.07 |"


def test_steps_of_the_report():
    models = {model.name: model for model in read_models(ROOT, 60_000, 10_000)}
    assert {model.spec.optimizer for model in models.values()} == {"adam"}  # as the peers have it
    assert len(models) == 17
    assert models["m01"].steps == 15 * 1875
    assert models["m02"].steps == 20 * 375
    assert models["m03"].steps == 12 * 5 * 1750  # five folds of 56,000 of 70,000 images
    assert models["m08"].steps == 10 * 1500


def test_uneven_folds():
    spec = read_models(ROOT, 60_000, 10_000, ["m03"])[0].spec
    # 103 images in 5 folds hold out 21, 21, 21, 20 and 20, and leave 82 or 83: 3 batches of 32.
    assert training_steps(spec, 100, 3) == 12 * 5 * 3


def test_a_call_costs_nothing_beside_its_steps(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr("time.perf_counter", lambda: clock[0])

    def train(steps):
        clock[0] += 5.0 + 0.002 * steps  # start-up is long
        return steps

    prepared = Prepared(train, most_steps=1000)
    assert prepared.measure(seconds=0.4) == pytest.approx(0.002)
    assert prepared.steps == 200


def test_floor_counts_every_product_and_byte_of_a_step():
    spec = read_models(ROOT, 60_000, 10_000, ["m01"])[0].spec
    products = products_of(spec, 784)
    for left, right, out in products:
        assert torch.mm(left, right, out=out).shape == (left.shape[0], right.shape[1])
    # Forward, both gradients; but none by the images.
    multiplications = 32 * (3 * (784 * 128 + 128 * 64 + 64 * 10) - 784 * 128)
    assert sum(map(operations, products)) == 2 * multiplications
    # Weights, biases and their two moments, four bytes each, both ways; and 32 images.
    parameters = 784 * 128 + 128 + 128 * 64 + 64 + 64 * 10 + 10
    assert bytes_of(spec, 784) == 2 * 3 * 4 * parameters + 32 * 784


def test_every_file_in_peers_is_a_peer():
    assert {"keras_fit", "pytorch_dataloader", "pytorch_vmap", "jax_scan", "jax_vmap"} <= set(
        peer_names()
    )
    assert not any(name.startswith("_") for name in peer_names())


def test_the_page_on_keras_is_made_from_its_tables() -> None:
    names = ("runs", "steps", "models")
    runs, steps, models = (pd.read_csv(ROOT / f"docs/keras/{name}.csv") for name in names)
    text = keras_page(runs, steps, models, published_runs())
    assert (ROOT / "docs/keras.md").read_text(encoding="utf-8") == text
    ours = runs[(runs["implementation"] == "ours") & (runs["epochs"] == 20)]["test_accuracy"]
    above = sum(accuracy > 0.22 for accuracy in ours)
    assert f"| 20 | ours | {len(ours)} | {above} |" in text
