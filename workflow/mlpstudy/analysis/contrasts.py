"""The contrasts of the study: two models under one condition, or one model under two conditions.

A contrast has an effect, intervals and a p value. It has no verdict: only claims have one. Each
pair of cells (a cell is a model under a condition) has one row in contrasts.csv, and every section
of the report that mentions the pair reads that row.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlpstudy.analysis.conditions import Cell, differences, distinct_cells, in_force, joined
from mlpstudy.analysis.reported import Reported, load_reported
from mlpstudy.analysis.runs import accuracies_by_cell, replicates
from mlpstudy.analysis.schemas import CONTRASTS, RUNS, TIMINGS
from mlpstudy.analysis.statistics.intervals import (
    difference_of_means,
    difference_of_medians,
    difference_of_shares,
    superiority,
)
from mlpstudy.analysis.statistics.shifts import shift_test
from mlpstudy.config.claims import Claims, compared_cells
from mlpstudy.config.loading import read_claims
from mlpstudy.config.study import Study, load_study
from mlpstudy.files import write_csv

LEVEL = 0.95  # of every interval of contrasts.csv

Pair = tuple[Cell, Cell]


def claims_of(study: Study, path: Path | None) -> Claims:
    """Return the claims in `path`, claims.json, checked against `study`; none without a path."""
    return read_claims(path, study.models, study.conditions).listed() if path else ()


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
    found = claims_of(plan, claims)
    values = replicates(RUNS.read(tables), TIMINGS.read(tables))
    write_csv(contrast_table(plan, values, found, load_reported(reported, plan)), output)


def contrast_table(
    study: Study, values: pd.DataFrame, claims: Claims, reported: Reported
) -> pd.DataFrame:
    """Return contrasts.csv, one row per contrast.

    The contrasts are every pair of models under one condition; every two cells that differ in one
    hyper-parameter; each model under the main conditions; and all that a claim compares.
    Effects describe `second` relative to `first`, with unadjusted intervals at LEVEL and an
    unadjusted p. `shift` and `p` are from the same test.

    Args:
        study: the resolved study.
        values: what `replicates` returned.
        claims: the claims to judge.
        reported: the values that the report prints.
    """
    samples = accuracies_by_cell(values)
    pairs = [pair for pair in wanted(study, claims) if set(pair) <= samples.keys()]
    return CONTRASTS.frame(
        contrast(study, samples, pair) | _printed(pair, reported) for pair in pairs
    )


def wanted(study: Study, claims: Claims) -> list[Pair]:
    """Return every pair of cells that contrasts.csv describes, in the order of the study."""
    cells = study.pairs
    distinct = set(distinct_cells(study))
    fields = {cell: in_force(study.fields(*cell)) for cell in cells}
    main = set(study.main_conditions)
    named = {frozenset(pair) for pair in compared_cells(claims)}

    def included(first: Cell, second: Cell) -> bool:
        if first[0] == second[0] or frozenset((first, second)) in named:
            return True
        if first[1] == second[1] and {first[0], second[0]} <= main:
            return True
        changed = differences(fields[first], fields[second])
        return len(changed) == 1 and {first, second} <= distinct

    return [pair for pair in combinations(cells, 2) if included(*pair)]


def contrast(study: Study, samples: Mapping[Cell, pd.Series[float]], pair: Pair) -> dict[str, Any]:
    """Return the columns of one contrast, except for what the report prints."""
    first, second, paired = _pair(samples, pair)
    failed = [~(side >= study.medium) for side in (first, second)]
    test = shift_test(first, second, paired=paired)
    effects = {
        "shift": test.interval(LEVEL),
        "median_difference": difference_of_medians(first, second, LEVEL, paired=paired),
        "mean_difference": difference_of_means(first, second, LEVEL, paired=paired),
        "failure_difference": difference_of_shares(failed[0], failed[1], LEVEL, paired=paired),
        "superiority": superiority(first, second, LEVEL, paired=paired),
    }
    found = _identity(study, pair) | {"paired": paired, "p": test.p}
    for side, sample, failures in zip(("first", "second"), (first, second), failed, strict=True):
        known = sample[~np.isnan(sample)]
        found[f"{side}_replicates"] = len(sample)
        found[f"{side}_failures"] = int(failures.sum())
        found[f"{side}_median"] = float(np.median(known)) if len(known) else np.nan
    for name, effect in effects.items():
        found[name] = effect.estimate
        found[f"{name}_low"] = effect.low
        found[f"{name}_high"] = effect.high
    return found


def _pair(
    samples: Mapping[Cell, pd.Series[float]], pair: Pair
) -> tuple[NDArray[np.float64], NDArray[np.float64], bool]:
    """Return both samples and whether they are paired.

    One model under two conditions has the same split, initial weights and data order in each
    replicate, so these are paired, and only the replicates of both are returned.
    """
    first, second = (samples[cell] for cell in pair)
    paired = pair[0][1] == pair[1][1]
    if paired:
        both = first.index.intersection(second.index)
        first, second = first.loc[both], second.loc[both]
    one, two = (np.asarray(side, dtype=np.float64) for side in (first, second))
    return one, two, paired


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
