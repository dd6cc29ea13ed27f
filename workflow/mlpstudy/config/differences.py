"""The differences between two resolved studies in what their results depend on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from mlpstudy.config.problems import look_up

Document = Mapping[str, Any]  # study.json as it is read
Place = tuple[str, str, str]  # the field, the model and the condition that a value belongs to

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
    before, after = _values(was, now), _values(now, was)
    found: dict[str, Difference] = {}
    for place in dict.fromkeys([*before, *after]):
        field, model, condition = place
        lacking = None if field else ABSENT
        one, other = before.get(place, lacking), after.get(place, lacking)
        if one != other:
            # Models with the same change are named together.
            key = repr((field, bool(model), condition, one, other))
            new = Difference(field=field, models=[], condition=condition, was=one, now=other)
            found.setdefault(key, new)["models"] += [model] * bool(model)
    return sorted(found.values(), key=_rank)


def _values(study: Document, other: Document) -> dict[Place, Any]:
    """Return what the results of `study` depend on.

    A model or a condition that `other` lacks has no fields here, but is PRESENT as a whole.
    """
    shared = {name: (path, *look_up(study, path)) for name, path in SHARED.items()}
    found = {(name, "", ""): value for name, (path, at, value) in shared.items() if at == path}
    for model, entry in study["models"].items():
        fields = entry["fields"] if model in other["models"] else {"": PRESENT}
        found |= {(field, model, ""): value for field, value in fields.items()}
    for condition, entry in study["conditions"].items():
        fields = {**entry["overrides"], "models": entry["models"]}
        if entry.get("replicates") or _of(other, condition).get("replicates"):
            fields["replicates"] = entry.get("replicates") or study["replicates"]
        fields = fields if condition in other["conditions"] else {"": PRESENT}
        found |= {(field, "", condition): value for field, value in fields.items()}
    return found


def _of(study: Document, condition: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = study["conditions"].get(condition, {})
    return found


def _rank(found: Difference) -> tuple[bool, ...]:
    """Order values of the study before those of models and of conditions, whole ones first."""
    return bool(found["condition"]), bool(found["models"]), bool(found["field"])
