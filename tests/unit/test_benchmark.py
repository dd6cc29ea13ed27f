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
from benchmarks.floor import _products  # noqa: E402
from benchmarks.keras_m06.page import page as keras_page  # noqa: E402
from benchmarks.measuring import Measured, pooled  # noqa: E402
from benchmarks.scaling import study_minutes  # noqa: E402
from benchmarks.study import Model, read_models, training_steps  # noqa: E402
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
        ("small", "ours-3", 1, 1.2),
        ("small", "keras_fit", 1, 6.0),
        ("small", "keras_fit", 2, 4.0),
        ("small", "pytorch_dataloader", 1, 4.8),
        ("small", "sklearn_mlp", 1, 3.6),
        ("large", "floor", 1, 10.0),
        ("large", "ours-3", 1, 14.0),
        ("large", "keras_fit", 1, 40.0),
        ("large", "keras_fit", 2, 16.0),
        ("large", "pytorch_dataloader", 1, 42.0),
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
    assert value(summary, STUDY, "ours-3", "over_floor") == pytest.approx(4.4 / 3.25)
    assert value(summary, STUDY, "keras_fit", "wall_over_ours") == pytest.approx(7.0 / 4.4)


def test_contender_without_a_model_has_no_study(measured):
    summary = summarise(measured, STEPS)
    assert set(summary.loc[summary["contender"] == "sklearn_mlp", "model"]) == {"small"}


def test_ratios_are_taken_within_a_round(measured):
    # Slowed twofold in round 2, both sides alike: the ratio is the same in both.
    found = ratios(measured, STEPS, "pytorch_dataloader", "ours-3")
    assert found["large"].tolist() == pytest.approx([3.0, 3.0])


def test_targets_name_the_fastest_peer_and_the_closest_model(measured):
    labels = {name: name.upper() for name in measured["contender"].unique()}
    floor, fastest, loader, closest = verdicts(measured, STEPS, labels, "All")
    assert floor.median == pytest.approx(4.4 / 3.25)
    assert floor.met
    # tf-keras: (300 · 6 + 100 · 32) / 400 = 12.5; the loader: 14.1.
    assert "KERAS_FIT" in fastest.text
    assert fastest.median == pytest.approx(12.5 / 4.4)
    assert fastest.met
    assert loader.median == pytest.approx(14.1 / 4.4)
    assert "large, KERAS_FIT" in closest.text
    assert closest.median == pytest.approx(32 / 14)


def test_missed_target_is_not_met(measured):
    measured.loc[measured["contender"] == "ours-3", "milliseconds"] *= 2
    assert [verdict.met for verdict in verdicts(measured, STEPS, {"keras_fit": "K"}, "All")] == [
        False,
        False,
        True,
    ]


def test_several_runs_are_pooled_and_told_one_by_one(measured):
    slower = measured.copy()
    slower.loc[slower["contender"] == "ours-3", "milliseconds"] *= 1.5
    labels = {name: name.upper() for name in measured["contender"].unique()}
    runs = [Measured(rows, labels, {}, {}) for rows in (measured, slower, measured)]
    together = pooled(runs).rows
    assert sorted(together["round"].unique()) == [1, 2, 3, 4, 5, 6]
    assert together.groupby("run")["round"].agg(["min", "max"]).values.tolist() == [
        [1, 2],
        [3, 4],
        [5, 6],
    ]
    # Ours over the floor: 4.4 / 3.25 = 1.35, and half as much again in the second run.
    first = run_by_run(runs, STEPS, "All").splitlines()[2]
    assert first == "| All: ours over the floor | ≤ 1.5 | 1.35 | 2.03 | 1.35 | 1.35 | 0.68 |"


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


def test_floor_has_every_product_of_a_step():
    spec = read_models(ROOT, 60_000, 10_000, ["m01"])[0].spec
    products = _products(torch.rand(32, 784), spec)
    for left, right, out in products:
        assert torch.mm(left, right, out=out).shape == (left.shape[0], right.shape[1])
    work = sum(left.shape[0] * left.shape[1] * right.shape[1] for left, right, _ in products)
    # Forward, both gradients; but none by the images.
    assert work == 32 * (3 * (784 * 128 + 128 * 64 + 64 * 10) - 784 * 128)


def test_every_file_in_peers_is_a_peer():
    assert {"keras_fit", "pytorch_dataloader", "sklearn_mlp"} <= set(peer_names())
    assert not any(name.startswith("_") for name in peer_names())


def test_the_studys_time_is_that_of_its_steps() -> None:
    spec = read_models(ROOT, 60000, 10000, ["m01"])[0].spec
    models = [Model("slow", spec, steps=6000), Model("quick", spec, steps=1200)]
    alone, together = {"slow": 10.0, "quick": 20.0}, {"slow": 20.0, "quick": 30.0}
    minutes = study_minutes(pd.DataFrame({(1, 1): alone, (2, 1): together}), models)
    assert minutes == {(1, 1): 11.0, (2, 1): pytest.approx(17 / 3)}


def test_the_page_on_keras_is_made_from_its_tables() -> None:
    runs, steps = (pd.read_csv(ROOT / f"docs/keras/{name}.csv") for name in ("runs", "steps"))
    text = keras_page(runs, steps)
    assert (ROOT / "docs/keras.md").read_text(encoding="utf-8") == text
    ours = runs[(runs["implementation"] == "ours") & (runs["epochs"] == 20)]["test_accuracy"]
    above = sum(accuracy > 0.22 for accuracy in ours)
    assert f"| 20 | ours | {len(ours)} | {above} |" in text
