"""What one hyper-parameter does, all else equal: effects.csv.

Two cells, models under conditions, are set against each other where they differ in one field
alone. That tells apart what the report changed together: from its model 9 to 10 it added batch
normalisation and a batch size; model 9 with the batches of model 10 differs from it in the
normalisation alone.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlpstudy.evidence.conditions import (
    Cell,
    baselines,
    changed,
    changes,
    distinct_cells,
    joined,
)
from mlpstudy.evidence.contrasts import CONTRAST_COLUMNS, MARGIN, contrasts
from mlpstudy.evidence.statistics import holm, share_test
from mlpstudy.evidence.study_file import Study

COLUMNS = [
    "condition", "model", "baseline", "baseline_model", "field", "baseline_value", "value",
    "baseline_replicates", "replicates", "baseline_failures", "failures",
    "baseline_median", "median", "failure_p", "failure_p_holm", *CONTRAST_COLUMNS,
]  # fmt: skip
WHOLE = dict.fromkeys(["family", "replicates_needed"], "Int64")

Samples = dict[Cell, NDArray[np.float64]]
Step = tuple[Cell, Cell]  # baseline, and what is set against it
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
    samples: Samples = {
        (str(condition), str(model)): frame["test_accuracy"].to_numpy(dtype=np.float64)
        for (condition, model), frame in values.groupby(["condition", "model"], sort=False)
    }
    questions: dict[Question, list[Step]] = {}
    for step in _steps(study, [cell for cell in distinct_cells(study) if cell in samples]):
        (baseline, _), (condition, _) = step
        questions.setdefault((baseline, condition, joined(_changes(study, step))), []).append(step)
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
    steps = []
    for step in combinations(sorted(cells, key=order.__getitem__), 2):
        (condition, first), (_, second) = step
        fields = len(_changes(study, step))
        if fields == 1 or (fields and first == second and condition == own[first]):
            steps.append(step)
    # As a reader would look them up: by what the baseline is, then what is set against it.
    return sorted(
        steps, key=lambda s: (conditions.index(s[0][0]), conditions.index(s[1][0]), order[s[0]])
    )


def _changes(study: Study, step: Step) -> dict[str, tuple[Any, Any]]:
    first, second = step
    return changes(study.fields(*first), study.fields(*second))


def _family(study: Study, samples: Samples, steps: list[Step]) -> list[dict[str, Any]]:
    """Return the rows of one question."""
    pairs = [(samples[first], samples[second]) for first, second in steps]
    found = contrasts(pairs, study.medium, float(study.raw.get("margin", MARGIN)))
    failed = [tuple(int((~(side >= study.medium)).sum()) for side in pair) for pair in pairs]
    tests = [
        share_test(first, len(pair[0]), second, len(pair[1])).p
        for (first, second), pair in zip(failed, pairs, strict=True)
    ]
    adjusted = holm(tests)
    return [
        _identity(study, step)
        | {
            "baseline_replicates": len(pairs[at][0]),
            "replicates": len(pairs[at][1]),
            "baseline_failures": failed[at][0],
            "failures": failed[at][1],
            "baseline_median": float(np.median(pairs[at][0])),
            "median": float(np.median(pairs[at][1])),
            "failure_p": tests[at],
            "failure_p_holm": adjusted[at],
        }
        | found[at]
        for at, step in enumerate(steps)
    ]


def _identity(study: Study, step: Step) -> dict[str, Any]:
    (baseline, first), (condition, second) = step
    found = _changes(study, step)
    return {
        "condition": condition,
        "model": second,
        "baseline": baseline,
        "baseline_model": first,
        "field": joined(found),
        "baseline_value": joined(before for before, _ in found.values()),
        "value": joined(after for _, after in found.values()),
    }
