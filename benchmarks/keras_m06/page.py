"""docs/keras.md: the template with numbers from the tables of runs and steps."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import fisher_exact

from benchmarks import ROOT, markdown
from mlpstudy.config.planning import read_plan
from mlpstudy.config.study import load_study

TEMPLATE = Path(__file__).with_name("template.md")
ABOVE = 0.22  # test accuracy of a run that tells more than two classes apart
CONDITION, MEDIUM = "as_reported", 0.5  # of the published study
SHOWN_STEPS = (1, 10, 100, 1000, 7500)
DISTANCES = {
    "ours_from_keras": "ours from tf-keras",
    "ours_from_nudged": "ours from ours with initial weights 1.0000001 times as large",
    "keras_from_exact": "tf-keras from double precision",
    "ours_from_exact": "ours from double precision",
}


def page(
    runs: pd.DataFrame, steps: pd.DataFrame, models: pd.DataFrame, published: pd.DataFrame
) -> str:
    """Return the page as Markdown.

    Args:
        runs: whole runs of model 6, docs/keras/runs.csv.
        steps: its single steps, docs/keras/steps.csv.
        models: runs of other models by tf-keras, docs/keras/models.csv.
        published: what `published_runs` returned.
    """
    models = models[models["model"].isin(published["model"])]
    others = _others(models, published)
    tests = _tests(runs)
    small = steps[steps["gradient"] < 1e-7]
    flips, near = steps[["flips_keras", "flips_ours"]].sum(), steps["near_clip"].sum()
    return TEMPLATE.read_text(encoding="utf-8").format(
        runs=_runs(runs),
        gradients=_gradients(steps),
        distances=_distances(steps),
        tests=markdown.table(
            ["epochs", "Fisher's exact test, two-sided", "p"],
            ([epochs, pair, f"{p:.2f}"] for epochs, pair, p in tests),
        ),
        others=markdown.table(list(others.columns), others.to_numpy().tolist()),
        tried=len(models),
        inside=others["in their range"].sum(),
        expected=f"{(others['tf-keras runs'] * _inside(others['our runs'])).sum():.0f}",
        replicates=" or ".join(map(str, sorted(set(others["our runs"])))),
        failures_p=f"{_failures_p(others):.2f}",
        least_p=f"{min(p for _, _, p in tests):.2f}",
        small_keras=f"{small['update_error_keras'].max():.1e}",
        small_ours=f"{small['update_error_ours'].max():.1e}",
        seeds=steps["seed"].nunique(),
        recorded=len(steps),
        examples=f"{128 * len(steps):,}",
        clipped=f"{steps['clipped'].sum():,.0f}",
        underflow=f"{steps['underflow'].sum():,.0f}",
        near=f"{near:.0f}",
        flips=f"{flips.sum():.0f}",
        update_keras=f"{steps['update_error_keras'].max():.1e}",
        update_ours=f"{steps['update_error_ours'].max():.1e}",
        median_keras=f"{steps['update_error_keras'].median():.1e}",
        median_ours=f"{steps['update_error_ours'].median():.1e}",
    )


def _runs(runs: pd.DataFrame) -> str:
    head = ["epochs", "implementation", "runs", "above 22 %", "at 10.0 %", "median", "highest"]
    rows = []
    for cell, frame in runs.groupby(["epochs", "implementation"], sort=False)["test_accuracy"]:
        shares = (f"{100 * share:.1f} %" for share in (frame.median(), frame.max()))
        counts = (len(frame), (frame > ABOVE).sum(), (frame.round(3) == 0.1).sum())
        rows.append([*cell, *counts, *shares])
    return markdown.table(head, rows)


def published_runs() -> pd.DataFrame:
    """Return the runs in docs/results of models that the configuration still trains like this."""
    folder = ROOT / "docs/results"
    study = load_study(folder / "study.json")
    present = read_plan([ROOT / "config/config.yaml"], {"claims": None}).study
    same = [
        model
        for model in study.models
        if model in present.models
        and study.spec(CONDITION, model) == present.spec(CONDITION, model)
    ]
    runs = pd.read_csv(folder / "runs.csv", dtype={"fold": str})
    return runs[(runs["condition"] == CONDITION) & runs["model"].isin(same)]


def _others(models: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """Return one row per model: runs of tf-keras beside those of the published study."""
    replicates = published.groupby(["model", "replicate"])["test_accuracy"].mean()
    rows = []
    for model, recorded in models.groupby("model", sort=False)["test_accuracy"]:
        keras, ours = recorded.round(4), replicates[model]  # tf-keras has it in single precision
        shown = " ".join(f"{100 * value:.1f}" for value in sorted(keras))
        rows.append(
            {
                "model": model,
                "tf-keras runs": len(keras),
                "test accuracy, %": shown,
                "our runs": len(ours),
                "their range, %": f"{100 * ours.min():.1f} to {100 * ours.max():.1f}",
                "in their range": keras.between(ours.min(), ours.max()).sum(),
                "tf-keras failed": (keras < MEDIUM).sum(),
                "ours failed": (ours < MEDIUM).sum(),
            }
        )
    return pd.DataFrame(rows)


def _inside(n: pd.Series[int]) -> pd.Series[float]:
    """Return the probability that one more run is in the range of `n`."""
    return (n - 1) / (n + 1)


def _failures_p(others: pd.DataFrame) -> float:
    """Return the smallest two-sided p of Fisher's exact test on the failures of one model."""
    failed = others[["tf-keras failed", "ours failed"]].to_numpy()
    count = others[["tf-keras runs", "our runs"]].to_numpy()
    return min(
        float(fisher_exact([some, every - some]).pvalue)
        for some, every in zip(failed, count, strict=True)
    )


def _tests(runs: pd.DataFrame) -> list[tuple[str, str, float]]:
    """Return epochs, the two implementations, and p of their shares of runs above 22 %."""
    tests = []
    for epochs, frame in runs.groupby("epochs", sort=False):
        learned = (frame["test_accuracy"] > ABOVE).groupby(frame["implementation"], sort=False)
        above, count = learned.sum(), learned.size()
        for pair in combinations(above.index, 2):
            table = [[above[name], count[name] - above[name]] for name in pair]
            tests.append((str(epochs), " and ".join(pair), float(fisher_exact(table).pvalue)))
    return tests


def _gradients(steps: pd.DataFrame) -> str:
    head = [
        "norm of the exact gradient",
        "steps",
        "tf-keras from exact",
        "ours from exact",
        "ours from tf-keras",
    ]
    edges = [0, 1e-7, 1e-5, 1e-3, 1, np.inf]
    sizes = pd.cut(
        steps["gradient"],
        edges,
        labels=["below 1e-7", "to 1e-5", "to 1e-3", "to 1", "above"],
        right=False,
    )
    columns = ["gradient_error_keras", "gradient_error_ours", "gradient_difference"]
    relative = steps[columns].div(steps["gradient"].where(steps["gradient"] > 0), axis=0)
    rows = [
        [str(size), len(frame), *(f"{value:.1e}" for value in frame.median())]
        for size, frame in relative.groupby(sizes, observed=True)
    ]
    return markdown.table(head, rows)


def _distances(steps: pd.DataFrame) -> str:
    rows = []
    for column, name in DISTANCES.items():
        medians = steps.groupby("step")[column].median()
        rows.append([name, *(f"{medians[step]:.2g}" for step in SHOWN_STEPS)])
    return markdown.table(["after step", *map(str, SHOWN_STEPS)], rows)
