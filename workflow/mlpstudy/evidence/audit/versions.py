"""The values of one quantity, sorted by what they can be versions of: one number, or several."""

from __future__ import annotations

from collections.abc import Sequence

from mlpstudy.evidence.audit.precision import OTHER, relation
from mlpstudy.evidence.audit.printed import Printed, Report


def by_quantity(report: Report) -> list[list[Printed]]:
    """Return the values of each model and quantity, in order of first appearance."""
    found: dict[tuple[str, str], list[Printed]] = {}
    for value in report.values:
        if value.model:
            found.setdefault((value.model, value.quantity), []).append(value)
    return list(found.values())


def runs_apart(values: Sequence[Printed]) -> list[list[Printed]]:
    """Put the values together that one number explains, rounded or cut; that one comes first.

    A model of which every place tells the same run has one group; a second one is of another run,
    or a mistake.
    """
    groups, left = [], list(values)
    while left:
        finest = min((value.approximate, value.resolution) for value in left)
        candidates = [v for v in left if (v.approximate, v.resolution) == finest]
        best = max(candidates, key=lambda value: len(_explained(value, left)))
        agreeing = _explained(best, left)
        groups.append([best, *(value for value in agreeing if value is not best)])
        left = [value for value in left if value not in agreeing]
    return groups


def _explained(best: Printed, values: Sequence[Printed]) -> list[Printed]:
    return [value for value in values if relation(best, value) != OTHER]
