"""Whether the files in a job's folder are those of the job that a study has there."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from pathlib import Path

from mlpstudy.errors import StudyError
from mlpstudy.fingerprint import training_fingerprint
from mlpstudy.spec import Job

SPEC, METRICS = "spec.json", "metrics.csv"  # the first and the last file that a job writes

_WORDS = {"code": "training code"}


def differences(job: Job, folder: Path) -> tuple[str, ...]:
    """Name the fields in which spec.json in `folder` differs from `job`.

    The result is empty if, and only if, the file holds exactly the identity of `job`.
    """
    try:
        text = (folder / SPEC).read_text(encoding="utf-8")
        if text == f"{job.identity()}\n":
            return ()
        found = Job.from_identity(text)
    except FileNotFoundError:
        return (f"no {SPEC}",)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return (f"unreadable {SPEC}",)
    one, other = _fields(job), _fields(found)
    names = (name for name in {**one, **other} if one.get(name) != other.get(name))
    return tuple(_WORDS.get(name, name) for name in names) or (f"form of {SPEC}",)


def is_finished(job: Job, folder: Path) -> bool:
    """Tell whether `job` has written its last file into `folder`."""
    return (folder / METRICS).is_file() and not differences(job, folder)


def listed(found: Iterable[Sequence[str]]) -> str:
    """Return every name of `found` once, in alphabetical order, as `epochs, seed`."""
    return ", ".join(sorted({name for names in found for name in names}))


def expect_planned(jobs: Iterable[tuple[Job, Path]]) -> None:
    """Check that each folder holds the run of its job.

    Raises:
        StudyError: one does not; the error names the first, how many there are, and the fields.
    """
    found = {folder: differences(job, folder) for job, folder in jobs}
    wrong = {folder: names for folder, names in found.items() if names}
    if wrong:
        raise StudyError(
            f"{next(iter(wrong))}: expected the run that study.json describes, found another "
            f"({listed(wrong.values())}); {len(wrong)} of {len(found)} folders are wrong: "
            "run snakemake, which trains them again"
        )


def expect_code(job: Job) -> None:
    """Check that the training code is still the one that `job` was planned with.

    Raises:
        StudyError: it was edited in between, so that the identity of `job` would be false.
    """
    if job.code != training_fingerprint():
        raise StudyError(
            f"{job.label}: the training code was edited after the job was planned: "
            "run snakemake again"
        )


def _fields(job: Job) -> dict[str, object]:
    fields = dataclasses.asdict(job)
    return {**fields.pop("spec"), **fields}
