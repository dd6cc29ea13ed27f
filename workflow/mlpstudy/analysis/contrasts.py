"""The contrasts of the study: two models under one condition, or one model under two conditions.

A contrast has an effect, intervals and a p value. It has no verdict: only claims have one. Each
pair of cells (a cell is a model under a condition) has one row in contrasts.csv, and every section
of the report that mentions the pair reads that row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlpstudy.analysis.collecting import COLUMNS as READ
from mlpstudy.analysis.collecting import read_table
from mlpstudy.analysis.conditions import Cell, differences, distinct_cells, in_force, joined
from mlpstudy.analysis.reported_values import Reported, load_reported
from mlpstudy.analysis.statistics.intervals import (
    Interval,
    difference_of_means,
    difference_of_medians,
    difference_of_shares,
    superiority,
)
from mlpstudy.analysis.statistics.shifts import shift_test
from mlpstudy.analysis.summaries import replicates
from mlpstudy.config.claims import Claims
from mlpstudy.config.loading import read_claims
from mlpstudy.config.study import Study, load_study
from mlpstudy.files import write_csv

COLUMNS = [
    "contrast", "first_condition", "first_model", "second_condition", "second_model",
    "fields", "first_values", "second_values", "paired",
    "first_replicates", "second_replicates", "first_failures", "second_failures",
    "first_median", "second_median",
    *(f"{effect}{end}"
      for effect in ("shift", "median_difference", "mean_difference", "failure_difference",
                     "superiority")
      for end in ("", "_low", "_high")),
    "p", "reported_first", "reported_second", "reported_difference",
]  # fmt: skip

LEVEL = 0.95  # of every interval of contrasts.csv

Pair = tuple[Cell, Cell]
Sample = NDArray[np.float64]


@dataclass(frozen=True)
class Samples:
    """The replicates' test accuracies, fractions, of every cell, indexed by replicate."""

    by_cell: Mapping[Cell, pd.Series[float]]

    @classmethod
    def of(cls, values: pd.DataFrame) -> Samples:
        """Return the samples of a frame with condition, model, replicate and test_accuracy."""
        groups = values.groupby(["condition", "model"], sort=False)
        return cls(
            {
                (str(condition), str(model)): frame.set_index("replicate")["test_accuracy"]
                for (condition, model), frame in groups
            }
        )

    def pair(self, first: Cell, second: Cell) -> tuple[Sample, Sample, bool]:
        """Return both samples and whether they are paired.

        One model under two conditions has the same split, initial weights and data order in each
        replicate, so these are paired, and only the replicates of both are returned.
        """
        a, b = self.by_cell[first], self.by_cell[second]
        paired = first[1] == second[1]
        if paired:
            both = a.index.intersection(b.index)
            a, b = a.loc[both], b.loc[both]
        return np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64), paired


def write_contrasts(
    study: Path, claims: Path | None, reported: Path, tables: Path, output: Path
) -> None:
    """Write contrasts.csv.

    Args:
        study: the resolved study, study.json.
        claims: claims.json; None for no claims.
        reported: the report's own values, values.csv.
        tables: folder of runs.csv and timings.csv.
        output: the CSV.

    Raises:
        StudyError: a file is missing or is not what it should be.
    """
    plan = load_study(study)
    found = read_claims(claims, plan.models, plan.conditions).listed() if claims else ()
    values = replicates(
        read_table(tables / "runs.csv", READ["metrics"]),
        read_table(tables / "timings.csv", READ["timings"]),
    )
    write_csv(contrast_table(plan, values, found, load_reported(reported)), output)


def contrast_table(
    study: Study, values: pd.DataFrame, claims: Claims, reported: Reported
) -> pd.DataFrame:
    """Return COLUMNS, one row per contrast.

    The contrasts are every pair of models under one condition; every two cells that differ in one
    hyper-parameter; each model under the main conditions; and all that a claim compares.
    Effects describe `second` relative to `first`, with unadjusted intervals at LEVEL and an
    unadjusted p. `shift` and `p` are from the same test.

    Args:
        study: the resolved study.
        values: one row per condition, model and replicate, with `test_accuracy`.
        claims: the claims to judge.
        reported: the values that the report prints.
    """
    samples = Samples.of(values)
    pairs = [pair for pair in wanted(study, claims) if set(pair) <= samples.by_cell.keys()]
    rows = [contrast(study, samples, pair) | _printed(pair, reported) for pair in pairs]
    whole = [
        f"{side}_{name}" for side in ("first", "second") for name in ("replicates", "failures")
    ]
    return pd.DataFrame(rows, columns=COLUMNS).astype(dict.fromkeys(whole, "Int64"))


