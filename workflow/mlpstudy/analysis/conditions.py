"""Which fields are in force for a model under a condition, and in which of them two cells differ.

A cell is a model under a condition. Conditions are distinguished by what they set, never by their
names, so that a user's own conditions work like those that ship.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mlpstudy.config.study import Study
from mlpstudy.spec import in_effect

Cell = tuple[str, str]  # condition, model
Fields = Mapping[str, Any]


def in_force(fields: Fields) -> dict[str, Any]:
    """Return the fields without those that make no difference to this model."""
    return {name: fields[name] for name in in_effect(fields)}


def changes(before: Fields, after: Fields) -> dict[str, tuple[Any, Any]]:
    """Return field → (value before, value after) where two models differ in what is in force.

    A field that matters on one side only, such as the slope when leaky ReLU is replaced, follows
    from another change and is not counted.
    """
    return differences(in_force(before), in_force(after))


def differences(first: Fields, second: Fields) -> dict[str, tuple[Any, Any]]:
    """Return `changes` of what `in_force` returned."""
    return {
        name: (first[name], second[name])
        for name in first
        if name in second and first[name] != second[name]
    }


def text_of(value: Any) -> str:
    """Return a field's value as the tables write it: 128+64+10, 0.3, true."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return "+".join(str(part) for part in value)
    return str(value)


def joined(values: Iterable[Any]) -> str:
    """Return several fields, or their values, as one text: `epochs; batch_size`."""
    return "; ".join(text_of(value) for value in values)


def changed(study: Study, cell: Cell) -> int:
    """Count the fields in which a cell differs from its model's own entry."""
    condition, model = cell
    return len(changes(study.models[model].fields, study.fields(condition, model)))


def baselines(study: Study) -> dict[str, str]:
    """Return for each model the condition that changes the fewest of its fields; first of equals.

    In the shipped study that is `as_reported`, which changes nothing.
    """
    cells: dict[str, list[Cell]] = {}
    for cell in study.pairs:
        cells.setdefault(cell[1], []).append(cell)
    return {
        model: min(own, key=lambda cell: changed(study, cell))[0] for model, own in cells.items()
    }


def distinct_cells(study: Study) -> list[Cell]:
    """Return the cells, except those that repeat an earlier condition of the same model.

    Random streams do not depend on the condition, so such cells hold the same runs twice.
    """
    seen: dict[str, list[dict[str, Any]]] = {}
    cells = []
    for condition, model in study.pairs:
        fields = in_force(study.fields(condition, model))
        if fields not in seen.setdefault(model, []):
            seen[model].append(fields)
            cells.append((condition, model))
    return cells
