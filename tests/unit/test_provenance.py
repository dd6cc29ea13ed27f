"""Provenance: what it says is so, with git and without, and the page shows all of it."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import platform
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import torch
from study_fixture import PROVENANCE, REPORTED, TEMPLATES, Paths, make_study

from mlpstudy import __version__
from mlpstudy.analysis.tables import tabulate
from mlpstudy.errors import StudyError
from mlpstudy.fingerprint import training_fingerprint
from mlpstudy.formats import date
from mlpstudy.machine import processor, record_machine
from mlpstudy.report.document import html_environment, rendered
from mlpstudy.report.environment import read_commit, read_lock
from mlpstudy.report.provenance import load_provenance, stamp, write_provenance

ROOT = REPORTED.parents[2]
LOCK = ROOT / "envs" / "study.txt"


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"]
    command = ["git", *identity, *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    (folder / "workflow").mkdir(parents=True)
    (folder / "workflow" / "code.py").write_text("1\n")
    (folder / "README.md").write_text("Read me\n")
    (folder / ".gitignore").write_text("/results/\n/.venv/\n")
    git(folder, "init")
    git(folder, "add", ".")
    git(folder, "commit", "-m", "All")
    return folder


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    paths = make_study(tmp_path_factory.mktemp("study"), {"m01": {}}, lambda *_: (0.6, 0.5))
    tabulate(paths.study, REPORTED, paths.tables)
    return paths


def written(paths: Paths, command: str = "snakemake --cores 2") -> dict[str, Any]:
    output = paths.report / "made.json"
    write_provenance(paths.study, paths.tables / "timings.csv", LOCK, command, output)
    return dict(load_provenance(output))


def shown(provenance: dict[str, Any]) -> dict[str, str]:
    """Return what the report says of a provenance, by the word that begins each line."""
    jinja = html_environment(TEMPLATES)
    text = rendered(jinja, "report/_provenance.md.j2", {"provenance": provenance})
    lines = re.findall(r"^- \*\*(.+?):\*\* (.+)$", text, re.MULTILINE)
    return dict(lines)


def test_commit_of_a_clean_repository_and_of_one_with_changes(repository: Path) -> None:
    (repository / "results").mkdir()
    (repository / "results" / "made.csv").write_text("1\n")
    found = read_commit(repository)
    assert found["commit"] == git(repository, "rev-parse", "HEAD").strip()
    assert (found["dirty"], found["changed"], found["problem"]) == (False, [], None)
    (repository / "README.md").write_text("Read me again\n")
    assert read_commit(repository)["dirty"] is False, "documents are not sources"
    (repository / "workflow" / "code.py").write_text("2\n")
    (repository / "workflow" / "new.py").write_text("3\n")
    found = read_commit(repository)
    assert found["dirty"] is True
    assert sorted(found["changed"]) == ["workflow/code.py", "workflow/new.py"]


def test_without_a_commit_it_says_why(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = read_commit(tmp_path)
    assert outside["commit"] is None
    assert "not a git repository" in str(outside["problem"])
    (repository / ".venv").mkdir()  # an installed copy in an ignored folder
    assert read_commit(repository / ".venv")["problem"] == "not in a repository of its own"
    (tmp_path / "empty").mkdir()
    git(tmp_path / "empty", "init")
    empty = read_commit(tmp_path / "empty")
    assert empty["commit"] is None
    assert empty["problem"]
    monkeypatch.setenv("PATH", str(repository))
    assert shutil.which("git") is None
    none = read_commit(repository)
    assert none["problem"] == "git is not installed"
    provenance: Any = {**PROVENANCE, "repository": none}
    assert shown(provenance)["Commit"] == "unknown: git is not installed"
    assert stamp(provenance).endswith("commit unknown: git is not installed")
    assert re.match(r"\d+ \w+ 2026, \d\d:\d\d UTC", date(provenance["date"]))


def test_an_unpacked_release_archive_knows_its_commit(repository: Path, tmp_path: Path) -> None:
    shutil.copy(ROOT / ".gitattributes", repository)
    shutil.copy(ROOT / ".git_archival.txt", repository)
    assert read_commit(repository)["dirty"] is False, "git is asked where there is a repository"
    git(repository, "add", "--all")
    git(repository, "commit", "--message", "release")
    git(repository, "archive", "--output", str(tmp_path / "release.tar"), "HEAD")
    folder = tmp_path / "unpacked"
    shutil.unpack_archive(tmp_path / "release.tar", folder)
    found = read_commit(folder)
    assert found["commit"] == git(repository, "rev-parse", "HEAD").strip()
    assert (found["dirty"], found["problem"]) == (None, None)
    rows = shown({**PROVENANCE, "repository": found})
    assert rows["Commit"] == f"{found['commit']} (that of the release archive)"


def test_what_is_written_is_so(study: Paths) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    found = written(study, "snakemake --cores 2 --configfile 'my study.yaml'")
    assert before <= datetime.fromisoformat(found["date"]) <= datetime.now(UTC)
    assert found["command"] == "snakemake --cores 2 --configfile 'my study.yaml'"
    assert found["lock"]["sha256"] == hashlib.sha256(LOCK.read_bytes()).hexdigest()
    assert found["versions"]["mlpstudy"] == __version__
    assert found["versions"]["python"] == platform.python_version()
    assert found["versions"]["numpy"] == importlib.metadata.version("numpy")
    assert found["data"]["sha256"] == json.loads(study.study.read_text())["dataset"]["digest"]
    # Replicates 1 to 3 of two conditions take 2, 4 and 6 seconds.
    trained = {"device": "cpu", "processor": "A processor", "pytorch": "2.13.0", "threads": 1}
    assert found["training"] == [{**trained, "runs": 6, "seconds": 24.0}]


def test_runs_of_several_machines_are_told_apart(tmp_path: Path) -> None:
    paths = make_study(tmp_path, {"m01": {}}, lambda *_: (0.6, 0.5))
    one = next(paths.runs.rglob("machine.json"))
    record_machine(one.parent, torch.device("cpu"))
    assert processor() in one.read_text()
    tabulate(paths.study, REPORTED, paths.tables)
    found = {(group["processor"], group["pytorch"]): group for group in written(paths)["training"]}
    assert set(found) == {("A processor", "2.13.0"), (processor(), torch.__version__)}
    assert sum(group["runs"] for group in found.values()) == 6
    one.write_text('{"processor": "A processor"}')
    with pytest.raises(StudyError, match=r"machine\.json: expected processor and pytorch as JSON"):
        tabulate(paths.study, REPORTED, paths.tables)


def test_runs_made_with_other_training_code_are_told(study: Paths, tmp_path: Path) -> None:
    paths = make_study(tmp_path, {"m01": {}}, lambda *_: (0.6, 0.5))
    tabulate(paths.study, REPORTED, paths.tables)
    today = training_fingerprint()
    assert written(paths)["code"] == {"today": today, "runs": ["f" * 64], "same": False}
    assert shown(written(paths))["Training code"].startswith("f" * 64 + "; at the time")
    for path in (paths.study, *tmp_path.rglob("spec.json")):
        path.write_text(path.read_text().replace("f" * 64, today))
    assert written(paths)["code"] == {"today": today, "runs": [today], "same": True}
    assert shown(written(paths))["Training code"] == training_fingerprint()
    next(tmp_path.rglob("spec.json")).write_text("{}")
    with pytest.raises(StudyError, match=r"replicates-1-3: expected the run that study.json"):
        written(paths)


def test_a_set_date_is_taken_and_a_wrong_one_refused(
    study: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1635500000")
    first = written(study)
    assert first["date"] == "2021-10-29T09:33:20Z"
    assert first == written(study)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    with pytest.raises(StudyError, match=r"SOURCE_DATE_EPOCH: .*'yesterday'"):
        written(study)


def test_versions_that_are_not_the_locks_are_named(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    numpy = importlib.metadata.version("numpy")
    lock.write_text(f"# Made\nnumpy=={numpy}\nno_such_package==1.0\npandas==0.1\n")
    installed = importlib.metadata.version("pandas")
    departures = {"no_such_package": ("1.0", None), "pandas": ("0.1", installed)}
    assert read_lock(lock)["departures"] == departures
    with pytest.raises(StudyError, match=r"none\.txt: expected a lock"):
        read_lock(tmp_path / "none.txt")


def test_a_file_that_is_no_provenance_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "provenance.json"
    with pytest.raises(StudyError, match="missing"):
        load_provenance(path)
    for content, told in (
        ("{", "expected a provenance"), ("[]", "expected a key"),
        ('{"date": ""}', "expected a key code, command"),
    ):  # fmt: skip
        path.write_text(content)
        with pytest.raises(StudyError, match=told):
            load_provenance(path)


def test_the_table_shows_every_fact() -> None:
    rows = shown(PROVENANCE)
    assert rows["Tables computed"].startswith("5 November 2026, 07:04 UTC on Debian")
    assert rows["Commit"] == "c" * 40 + ""
    text = " ".join(rows.values())
    values = [
        "snakemake --cores 2", "envs/study.txt", "1" * 64, "python 3.11.2", "torch 2.13.0",
        "Debian GNU/Linux 12", "A processor", "2 usable cores",
        "36 runs on a CPU (A processor) with PyTorch 2.13.0 and 1 thread",
        "f" * 64, "Fashion-MNIST", "0" * 64,
    ]  # fmt: skip
    for value in values:
        assert value in text, value


def test_the_table_tells_of_changes_departures_and_subsets() -> None:
    changed = [f"workflow/{n}.py" for n in range(5)]
    provenance = {
        **PROVENANCE,
        "repository": {"commit": "c" * 40, "dirty": True, "changed": changed, "problem": None},
        "lock": {
            **PROVENANCE["lock"],
            "departures": {"numpy": ["2.0", "2.1"], "typst": ["1", None]},
        },
        "data": {**PROVENANCE["data"], "subset": {"train": 6000, "test": 2000}},
    }
    rows = shown(provenance)
    few = "workflow/0.py, workflow/1.py, workflow/2.py and 2 more files"
    assert rows["Commit"].endswith(f"with uncommitted changes in {few}")
    told = "differs in: numpy 2.1 instead of 2.0, typst not installed instead of 1"
    assert rows["Lock file"].endswith(told)
    assert "the first 6000 training and 2000 test images" in rows["Data"]
    assert stamp(provenance).endswith("commit cccccccccc, with uncommitted changes")  # type: ignore[arg-type]
