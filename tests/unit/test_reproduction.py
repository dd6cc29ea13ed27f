"""How many printed values are reproduced, against all assignments of a small study."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest
from study_fixture import REPORTED, make_study

from mlpstudy.analysis.reported import load_reported
from mlpstudy.analysis.reproduction import reproduction
from mlpstudy.analysis.runs import collect, replicates
from mlpstudy.config.study import load_study

# The report prints 87.55, 63.66, 86.66 and 28.00 % for these models.
MODELS = ["m07", "m09", "m10", "m15"]
PRINTED = [0.8755, 0.6366, 0.8666, 0.28]
# The middle of three replicates, which are 2 points apart.
MIDDLES = {
    "as_reported": dict(zip(MODELS, [0.87, 0.70, 0.87, 0.85], strict=True)),
    "other": {"m09": 0.64},
}


def test_counts_and_p_are_those_of_all_assignments(tmp_path: Path) -> None:
    def outcome(condition: str, model: str, fold: str, replicate: int) -> tuple[float, float]:
        return MIDDLES[condition][model] + (replicate - 2) / 50, 0.5

    conditions = {"as_reported": {}, "other": {"batch_size": 64}}
    covered = {"other": ["m09"]}
    models: dict[str, dict[str, object]] = {model: {} for model in MODELS}
    paths = make_study(tmp_path, models, outcome, conditions, covered=covered)
    study = load_study(paths.study)
    values = replicates(collect(study, "metrics"), collect(study, "timings"))
    table = reproduction(study, values, load_reported(REPORTED, study)).set_index("quantity")
    row = table[table["condition"] == "as_reported"].loc["test_accuracy"]

    def matches(assignment: tuple[float, ...], *conditions: str) -> int:
        return sum(
            any(abs(value - MIDDLES[c].get(model, 9)) <= 0.02 for c in conditions)
            for value, model in zip(assignment, MODELS, strict=True)
        )

    assert (row["models"], row["inside"], row["inside_any"]) == (4, 2, 3)
    assert row["expected"] == pytest.approx(4 * 2 / 4)
    for names, suffix, inside in ((("as_reported",), "", 2), (("as_reported", "other"), "_any", 3)):
        counts = [matches(assignment, *names) for assignment in permutations(PRINTED)]
        assert row[f"by_chance{suffix}"] == pytest.approx(sum(counts) / 24, abs=0.02)
        share = sum(count >= inside for count in counts) / 24
        assert row[f"p{suffix}"] == pytest.approx(share, abs=0.01)
