"""The plan: its jobs, their order, what they ask a scheduler for; in what two studies differ."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pytest
from configuring import plan_of

from mlpstudy.config import resources
from mlpstudy.config.differences import differences
from mlpstudy.spec import Job, Spec, blocks

WEIGHTS = 784 * 128 + 128 * 64 + 64 * 10


@pytest.mark.usefixtures("project_folder")
def test_every_model_condition_and_fold_has_its_job() -> None:
    jobs = plan_of().jobs.values()
    assert len(jobs) == 2 * (16 + 5) + 2 * 5
    assert len({job.folder for job in jobs}) == len(jobs)
    assert {job.model for job in jobs} == {f"m{n:02}" for n in range(1, 18)}
    for job in jobs:
        assert Job.from_identity(job.identity()) == job


@pytest.mark.usefixtures("project_folder")
def test_the_document_is_the_same_wherever_it_lies() -> None:
    plan = plan_of(results="elsewhere")
    folders = [job["folder"] for job in json.loads(plan.document())["jobs"]]
    assert folders == [f"runs/{job.folder}" for job in plan.jobs.values()]
    assert plan.document() == plan_of().document()


@pytest.mark.usefixtures("project_folder")
def test_labels_are_shown_and_train_nothing() -> None:
    before = plan_of()
    after = plan_of(conditions={"unit_pixels": {"label": "pixels / 255"}})
    identities = [[job.identity() for job in plan.jobs.values()] for plan in (before, after)]
    assert identities[0] == identities[1]
    assert "Model 1" not in " ".join(identities[0])
    labels = [
        {key: each["label"] for key, each in json.loads(plan.document())["conditions"].items()}
        for plan in (before, after)
    ]
    assert labels[0] == {
        "as_reported": "report's settings", "corrected": "corrected",
        "unit_pixels": "unit pixels", "exact_kl": "exact KL",
    }  # fmt: skip
    assert labels[1] == {**labels[0], "unit_pixels": "pixels / 255"}


@pytest.mark.usefixtures("project_folder")
def test_the_largest_model_goes_first() -> None:
    plan = plan_of()
    assert max(plan.jobs, key=plan.cost)[1] == "m08"
    m17 = next(key for key in plan.jobs if key[1] == "m17")
    assert plan.cost(m17) == 15 * 3 * WEIGHTS


@pytest.mark.parametrize(
    ("replicates", "per_job", "expected"),
    [
        (3, 3, [(1, 3)]),
        (6, 3, [(1, 3), (4, 6)]),
        (4, 3, [(1, 3), (4, 4)]),
        (1, 5, [(1, 1)]),
    ],
)
def test_blocks_lie_on_a_fixed_grid(
    replicates: int, per_job: int, expected: list[tuple[int, int]]
) -> None:
    assert blocks(replicates, per_job) == tuple(expected)


def job(last: int = 3, subset: tuple[int, int] | None = None, **fields: object) -> Job:
    spec = dataclasses.replace(Spec(nodes=(128, 64, 10)), **fields)
    return Job(
        condition="as_reported", model="m01", fold="all", first=1, last=last, seed=1, data="",
        subset=subset, code="", spec=spec,
    )  # fmt: skip


def test_requests_by_hand() -> None:
    # 15 epochs of 3 x 109,184 multiplications for each of 60,000 images: 295 s at 1e9 a second.
    assert resources.multiplications(job()) == 15 * 3 * WEIGHTS
    assert resources.minutes(job()) == 10 + 5
    assert resources.minutes(job(subset=(1000, 100))) == 10 + 1
    # 3 x 109,184 weights of 60 bytes: 19.7 MB.
    assert resources.megabytes(job()) == 1000 + 20
    assert resources.megabytes(job(), gpu=True) == 1000 + 20 + 4000
    assert resources.is_short(job())
    assert not resources.is_short(job(epochs=150))
    assert resources.is_short(job(epochs=150, subset=(1000, 100)))


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


Edit = Callable[[dict[str, Any]], object]


def _share(now: dict[str, Any]) -> None:
    now.update(seed=2, replicates=3, margin=0.02, code="b" * 64)
    now["classes"]["medium"] = 0.6
    now["dataset"].update(digest="1" * 64, subset={"train": 10, "test": 5})


def _other_labels_folders_and_devices(now: dict[str, Any]) -> None:
    now.update(results="elsewhere", device="cpu", comparisons={"1": {}}, jobs=[{}])
    now["models"]["m01"].update(report_name="One", assumed={})


def _fields(now: dict[str, Any]) -> None:
    for name, optimizer in {"m01": "rmsprop", "m02": "sgd", "m03": "rmsprop"}.items():
        now["models"][name]["fields"] |= {"optimizer": optimizer, "momentum": 0.9}
    now["models"]["m02"]["fields"]["nodes"] = [9, 10]


def _models_and_conditions(now: dict[str, Any]) -> None:
    now["models"]["wide"] = now["models"].pop("m02")
    now["conditions"]["other"] = now["conditions"].pop("longer")
    now["conditions"]["plain"]["models"] = ["m01", "m03", "wide"]


def _overrides(now: dict[str, Any]) -> None:
    now["conditions"]["longer"]["overrides"] = {"batch_size": 8}


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (_other_labels_folders_and_devices, []),
        (_share, [
            ("seed", [], "", 1, 2),
            ("replicates", [], "", 12, 3),
            ("checksum of the data", [], "", "0" * 64, "1" * 64),
            ("subset of the data", [], "", None, {"train": 10, "test": 5}),
            ("threshold of Medium", [], "", 0.5, 0.6),
            ("margin", [], "", 0.01, 0.02),
            ("training code", [], "", "a" * 64, "b" * 64),
        ]),
        # Models with the same change are named together; the older study had no momentum.
        (_fields, [
            ("momentum", ["m01", "m02", "m03"], "", None, 0.9),
            ("nodes", ["m02"], "", [8, 10], [9, 10]),
            ("optimizer", ["m01", "m03"], "", "adam", "rmsprop"),
            ("optimizer", ["m02"], "", "adam", "sgd"),
        ]),
        (_models_and_conditions, [
            ("", ["m02"], "", "present", "absent"),
            ("", ["wide"], "", "absent", "present"),
            ("", [], "longer", "present", "absent"),
            ("", [], "other", "absent", "present"),
            ("models", [], "plain", ["m01", "m02", "m03"], ["m01", "m03", "wide"]),
        ]),
        (_overrides, [("epochs", [], "longer", 9, None), ("batch_size", [], "longer", None, 8)]),
    ],
)  # fmt: skip
def test_in_what_two_studies_differ(edit: Edit, expected: list[tuple[Any, ...]]) -> None:
    now = copy.deepcopy(STUDY)
    edit(now)
    names = ("field", "models", "condition", "was", "now")
    found = [tuple(each[name] for name in names) for each in differences(STUDY, now)]
    assert (sorted(found) if edit is _fields else found) == expected
