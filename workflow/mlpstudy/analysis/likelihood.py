"""How likely each condition makes the values that the report prints.

A condition's replicates estimate the distribution of one more run, and the printed accuracy and
loss are taken for that run. The estimate is a Gaussian kernel density on the logit of the accuracy
and the logarithm of the loss. All models and conditions share one bandwidth, so that no condition
gains by varying less. One further component of the density has the weight of one run and is broad:
every accuracy is equally likely, and so is every loss from 0.01 to 100 on the logarithmic scale.
It keeps a single value that is far from all runs from deciding a total.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import logit, logsumexp
from scipy.stats import norm

from mlpstudy.analysis.conditions import baselines
from mlpstudy.analysis.reported_values import Reported
from mlpstudy.config.study import Study

BANDWIDTH = 0.1  # at an accuracy of 80 %, 1.6 points; at a loss of 0.5, 0.05
LEAST = 1e-4  # accuracies are kept as far from 0 and 1: one image of 10,000
LOSSES = (0.01, 100.0)

QUANTITIES = ["test_accuracy", "test_loss"]


def log_likelihood(printed: ArrayLike, sample: ArrayLike, bandwidth: float = BANDWIDTH) -> float:
    """Return the log-density of printed values, given the runs of one model and condition.

    The density is that of the logit of the accuracy and the natural logarithm of the loss.

    Args:
        printed: test accuracy, a fraction, or test accuracy and test loss; shape (1,) or (2,).
        sample: the same of each run, shape (runs, 1) or (runs, 2). A run with a value that is
            infinite or not a number is as far as can be from what is printed.
        bandwidth: standard deviation of the kernel on both scales.
    """
    at, runs = _scaled(printed), _scaled(sample)
    distances = np.where(np.isfinite(runs), runs - at, np.inf)
    kernels = norm.logpdf(distances, scale=bandwidth).sum(1)
    accuracy = np.ravel(printed)[0].clip(LEAST, 1 - LEAST)
    broad = math.log(accuracy * (1 - accuracy))
    broad -= (len(at) - 1) * math.log(math.log(LOSSES[1] / LOSSES[0]))
    return float(logsumexp(np.append(kernels, broad)) - math.log(len(runs) + 1))


def likelihoods(
    study: Study, runs: pd.DataFrame, reported: Reported, bandwidth: float = BANDWIDTH
) -> pd.DataFrame:
    """Return one row per condition: how much better than the baseline it explains the report.

    It is compared on the models that it covers and of which the report's section 1 prints accuracy
    and loss. `accuracy` is the sum over these `models` of the log-likelihood of the printed
    accuracy less that under the model's baseline condition, `joint` the same of accuracy and loss
    together. The rows are in descending order of `joint`.

    Args:
        study: the resolved study.
        runs: one row per run, with test_accuracy and test_loss.
        reported: the report's own values.
        bandwidth: see `log_likelihood`.
    """
    each = model_likelihoods(study, runs, reported, bandwidth).set_index("model")
    is_baseline = each["condition"] == each.index.map(baselines(study))
    baseline = each.loc[is_baseline, ["accuracy", "joint"]]
    others = each[~is_baseline]
    ratios = others[["accuracy", "joint"]] - baseline.reindex(others.index)
    by_condition = ratios.groupby(others["condition"], sort=False)
    table = by_condition.sum().assign(models=by_condition.size()).reset_index()
    table = table[["condition", "models", "accuracy", "joint"]]
    return table.sort_values("joint", ascending=False, ignore_index=True)


def model_likelihoods(
    study: Study, runs: pd.DataFrame, reported: Reported, bandwidth: float = BANDWIDTH
) -> pd.DataFrame:
    """Return one row per condition and model: replicates `n`, log-likelihoods `accuracy`, `joint`.

    The arguments are those of `likelihoods`. The folds of a replicate count as their mean.
    """
    keys = ["condition", "model"]
    values = runs.groupby([*keys, "replicate"], sort=False)[QUANTITIES].mean(skipna=False)
    rows: list[dict[str, Any]] = []
    for pair, frame in values.groupby(keys, sort=False):
        printed = [reported.number("details", str(pair[1]), name) for name in QUANTITIES]
        if pair not in study.pairs or not np.isfinite(printed).all():
            continue
        sample = frame.to_numpy()
        found = {
            "n": len(sample),
            "accuracy": log_likelihood(printed[:1], sample[:, :1], bandwidth),
            "joint": log_likelihood(printed, sample, bandwidth),
        }
        rows.append(dict(zip(keys, pair, strict=True)) | found)
    return pd.DataFrame(rows, columns=[*keys, "n", "accuracy", "joint"])


def _scaled(values: ArrayLike) -> NDArray[np.float64]:
    """Return the logit of accuracies and the logarithm of losses, which are the last axis."""
    scaled = np.array(values, dtype=np.float64)
    scaled[..., 0] = logit(scaled[..., 0].clip(LEAST, 1 - LEAST))
    with np.errstate(divide="ignore"):
        scaled[..., 1:] = np.log(scaled[..., 1:])
    return scaled
