"""The plan of the shipped configuration: which jobs there are, and in which order they go."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlpstudy.config.planning import Plan, read_plan
from mlpstudy.spec import Job, blocks

ROOT = Path(__file__).parents[2]


def plan_of(monkeypatch: pytest.MonkeyPatch, **overrides: object) -> Plan:
    monkeypatch.chdir(ROOT)
    return read_plan([Path("config/config.yaml")], overrides)


def test_every_model_condition_and_fold_has_its_job(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = plan_of(monkeypatch)
    assert len(plan.jobs) == 2 * (16 + 5) + 2 * 5
    assert len({job.folder for job in plan.jobs.values()}) == len(plan.jobs)
    assert {job.model for job in plan.jobs.values()} == {f"m{n:02}" for n in range(1, 18)}


def test_identities_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    for job in plan_of(monkeypatch).jobs.values():
        assert Job.from_identity(job.identity()) == job


def test_the_document_is_the_same_wherever_it_lies(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = plan_of(monkeypatch, results="elsewhere")
    folders = [job["folder"] for job in json.loads(plan.document())["jobs"]]
    assert folders == [f"runs/{job.folder}" for job in plan.jobs.values()]
    assert plan.document() == plan_of(monkeypatch).document()


def test_labels_are_no_part_of_an_identity(monkeypatch: pytest.MonkeyPatch) -> None:
    identities = " ".join(job.identity() for job in plan_of(monkeypatch).jobs.values())
    assert "Model 1" not in identities
    assert "elsewhere" not in identities


def test_a_label_is_shown_and_trains_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    before = plan_of(monkeypatch)
    after = plan_of(monkeypatch, conditions={"unit_pixels": {"label": "pixels / 255"}})
    assert {key: job.identity() for key, job in after.jobs.items()} == {
        key: job.identity() for key, job in before.jobs.items()
    }
    labels = [
        {key: each["label"] for key, each in json.loads(plan.document())["conditions"].items()}
        for plan in (before, after)
    ]
    assert labels[0] == {
        "as_reported": "report's settings (gaps assumed)", "corrected": "corrected",
        "unit_pixels": "unit pixels", "exact_kl": "exact KL",
    }  # fmt: skip
    assert labels[1] == {**labels[0], "unit_pixels": "pixels / 255"}


def test_the_largest_model_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = plan_of(monkeypatch)
    first = max(plan.jobs, key=plan.cost)
    assert first[1] == "m08"
    m17 = next(key for key in plan.jobs if key[1] == "m17")
    assert plan.cost(m17) == 15 * 3 * (784 * 128 + 128 * 64 + 64 * 10)


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
