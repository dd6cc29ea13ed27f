"""In what two resolved studies differ, on documents whose differences are known."""

from __future__ import annotations

import copy
from typing import Any

from mlpstudy.config.differences import differences

STUDY: dict[str, Any] = {
    "results": "docs/results", "device": "auto", "seed": 1, "replicates": 12, "margin": 0.01,
    "classes": {"superior": 0.8, "medium": 0.5}, "code": "a" * 64,
    "dataset": {"name": "mnist", "classes": ["a", "b"], "subset": None, "digest": "0" * 64},
    "models": {
        name: {
            "report_name": name, "assumed": {"optimizer": "Not said."},
            "fields": {"nodes": [8, 10], "optimizer": "adam", "epochs": 3},
        }
        for name in ("m01", "m02", "m03")
    },
    "conditions": {
        "plain": {"overrides": {}, "models": ["m01", "m02", "m03"]},
        "longer": {"overrides": {"epochs": 9}, "models": ["m01"]},
    },
    "comparisons": {}, "conclusions": {}, "jobs": [],
}  # fmt: skip


def changed() -> dict[str, Any]:
    return copy.deepcopy(STUDY)


def told(now: dict[str, Any]) -> list[tuple[str, list[str], str, Any, Any]]:
    return [
        (each["field"], each["models"], each["condition"], each["was"], each["now"])
        for each in differences(STUDY, now)
    ]


def test_a_study_does_not_differ_from_itself() -> None:
    assert differences(STUDY, changed()) == []


def test_labels_folders_and_devices_are_no_difference() -> None:
    now = changed()
    now.update(results="elsewhere", device="cpu", comparisons={"1": {}}, jobs=[{}])
    now["models"]["m01"].update(report_name="One", assumed={})
    assert differences(STUDY, now) == []


def test_what_all_runs_share() -> None:
    now = changed()
    now.update(seed=2, replicates=3, margin=0.02, code="b" * 64)
    now["classes"]["medium"] = 0.6
    now["dataset"].update(digest="1" * 64, subset={"train": 10, "test": 5})
    assert told(now) == [
        ("seed", [], "", 1, 2),
        ("replicates", [], "", 12, 3),
        ("checksum of the data", [], "", "0" * 64, "1" * 64),
        ("subset of the data", [], "", None, {"train": 10, "test": 5}),
        ("threshold of Medium", [], "", 0.5, 0.6),
        ("margin", [], "", 0.01, 0.02),
        ("training code", [], "", "a" * 64, "b" * 64),
    ]


def test_models_with_the_same_change_are_named_together() -> None:
    now = changed()
    for name, optimizer in {"m01": "rmsprop", "m02": "sgd", "m03": "rmsprop"}.items():
        now["models"][name]["fields"]["optimizer"] = optimizer
    now["models"]["m02"]["fields"]["nodes"] = [9, 10]
    assert sorted(told(now)) == [
        ("nodes", ["m02"], "", [8, 10], [9, 10]),
        ("optimizer", ["m01", "m03"], "", "adam", "rmsprop"),
        ("optimizer", ["m02"], "", "adam", "sgd"),
    ]


def test_models_and_conditions_of_one_study_only() -> None:
    now = changed()
    now["models"]["wide"] = now["models"].pop("m02")
    now["conditions"]["other"] = now["conditions"].pop("longer")
    now["conditions"]["plain"]["models"] = ["m01", "m03", "wide"]
    assert told(now) == [
        ("", ["m02"], "", "present", "absent"),
        ("", ["wide"], "", "absent", "present"),
        ("", [], "longer", "present", "absent"),
        ("", [], "other", "absent", "present"),
        ("models", [], "plain", ["m01", "m02", "m03"], ["m01", "m03", "wide"]),
    ]


def test_what_a_condition_overrides() -> None:
    now = changed()
    now["conditions"]["longer"] = {"overrides": {"batch_size": 8}, "models": ["m01"]}
    assert told(now) == [
        ("epochs", [], "longer", 9, None),
        ("batch_size", [], "longer", None, 8),
    ]


def test_a_field_that_the_older_study_did_not_know() -> None:
    now = changed()
    for entry in now["models"].values():
        entry["fields"]["momentum"] = 0.9
    assert told(now) == [("momentum", ["m01", "m02", "m03"], "", None, 0.9)]
