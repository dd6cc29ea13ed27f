"""Where a report comes from: code, environment, machine, data, and the command that made it.

Dates and machines stand here and in timings.csv, and nowhere else in the results. All forms of a
report carry the provenance of its tables. The keys of provenance.json:

- `date`, UTC in the form of ISO 8601, and the `command` that made the tables
- `repository`, `lock`, `versions`, `machine`: see `mlpstudy.report.environment`
- `training`: a list of `device`, `processor`, `pytorch`, `threads`, and the number and `seconds` of
  the `runs` trained so
- `code`: training code: `today`, those of the `runs`, and if all are the `same`
- `data`: `name`, `sha256`, and the numbers of the first images taken as `subset`, or null
- `archive`: only in an archived study that was computed again: the `date` and `repository` of that
  moment, and the `differences` of its configuration from that of the repository
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from mlpstudy.analysis.schemas import TIMINGS
from mlpstudy.config.differences import Difference
from mlpstudy.config.study import load_study
from mlpstudy.errors import StudyError
from mlpstudy.files import write_text
from mlpstudy.fingerprint import training_fingerprint
from mlpstudy.formats import date
from mlpstudy.identity import expect_planned
from mlpstudy.report.environment import read_commit, read_lock, read_machine, read_versions

ROOT = Path(__file__).parents[3]
Provenance = dict[str, Any]
KEYS = {
    *("code", "command", "data", "date", "lock", "machine", "repository", "training", "versions"),
}

# Digits of a commit that a line has room for.
SHORT = 10


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
    today, dataset = training_fingerprint(), plan.dataset
    provenance = {
        **_now(),
        "command": command,
        "lock": read_lock(lock),
        "versions": read_versions(),
        "machine": read_machine(),
        "training": _training(TIMINGS.read_file(timings)),
        "code": {"today": today, "runs": [plan.code], "same": plan.code == today},
        "data": {
            "name": dataset.name,
            "sha256": dataset.digest,
            "subset": dataset.subset.model_dump() if dataset.subset else None,
        },
    }
    write_text(output, json.dumps(provenance, indent=1, ensure_ascii=False) + "\n")


def write_archived(path: Path, differences: list[Difference], output: Path) -> None:
    """Write the provenance in `path` to `output`, with the present moment as its `archive`.

    Args:
        path: provenance.json of an archived study.
        differences: in what the study's configuration differs from the present one.
        output: file to write.

    Raises:
        StudyError: `path` is missing or is not what it should be.
    """
    archive = {**_now(), "differences": differences}
    provenance = {**load_provenance(path), "archive": archive}
    write_text(output, json.dumps(provenance, indent=1, ensure_ascii=False) + "\n")


def load_provenance(path: Path) -> Provenance:
    """Read provenance.json.

    Raises:
        StudyError: the file is missing, is not JSON, or lacks a part.
    """
    try:
        found: Provenance = json.loads(path.read_text(encoding="utf-8"))
        lacking = KEYS - set(found)
    except FileNotFoundError as error:
        raise StudyError(f"{path}: missing; the step `provenance` writes it") from error
    except (OSError, ValueError, TypeError) as error:
        raise StudyError(f"{path}: expected a provenance as JSON: {error}") from error
    if lacking:
        raise StudyError(f"{path}: expected a key {', '.join(sorted(lacking))}")
    return found


def _now() -> Provenance:
    """Return the date, or SOURCE_DATE_EPOCH, as builds that repeat agree on, and the commit.

    Raises:
        StudyError: that variable is not a number of seconds.
    """
    fixed = os.environ.get("SOURCE_DATE_EPOCH")
    try:
        now = datetime.fromtimestamp(int(fixed), UTC) if fixed else datetime.now(UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise StudyError(f"SOURCE_DATE_EPOCH: expected seconds, not {fixed!r}") from error
    text = now.replace(microsecond=0).isoformat().replace("+00:00", "Z")
    return {"date": text, "repository": read_commit(ROOT)}


def _training(timings: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the runs and their time by machine and number of threads, the most runs first."""
    keys = ["device", "processor", "pytorch", "threads"]
    groups = timings.groupby(keys)["seconds"].agg(["size", "sum"])
    groups = groups.sort_values("size", ascending=False, kind="stable").reset_index()
    return [
        {
            **{key: str(row[key]) for key in ("device", "processor", "pytorch")},
            "threads": int(row["threads"]),
            "runs": int(row["size"]),
            "seconds": round(float(row["sum"]), 1),
        }
        for row in groups.to_dict("records")
    ]


def rendering(provenance: Provenance) -> Provenance:
    """Return the date and the repository of the tables that a report shows."""
    found: Provenance = provenance.get("archive", provenance)
    return found


def stamp(provenance: Provenance) -> str:
    """Return one line for the foot of a page: date and commit."""
    moment = rendering(provenance)
    repository = moment["repository"]
    commit = repository["commit"]
    text = f"commit {commit[:SHORT]}" if commit else f"commit unknown: {repository['problem']}"
    dirty = ", with uncommitted changes" if repository["dirty"] else ""
    return f"Tables computed on {date(moment['date'])}; {text}{dirty}"
