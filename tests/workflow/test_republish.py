"""A published study is rendered again after the configuration has changed, and says so."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pypdf
import pytest
import yaml
from project import ROOT, Project

README = "# Title\n\n<!-- result: made -->\nold\n<!-- /result -->\nrest\n"
CHANGES = (
    "optimizer of model 1 was RMSprop (now SGD)", "condition corrected was present (now absent)",
    "condition adam was absent (now present)",
)  # fmt: skip
# Of the one condition the archive has no runs, of the other the configuration none.
CLAIM = """
  model_6_with_adam:
    statement: Model 6 does better with Adam than corrected.
    form: higher
    models: [m06]
    conditions: [adam]
    against: corrected
"""


def mlpstudy(project: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(project.folder / "workflow")}
    reported = ("--reported", "resources/reported/values.csv")
    return subprocess.run(
        [sys.executable, "-m", "mlpstudy", *arguments, *reported],
        cwd=project.folder, env=environment, capture_output=True, text=True, timeout=900,
    )  # fmt: skip


def republish(project: Project) -> subprocess.CompletedProcess[str]:
    configs = ("--configfile", "config/config.yaml", "--configfile", "tiny.yaml")
    data = "resources/data/tiny/prepared"
    return mlpstudy(project, "republish", "--data", data, *configs)


def content(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def plain(text: str) -> str:
    """Return a page's text without tags, Markdown's marks and line breaks."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>|[*`\\]", "", text))


def pages(project: Project) -> dict[str, str]:
    """Return the text of every form of the published study, and of the repository's README."""
    results = project.folder / "docs/results"
    paths = [
        project.folder / "README.md", results / "README.md", results / "report/index.html",
        results / "report/report.md", *(results / "report/tables").glob("*.md"),
    ]  # fmt: skip
    found = {path.name: plain(path.read_text()) for path in paths}
    found["in docs/results"] = plain((results / "README.md").read_text())
    document = pypdf.PdfReader(results / "report/report.pdf")
    return {**found, "report.pdf": plain(document.pages[0].extract_text())}


@pytest.fixture(scope="module")
def published(finished_project: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("published") / "study"
    shutil.copytree(finished_project.folder, folder, symlinks=True)
    project = Project(folder)
    (folder / "docs").mkdir()
    (folder / "README.md").write_text(README)
    shutil.copy2(ROOT / "docs/tables.md", folder / "docs")
    done = mlpstudy(project, "publish", "--results", "results", "--repository", ".")
    assert done.returncode == 0, done.stderr
    return project


@pytest.fixture(scope="module")
def changed(published: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The published study rendered again after its configuration was edited."""
    folder = tmp_path_factory.mktemp("changed") / "study"
    shutil.copytree(published.folder, folder, symlinks=True)
    project = Project(folder)
    project.edit("config/models.yaml", "optimizer: rmsprop", "optimizer: sgd")
    conditions = yaml.safe_load((folder / "tiny.yaml").read_text())["conditions"]
    conditions["adam"] = {"optimizer": "adam", "models": ["m06"]}
    conditions["corrected"] = None
    project.update_config(conditions=conditions)
    project.edit("config/claims.yaml", "    - as_reported\n    - corrected\n", "")
    with (folder / "config/claims.yaml").open("a") as claims:
        claims.write(CLAIM)
    done = republish(project)
    assert done.returncode == 0, done.stderr
    return project


def test_every_page_says_which_configuration_it_belongs_to(published: Project) -> None:
    study = json.loads((published.folder / "docs/results/study.json").read_text())
    expected = f"seed {study['seed']} and 2 replicates by the training code {study['code'][:12]}"
    for name, text in pages(published).items():
        assert expected in text, name
        assert "earlier configuration" not in text, name


def test_every_page_names_what_is_configured_otherwise_now(changed: Project) -> None:
    for name, text in pages(changed).items():
        for change in CHANGES:
            assert change in text, name


def test_nothing_is_trained_and_the_tables_stay(published: Project, changed: Project) -> None:
    before, after = (content(p.folder / "docs/results") for p in (published, changed))
    assert set(before) == set(after)
    rendered = {name for name in before if name.startswith("report/")}
    assert {name for name in before if before[name] != after[name]} - rendered == {
        "claims.csv", "README.md",
    }  # fmt: skip
    assert content(published.folder / "results") == content(changed.folder / "results")


def test_a_claim_about_a_condition_that_the_archive_lacks_is_not_judged(
    published: Project, changed: Project
) -> None:
    before, after = (
        list(csv.DictReader((p.folder / "docs/results/claims.csv").open()))
        for p in (published, changed)
    )
    assert after[:-1] == before
    assert (after[-1]["claim"], after[-1]["verdict"]) == ("model_6_with_adam", "undecided")
    assert after[-1]["reason"] == "the study has no condition adam"


def test_the_recorded_provenance_is_kept(published: Project, changed: Project) -> None:
    before, after = (
        json.loads((p.folder / "docs/results/report/provenance.json").read_text())
        for p in (published, changed)
    )
    archive = after.pop("archive")
    assert before == after
    assert set(archive) == {"date", "repository", "differences"}
    assert archive["date"] >= before["date"]
    assert "Rendered again" in pages(changed)["provenance.md"]
    assert "Rendered again" not in pages(published)["provenance.md"]


@pytest.fixture
def spoilt(published: Project, tmp_path: Path) -> Project:
    """A copy of the published study to spoil."""
    shutil.copytree(published.folder, tmp_path / "study", symlinks=True)
    return Project(tmp_path / "study")


@pytest.mark.parametrize(
    ("path", "before", "after", "said"),
    [
        (
            "runs.csv",
            "as_reported,m01,all,2,",
            "as_reported,m01,all,3,",
            "the runs that study.json",
        ),
        ("study.json", '"seed": 2021', '"seed": 2022', "spec.json: expected the run"),
        ("report/provenance.json", '"command"', '"order"', "expected a key command"),
        ("models.csv", "test_images", "images", "column test_images is missing"),
    ],
)
def test_an_archive_that_contradicts_itself_stays_as_it_was(
    spoilt: Project, path: str, before: str, after: str, said: str
) -> None:
    spoilt.edit(f"docs/results/{path}", before, after)
    found = content(spoilt.folder / "docs")
    done = republish(spoilt)
    assert done.returncode == 1
    assert said in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert content(spoilt.folder / "docs") == found
