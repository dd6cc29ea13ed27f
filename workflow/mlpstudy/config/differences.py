"""In what two resolved studies differ, of all that their results depend on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any, TypedDict

Document = Mapping[str, Any]  # study.json as it is read

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
    return [*_shared(was, now), *_of_models(was, now), *_of_conditions(was, now)]


def _shared(was: Document, now: Document) -> Iterator[Difference]:
    for field, path in SHARED.items():
        one, other = _at(was, path), _at(now, path)
        if one != other:
            yield Difference(field=field, models=[], condition="", was=one, now=other)


def _at(document: Document, path: tuple[str, ...]) -> Any:
    value: Any = document
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _of_models(was: Document, now: Document) -> Iterator[Difference]:
    """Yield models of one study only, then each field's change with the models that share it."""
    yield from _present("models", was, now)
    found = []
    for name, entry in now["models"].items():
        before = was["models"].get(name)
        if before is not None:
            found += [(change, name) for change in _changes(before["fields"], entry["fields"])]
    ordered = sorted(found, key=lambda item: repr(item[0]))  # sorting keeps the order of models
    for (field, one, other), items in groupby(ordered, key=lambda item: item[0]):
        models = [name for _, name in items]
        yield Difference(field=field, models=models, condition="", was=one, now=other)


def _of_conditions(was: Document, now: Document) -> Iterator[Difference]:
    yield from _present("conditions", was, now)
    for name, entry in now["conditions"].items():
        before = was["conditions"].get(name)
        if before is None:
            continue
        changes = [
            *_changes(before["overrides"], entry["overrides"]),
            *_changes({"models": before["models"]}, {"models": entry["models"]}),
        ]
        for field, one, other in changes:
            yield Difference(field=field, models=[], condition=name, was=one, now=other)


def _present(kind: str, was: Document, now: Document) -> Iterator[Difference]:
    """Yield a difference for each model or condition that one of the studies has alone."""
    for name in dict.fromkeys([*was[kind], *now[kind]]):
        before, after = (PRESENT if name in study[kind] else ABSENT for study in (was, now))
        if before != after:
            models, condition = ([name], "") if kind == "models" else ([], name)
            yield Difference(field="", models=models, condition=condition, was=before, now=after)


def _changes(was: Mapping[str, Any], now: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    return [
        (key, was.get(key), now.get(key))
        for key in dict.fromkeys([*was, *now])
        if was.get(key) != now.get(key)
    ]
