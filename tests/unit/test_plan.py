"""The plan: which jobs there are, in which order they go, and what they ask a scheduler for."""

from __future__ import annotations

import dataclasses
import json

import pytest
from configuring import CONFIG
from hypothesis import given
from hypothesis import strategies as st

from mlpstudy.config import resources
from mlpstudy.config.planning import Plan, read_plan
from mlpstudy.spec import Job, Spec, blocks

WEIGHTS = 784 * 128 + 128 * 64 + 64 * 10


def plan_of(**overrides: object) -> Plan:
    return read_plan([CONFIG], overrides)


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
        "as_reported": "report's settings (gaps assumed)", "corrected": "corrected",
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


@given(
    widths=st.lists(st.integers(1, 2048), min_size=1, max_size=6),
    epochs=st.integers(1, 500),
    replicates=st.integers(1, 64),
    images=st.none() | st.integers(1, 60_000),
)
def test_more_work_asks_for_no_less(
    widths: list[int], epochs: int, replicates: int, images: int | None
) -> None:
    subset = None if images is None else (images, 1)
    small = job(replicates, subset, nodes=(*widths, 10), epochs=epochs)
    for larger in (
        job(replicates + 1, subset, nodes=(*widths, 10), epochs=epochs),
        job(replicates, subset, nodes=(*widths, 10), epochs=epochs + 1),
        job(replicates, subset, nodes=(*widths, 16, 10), epochs=epochs),
        job(replicates, None, nodes=(*widths, 10), epochs=epochs),
    ):
        assert resources.minutes(larger) >= resources.minutes(small) > 0
        assert resources.megabytes(larger) >= resources.megabytes(small) > 0
