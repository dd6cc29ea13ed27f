"""The likelihood of printed values against SciPy's kernel density, and its table by hand."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import expit, logit
from scipy.stats import gaussian_kde, multivariate_normal
from study_fixture import REPORTED, make_study

from mlpstudy import cli
from mlpstudy.analysis.reported import load_reported
from mlpstudy.analysis.runs import collect
from mlpstudy.analysis.sensitivity import likelihoods, log_likelihood, model_likelihoods
from mlpstudy.config.study import load_study

ACCURACIES = np.array([0.10, 0.55, 0.79, 0.80, 0.86])
LOSSES = np.array([14.506, 1.5, 0.72, 0.7, 0.4])
REPORT = load_reported(REPORTED)


@pytest.mark.parametrize("printed", [0.10, 0.7745, 0.999])
def test_accuracies_have_the_kernel_density_of_scipy(printed: float) -> None:
    scaled = logit(ACCURACIES)
    density = gaussian_kde(scaled, bw_method=0.1 / scaled.std(ddof=1))(logit(printed)).item()
    # A uniform accuracy has the density p (1 - p) on the logit scale, and the weight of one run.
    expected = (5 * density + printed * (1 - printed)) / 6
    found = log_likelihood([printed], ACCURACIES[:, None], 0.1)
    assert found == pytest.approx(math.log(expected), rel=1e-12)


def test_accuracy_and_loss_have_the_kernel_density_of_their_plane() -> None:
    printed = np.array([0.7745, 0.7757])
    sample = np.stack([ACCURACIES, LOSSES], 1)
    plane = np.stack([logit(ACCURACIES), np.log(LOSSES)], 1)
    at = [logit(printed[0]), math.log(printed[1])]
    kernels = [multivariate_normal.pdf(at, mean, 0.2**2) for mean in plane]
    broad = printed[0] * (1 - printed[0]) / math.log(1e4)
    expected = math.log((sum(kernels) + broad) / 6)
    assert log_likelihood(printed, sample, 0.2) == pytest.approx(expected, rel=1e-12)


def test_it_is_a_density() -> None:
    def density(scaled: float) -> float:
        return math.exp(log_likelihood([expit(scaled)], ACCURACIES[:, None], 0.2))

    total, _ = quad(density, -9, 9, points=list(logit(ACCURACIES)), limit=200)
    assert total == pytest.approx(1, abs=1e-3)  # accuracies within 1e-4 of 0 and 1 are left out


def test_a_lost_or_infinite_loss_is_far_from_any_print() -> None:
    near = np.array([[0.8, 0.5]])
    for lost in (math.nan, math.inf, 0.0):
        sample = np.append(near, [[0.8, lost]], axis=0)
        found = log_likelihood([0.8, 0.5], sample)
        alone = log_likelihood([0.8, 0.5], near)
        assert found == pytest.approx(alone + math.log(2 / 3), abs=0.01)


def test_the_table_sums_over_the_models_that_a_condition_covers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # The report prints 83.31 % / 0.478 for model 16, 83.05 % / 0.474 for 17, 75.26 % for 1.
    accuracies = {"as_reported": 0.74, "rmsprop": 0.83, "batch_128": 0.60}

    def outcome(condition: str, model: str, fold: str, replicate: int) -> tuple[float, float]:
        return accuracies[condition] + replicate / 1000, 0.5

    conditions = {
        "as_reported": {}, "batch_128": {"batch_size": 128}, "rmsprop": {"optimizer": "rmsprop"},
    }  # fmt: skip
    covered = {"batch_128": ["m01"], "rmsprop": ["m16", "m17"]}
    models = {"m01": {}, "m16": {}, "m17": {}, "own": {}}
    paths = make_study(tmp_path, models, outcome, conditions, covered=covered)
    study, runs = load_study(paths.study), collect(load_study(paths.study), "metrics")

    def expected(condition: str, model: str, size: int) -> float:
        sample = np.array([[accuracies[condition] + r / 1000, 0.5] for r in (1, 2, 3)])
        printed = [REPORT.number("details", model, q) for q in ("test_accuracy", "test_loss")]
        return log_likelihood(printed[:size], sample[:, :size])

    table = likelihoods(study, runs, REPORT)
    assert table["condition"].tolist() == ["rmsprop", "batch_128"]  # the best first
    assert table["models"].tolist() == [2, 1]
    for size, column in ((1, "accuracy"), (2, "joint")):
        difference = sum(
            expected("rmsprop", m, size) - expected("as_reported", m, size) for m in ("m16", "m17")
        )
        assert table.loc[0, column] == pytest.approx(difference)
    assert table["accuracy"].tolist()[0] > 5 > 0 > table["accuracy"].tolist()[1]
    each = model_likelihoods(study, runs, REPORT)
    assert set(each["model"]) == {"m01", "m16", "m17"}  # nothing is printed of `own`
    assert (each["n"] == 3).all()

    runs.to_csv(tmp_path / "runs.csv", index=False)
    cli.likelihood(paths.study, tmp_path, REPORTED)
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "condition,models,accuracy,joint"
    assert printed[1] == f"rmsprop,2,{table.loc[0, 'accuracy']:.2f},{table.loc[0, 'joint']:.2f}"
