"""Files on disk that do not match the plan, whatever the workflow engine has recorded."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mlpstudy.config.planning import Plan
from mlpstudy.data.dataset import DESCRIPTION, verify
from mlpstudy.errors import StudyError
from mlpstudy.files import write_text
from mlpstudy.fingerprint import fingerprint
from mlpstudy.identity import METRICS, SPEC, differences, listed

STUDY, CLAIMS = "study.json", "claims.json"


@dataclass(frozen=True)
class Outdated:
    """What has to be made again.

    Attributes:
        files: at least one output of every job that has to run again.
        finished: for each of these jobs that had finished training, the path of its spec.json →
            (number of runs, the fields in which they differ from the plan).
    """

    files: frozenset[str]
    finished: Mapping[str, tuple[int, tuple[str, ...]]]

    def message(self, due: Collection[str]) -> str:
        """Say how many finished runs are trained again and why; `due` are the files to be made."""
        found = [self.finished[path] for path in self.finished if path in due]
        count, fields = sum(runs for runs, _ in found), listed(names for _, names in found)
        what = "1 finished run no longer matches" if count == 1 else (
            f"{count} finished runs no longer match"
        )  # fmt: skip
        return f"{what} the configuration ({fields}) and will be trained again" if found else ""


def outdated(plan: Plan, data: Path) -> Outdated:
    """Compare everything that the configuration determines with what is on disk.

    study.json and claims.json are compared as a whole, and are outdated if they are missing. The
    spec.json of every job is compared with the job's identity, and the description of the prepared
    data in the folder `data` with the dataset of the configuration.
    """
    results = Path(plan.config.results)
    finished: dict[str, tuple[int, tuple[str, ...]]] = {}
    files = set(_documents(plan)) | set(_data(plan, data))
    for job in plan.jobs.values():
        folder = results / "runs" / job.folder
        fields = differences(job, folder)
        if not fields:
            continue
        path = folder / SPEC
        if (folder / METRICS).is_file():
            finished[str(path)] = (len(job.replicates), fields)
        if str(path) in finished or path.is_file():
            files.add(str(path))
    return Outdated(frozenset(files), finished)


def distrust(plan: Plan) -> None:
    """Mark study.json and claims.json as outdated, so that everything is made from them again.

    A blank line at the end makes them differ from the plan and leaves them readable.
    """
    for name in (STUDY, CLAIMS):
        path = Path(plan.config.results, name)
        if path.is_file():
            write_text(path, f"{_text(path).rstrip()}\n\n")


def _documents(plan: Plan) -> Iterator[str]:
    for name, wanted in ((STUDY, plan.document()), (CLAIMS, plan.claims_document())):
        path = Path(plan.config.results, name)
        if _text(path) != wanted:
            yield str(path)


def _data(plan: Plan, data: Path) -> Iterator[str]:
    dataset = plan.config.dataset
    wanted = {
        "name": dataset.name,
        "classes": list(dataset.classes),
        "digest": plan.study.dataset.digest,
        "code": fingerprint("data.dataset"),
    }
    path = data / "prepared" / DESCRIPTION
    if not path.is_file() or _described(path, wanted):
        return
    yield str(path)
    for file in dataset.to_dict()["files"].values():
        raw = data / "raw" / file["name"]
        try:
            verify(raw, file["sha256"])
        except StudyError:
            yield str(raw)


def _described(path: Path, wanted: Mapping[str, object]) -> bool:
    """Tell whether the description at `path` says what is `wanted`."""
    try:
        found = json.loads(_text(path))
        return all(found[name] == value for name, value in wanted.items())
    except (ValueError, KeyError, TypeError):
        return False


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
