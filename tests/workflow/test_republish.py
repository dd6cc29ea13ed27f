"""A published study is rendered again after the configuration has changed, and says so."""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
from pathlib import Path

import pypdf
import pytest
from project import ROOT, Project

README = "# Title\n\n<!-- result: made -->\nold\n<!-- /result -->\nrest\n"
REPORTED = ("--reported", "resources/reported/values.csv")
COMPUTED_AGAIN = "Computed again"
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


def republish(project: Project) -> subprocess.CompletedProcess[str]:
    configs = ("--configfile", "config/config.yaml", "--configfile", "tiny.yaml")
    data = "resources/data/tiny/prepared"
    return project.subcommand("republish", "--data", data, *configs, *REPORTED)


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
    found = {str(path.relative_to(project.folder)): plain(path.read_text()) for path in paths}
    document = pypdf.PdfReader(results / "report/report.pdf")
    return {**found, "report.pdf": plain(" ".join(page.extract_text() for page in document.pages))}


def provenance(project: Project) -> dict[str, object]:
    path = project.folder / "docs/results/report/provenance.json"
    return dict(json.loads(path.read_text()))


def judged(project: Project) -> list[dict[str, str]]:
    return list(csv.DictReader((project.folder / "docs/results/claims.csv").open()))


@pytest.fixture(scope="module")
def published(finished_project: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = finished_project.copy(tmp_path_factory.mktemp("published") / "study")
    (project.folder / "docs").mkdir()
    (project.folder / "README.md").write_text(README)
    shutil.copy2(ROOT / "docs/tables.md", project.folder / "docs")
    done = project.subcommand("publish", "--results", "results", "--repository", ".", *REPORTED)
    assert done.returncode == 0, done.stderr
    return project


def test_the_published_pages_say_what_is_configured_otherwise_now(
    published: Project, tmp_path: Path
) -> None:
    results = published.folder / "docs/results"
    study = json.loads((results / "study.json").read_text())
    expected = f"Seed {study['seed']}, 2 replicates, training code {study['code'][:12]}"
    for name, text in pages(published).items():
        assert expected in text, name
        assert "earlier configuration" not in text, name
        assert COMPUTED_AGAIN not in text, name

    changed = published.copy(tmp_path / "study")
    changed.edit("config/models.yaml", "optimizer: rmsprop", "optimizer: sgd")
    changed.add_conditions(adam={"optimizer": "adam", "models": ["m06"]}, corrected=None)
    changed.edit("config/claims.yaml", "    - as_reported\n    - corrected\n", "")
    changed.append("config/claims.yaml", CLAIM)
    done = republish(changed)
    assert done.returncode == 0, done.stderr
    for name, text in pages(changed).items():
        for change in CHANGES:
            assert change in text, name

    # Nothing is trained, and the tables stay.
    before, after = content(results), content(changed.folder / "docs/results")
    assert set(before) == set(after)
    rendered = {name for name in before if name.startswith("report/")}
    differing = {name for name in before if before[name] != after[name]}
    assert differing - rendered == {"claims.csv", "README.md"}
    assert content(published.folder / "results") == content(changed.folder / "results")

    # A claim about a condition that the archive lacks is not judged.
    *rows, last = judged(changed)
    assert rows == judged(published)
    assert (last["claim"], last["verdict"]) == ("model_6_with_adam", "undecided")
    assert last["reason"] == "the study has no condition adam"

    recorded, now = provenance(published), provenance(changed)
    archive = now.pop("archive")
    assert recorded == now
    assert set(archive) == {"date", "repository", "differences"}
    assert archive["date"] >= recorded["date"]
    assert COMPUTED_AGAIN in pages(changed)["docs/results/report/tables/provenance.md"]


@pytest.mark.parametrize(
    ("path", "before", "after", "said"),
    [
        ("runs.csv", "as_reported,m01,all,2,", "as_reported,m01,all,3,",
         "the runs in study.json"),
        ("study.json", '"seed": 2021', '"seed": 2022', "spec.json: expected the run"),
        ("report/provenance.json", '"command"', '"order"', "expected a key command"),
        ("models.csv", "test_images", "images", "column test_images is missing"),
    ],
)  # fmt: skip
def test_an_archive_that_contradicts_itself_stays_as_it_was(
    published: Project, tmp_path: Path, path: str, before: str, after: str, said: str
) -> None:
    spoilt = published.copy(tmp_path / "study")
    spoilt.edit(f"docs/results/{path}", before, after)
    found = content(spoilt.folder / "docs")
    done = republish(spoilt)
    assert done.returncode == 1
    assert said in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert content(spoilt.folder / "docs") == found
