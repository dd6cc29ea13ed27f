"""The differences between two resolved studies in what their results depend on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from mlpstudy.config.problems import look_up

Document = Mapping[str, Any]  # study.json as it is read
Change = tuple[str, Any, Any]  # a field, its earlier value and its later one

# Keys of study.json by the path to them; the rest is labels, folders and devices.
SHARED = {
    "seed": ("seed",),
    "replicates": ("replicates",),
    "dataset": ("dataset", "name"),
    "checksum of the data": ("dataset", "digest"),
    "names of the classes": ("dataset", "classes"),
    "subset of the data": ("dataset", "subset"),
    "threshold of Superior": ("classes", "superior"),
    "threshold of Medium": ("classes", "medium"),
    "margin": ("margin",),
    "training code": ("code",),
}
PRESENT, ABSENT = "present", "absent"


class Difference(TypedDict):
    """One value that differs.

    `models` and `condition` say what it belongs to; both are empty for a value of the whole study.
    `field` is empty where a model or a condition is in one of the studies only: `was` and `now` are
    then PRESENT or ABSENT.
    """

    field: str
    models: list[str]
    condition: str
    was: Any
    now: Any


def differences(was: Document, now: Document) -> list[Difference]:
    """Return what differs between two studies, each the content of a study.json."""
    found = [_difference(change) for change in _changes(_shared(was), _shared(now))]
    for name, change in _present(was["models"], now["models"]):
        found.append(_difference(change, models=[name]))
    # Models with the same change are named together.
    together: dict[str, tuple[Change, list[str]]] = {}
    for name, before, after in _in_both(was["models"], now["models"]):
        for change in _changes(before["fields"], after["fields"]):
            together.setdefault(repr(change), (change, []))[1].append(name)
    for _, (change, models) in sorted(together.items()):
        found.append(_difference(change, models=models))
    for name, change in _present(was["conditions"], now["conditions"]):
        found.append(_difference(change, condition=name))
    for name, before, after in _in_both(was["conditions"], now["conditions"]):
        changes = _changes(before["overrides"], after["overrides"])
        changes += _changes({"models": before["models"]}, {"models": after["models"]})
        found += [_difference(change, condition=name) for change in changes]
    return found


def _difference(change: Change, models: list[str] | None = None, condition: str = "") -> Difference:
    field, was, now = change
    return Difference(field=field, models=models or [], condition=condition, was=was, now=now)


def _shared(study: Document) -> dict[str, Any]:
    """Return the values that all runs of a study share, None for those that it lacks."""
    found = {field: (path, *look_up(study, path)) for field, path in SHARED.items()}
    return {field: value if at == path else None for field, (path, at, value) in found.items()}


def _present(was: Document, now: Document) -> list[tuple[str, Change]]:
    """Return the names that one of two mappings has alone."""
    return [
        (name, ("", PRESENT, ABSENT) if name in was else ("", ABSENT, PRESENT))
        for name in dict.fromkeys([*was, *now])
        if (name in was) != (name in now)
    ]


def _in_both(was: Document, now: Document) -> list[tuple[str, Document, Document]]:
    """Return the names that two mappings share, each with what stands under it in either."""
    return [(name, was[name], now[name]) for name in now if name in was]


def _changes(was: Document, now: Document) -> list[Change]:
    """Return the keys that have other values in `now` than in `was`; None stands for none."""
    return [
        (key, was.get(key), now.get(key))
        for key in dict.fromkeys([*was, *now])
        if was.get(key) != now.get(key)
    ]
