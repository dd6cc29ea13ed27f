"""What one hyper-parameter does, all else equal: effects.csv.

Two cells, models under conditions, are set against each other where they differ in one field
alone. That tells apart what the report changed together: from its model 9 to 10 it added batch
normalisation and a batch size; model 9 with the batches of model 10 differs from it in the
normalisation alone.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any, NamedTuple

import pandas as pd

from mlpstudy.evidence.conditions import (
    Cell,
    baselines,
    changed,
    differences,
    distinct_cells,
    in_force,
    joined,
)
from mlpstudy.evidence.contrasts import CONTRAST_COLUMNS, Samples, contrasts, samples_of
from mlpstudy.evidence.statistics import holm, median_interval, share_test
from mlpstudy.evidence.study_file import Study

COLUMNS = [
    "condition", "model", "baseline", "baseline_model", "field", "baseline_value", "value",
    "baseline_replicates", "replicates", "baseline_failures", "failures",
    "baseline_median", "median", "failure_p", "failure_p_holm", *CONTRAST_COLUMNS,
]  # fmt: skip
WHOLE = dict.fromkeys(["family", "replicates_needed"], "Int64")


class Step(NamedTuple):
    """A cell, the baseline that it is set against, and the fields in which they differ."""

    baseline: Cell
    cell: Cell
    changes: dict[str, tuple[Any, Any]]


Question = tuple[str, str, str]  # condition of the baseline, the other condition, fields


def effects(study: Study, values: pd.DataFrame) -> pd.DataFrame:
    """Return a row for every two cells that differ in one field, the second against `baseline`.

    Besides, each condition is set against its model's own baseline, whatever it changes; `field`
    then names several. Differences are of the test accuracy, signed as in comparisons.csv;
    `failure_p` is Fisher's exact test of the failures. The rows with the same two conditions and
    the same field ask one question on several models: they are one family for Holm's correction.

    Args:
        study: the resolved study.
        values: a row per condition, model and replicate, with `test_accuracy`, of `replicates`.
    """
    samples = samples_of(values)
    questions: dict[Question, list[Step]] = {}
    for step in _steps(study, [cell for cell in distinct_cells(study) if cell in samples]):
        question = (step.baseline[0], step.cell[0], joined(step.changes))
        questions.setdefault(question, []).append(step)
    rows = [row for steps in questions.values() for row in _family(study, samples, steps)]
    return pd.DataFrame(rows, columns=COLUMNS).astype(WHOLE)


def _steps(study: Study, cells: list[Cell]) -> list[Step]:
    """Return the pairs to set against each other: from the lower model, and the plainer cell."""
    own = baselines(study)
    models, conditions = list(study.models), list(study.conditions)
    order = {
        cell: (models.index(cell[1]), changed(study, cell), conditions.index(cell[0]))
        for cell in cells
    }
    fields = {cell: in_force(study.fields(*cell)) for cell in cells}
    steps = []
    for first, second in combinations(sorted(cells, key=order.__getitem__), 2):
        found = differences(fields[first], fields[second])
        plain = first == (own[first[1]], second[1])  # the same model's own baseline
        if len(found) == 1 or (found and plain):
            steps.append(Step(first, second, found))
    # As a reader would look them up: by what the baseline is, then what is set against it.
    rank = {condition: at for at, condition in enumerate(conditions)}
    return sorted(steps, key=lambda s: (rank[s.baseline[0]], rank[s.cell[0]], order[s.baseline]))


def _family(study: Study, samples: Samples, steps: list[Step]) -> list[dict[str, Any]]:
    """Return the rows of one question."""
    pairs = [(samples[first], samples[second]) for first, second, _ in steps]
    found = contrasts(pairs, study.medium, study.margin)
    failed = [tuple(int((~(side >= study.medium)).sum()) for side in pair) for pair in pairs]
    tests = [
        share_test(first, len(pair[0]), second, len(pair[1])).p
        for (first, second), pair in zip(failed, pairs, strict=True)
    ]
    adjusted = holm(tests)
    return [
        _identity(step)
        | {
            "baseline_replicates": len(pairs[at][0]),
            "replicates": len(pairs[at][1]),
            "baseline_failures": failed[at][0],
            "failures": failed[at][1],
            "baseline_median": median_interval(pairs[at][0]).estimate,
            "median": median_interval(pairs[at][1]).estimate,
            "failure_p": tests[at],
            "failure_p_holm": adjusted[at],
        }
        | found[at]
        for at, step in enumerate(steps)
    ]


def _identity(step: Step) -> dict[str, Any]:
    return {
        "condition": step.cell[0],
        "model": step.cell[1],
        "baseline": step.baseline[0],
        "baseline_model": step.baseline[1],
        "field": joined(step.changes),
        "baseline_value": joined(before for before, _ in step.changes.values()),
        "value": joined(after for _, after in step.changes.values()),
    }
