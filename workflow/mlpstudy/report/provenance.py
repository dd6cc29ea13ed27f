"""Where a report comes from: code, environment, machine, data, and the command that made it.

Dates and machines stand here and in timings.csv, and nowhere else in the results. A report carries
the provenance of the moment at which it was rendered.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TypedDict

import pandas as pd

from mlpstudy.analysis.schemas import TIMINGS
from mlpstudy.config.differences import Difference
from mlpstudy.config.study import Study, load_study
from mlpstudy.errors import StudyError
from mlpstudy.files import write_text
from mlpstudy.fingerprint import training_fingerprint
from mlpstudy.identity import expect_planned
from mlpstudy.report.machine import Lock, Machine, read_lock, read_machine, read_versions
from mlpstudy.report.repository import Commit, read_commit

ROOT = Path(__file__).parents[3]


class Training(TypedDict):
    """What trained some of the runs; `seconds` is the sum of their training times."""

    device: str
    threads: int
    runs: int
    seconds: float


class Code(TypedDict):
    """Fingerprints of the training code: today's, and those that the runs were made with."""

    today: str
    runs: list[str]
    same: bool


class Data(TypedDict):
    """The dataset, the SHA-256 that stands for its files, and the first images taken, or None."""

    name: str
    sha256: str
    subset: dict[str, int] | None


class Rendering(TypedDict):
    """When a report was rendered, and by which commit; `date` is UTC, in the form of ISO 8601."""

    date: str
    repository: Commit


class Archive(Rendering):
    """The rendering of an archived study.

    `differences` says in what its configuration differs from that of the repository at that time.
    """

    differences: list[Difference]


class Recorded(Rendering):
    """What is recorded of every report, when it is first rendered."""

    command: str
    lock: Lock
    versions: dict[str, str | None]
    machine: Machine
    training: list[Training]
    code: Code
    data: Data


class Provenance(Recorded, total=False):
    """The content of provenance.json.

    `archive` is there if an archived study was rendered again; the rest is as it was recorded.
    """

    archive: Archive


def write_provenance(study: Path, timings: Path, lock: Path, command: str, output: Path) -> None:
    """Write provenance.json to `output`.

    Args:
        study: the resolved study, study.json; the spec.json of its jobs are read too.
        timings: timings.csv of the study.
        lock: the file of pinned versions.
        command: the command line that makes the report.
        output: file to write.

    Raises:
        StudyError: an input is missing or is not what it should be, or a run is not the study's.
    """
    plan = load_study(study)
    expect_planned((plan.planned(job), job.folder) for job in plan.jobs)
    provenance = Provenance(
        date=_date(),
        command=command,
        repository=read_commit(ROOT),
        lock=read_lock(lock),
        versions=read_versions(),
        machine=read_machine(),
        training=_training(TIMINGS.read_file(timings)),
        code=_code(plan),
        data=_data(plan),
    )
    write_text(output, json.dumps(provenance, indent=1, ensure_ascii=False) + "\n")


def write_archived(path: Path, differences: list[Difference], output: Path) -> None:
    """Write the provenance in `path` to `output`, with the present rendering as its `archive`.

    Args:
        path: provenance.json of an archived study.
        differences: in what the study's configuration differs from the present one.
        output: file to write.

    Raises:
        StudyError: `path` is missing or is not what it should be.
    """
    provenance = load_provenance(path)
    provenance["archive"] = Archive(
        date=_date(), repository=read_commit(ROOT), differences=differences
    )
    write_text(output, json.dumps(provenance, indent=1, ensure_ascii=False) + "\n")


def rendering(provenance: Provenance) -> Rendering:
    """Return when the report was rendered, and by which commit."""
    return provenance.get("archive", provenance)


def load_provenance(path: Path) -> Provenance:
    """Read provenance.json.

    Raises:
        StudyError: the file is missing, is not JSON, or lacks a part.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        lacking = Provenance.__required_keys__ - set(raw)
    except FileNotFoundError as error:
        raise StudyError(f"{path}: missing; the step `provenance` writes it") from error
    except (OSError, ValueError, TypeError) as error:
        raise StudyError(f"{path}: expected a provenance as JSON: {error}") from error
    if lacking:
        raise StudyError(f"{path}: expected a key {', '.join(sorted(lacking))}")
    found: Provenance = raw
    return found


def _date() -> str:
    return _now().isoformat().replace("+00:00", "Z")


def _now() -> datetime:
    """Return the time in whole seconds, or SOURCE_DATE_EPOCH, as builds that repeat agree on.

    Raises:
        StudyError: that variable is not a number of seconds.
    """
    fixed = os.environ.get("SOURCE_DATE_EPOCH")
    if not fixed:
        return datetime.now(UTC).replace(microsecond=0)
    try:
        return datetime.fromtimestamp(int(fixed), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise StudyError(f"SOURCE_DATE_EPOCH: expected seconds, not {fixed!r}") from error


def _training(timings: pd.DataFrame) -> list[Training]:
    """Return the runs and their time by device and number of threads, the most runs first."""
    groups = timings.groupby(["device", "threads"])["seconds"].agg(["size", "sum"])
    groups = groups.sort_values("size", ascending=False, kind="stable").reset_index()
    return [
        Training(
            device=str(row["device"]),
            threads=int(row["threads"]),
            runs=int(row["size"]),
            seconds=round(float(row["sum"]), 1),
        )
        for row in groups.to_dict("records")
    ]


def _code(study: Study) -> Code:
    """Return today's fingerprint of the training code and the one that the runs were made with."""
    today, runs = training_fingerprint(), [study.code]
    return Code(today=today, runs=runs, same=runs == [today])


def _data(study: Study) -> Data:
    dataset = study.dataset
    subset = dataset.subset.model_dump() if dataset.subset else None
    return Data(name=dataset.name, sha256=dataset.digest, subset=subset)