def wanted(study: Study, claims: Claims) -> list[Pair]:
    """Return every pair of cells that contrasts.csv describes, in the order of the study."""
    cells = study.pairs
    distinct = set(distinct_cells(study))
    fields = {cell: in_force(study.fields(*cell)) for cell in cells}
    main = set(study.main_conditions)
    named = {frozenset(pair) for pair in _claimed(claims)}

    def included(first: Cell, second: Cell) -> bool:
        if first[0] == second[0] or frozenset((first, second)) in named:
            return True
        if first[1] == second[1] and {first[0], second[0]} <= main:
            return True
        changed = differences(fields[first], fields[second])
        return len(changed) == 1 and {first, second} <= distinct

    return [pair for pair in combinations(cells, 2) if included(*pair)]


def _claimed(claims: Claims) -> Iterable[Pair]:
    """Yield the pairs of cells that claims set against each other."""
    for claim in claims:
        if len(claim.sides) != 2 or not claim.against:
            continue
        for condition in claim.conditions:
            models, others = claim.sides
            same = models == others
            for model in models:
                for other in [model] if same else others:
                    yield (condition, model), (claim.against, other)


def contrast(study: Study, samples: Samples, pair: Pair) -> dict[str, Any]:
    """Return the columns of one contrast, but for what the report prints."""
    first, second, paired = samples.pair(*pair)
    failed = [~(side >= study.medium) for side in (first, second)]
    test = shift_test(first, second, paired=paired)
    effects = {
        "shift": test.interval(LEVEL),
        "median_difference": difference_of_medians(first, second, LEVEL, paired=paired),
        "mean_difference": difference_of_means(first, second, LEVEL, paired=paired),
        "failure_difference": difference_of_shares(failed[0], failed[1], LEVEL, paired=paired),
        "superiority": superiority(first, second, LEVEL, paired=paired),
    }
    sizes = {
        f"{side}_{name}": value
        for side, sample, failures in zip(("first", "second"), (first, second), failed, strict=True)
        for name, value in (
            ("replicates", len(sample)),
            ("failures", int(failures.sum())),
            ("median", float(np.nanmedian(sample)) if not np.isnan(sample).all() else np.nan),
        )
    }
    return _identity(study, pair) | {"paired": paired} | sizes | _three(effects) | {"p": test.p}


def contrast_id(first: Cell, second: Cell) -> str:
    """Return the id of the contrast of two cells, which page elements carry as well."""
    return f"{'.'.join(first)}-{'.'.join(second)}"


def _identity(study: Study, pair: Pair) -> dict[str, Any]:
    first, second = pair
    one, two = (in_force(study.fields(*cell)) for cell in pair)
    changed = differences(one, two)
    return {
        "contrast": contrast_id(first, second),
        "first_condition": first[0],
        "first_model": first[1],
        "second_condition": second[0],
        "second_model": second[1],
        "fields": joined(changed),
        "first_values": joined(before for before, _ in changed.values()),
        "second_values": joined(after for _, after in changed.values()),
    }


def _three(effects: Mapping[str, Interval]) -> dict[str, float]:
    return {
        f"{name}{end}": value
        for name, effect in effects.items()
        for end, value in (("", effect.estimate), ("_low", effect.low), ("_high", effect.high))
    }


def _printed(pair: Pair, reported: Reported) -> dict[str, float]:
    """Return the accuracies that the report prints of two models, and their difference."""
    if pair[0][1] == pair[1][1]:
        return {}
    first, second = (reported.number("final", model, "test_accuracy") for _, model in pair)
    return {
        "reported_first": first,
        "reported_second": second,
        "reported_difference": second - first,
    }
