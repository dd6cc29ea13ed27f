"""docs/results is a whole study, and says in what the configuration differs by now.

The README has its result. The training code may have changed since: that is no failure.
"""

from __future__ import annotations

import json
import re
import warnings
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from mlpstudy.analysis.schemas import read_table
from mlpstudy.config.differences import differences
from mlpstudy.config.planning import Plan, read_plan
from mlpstudy.fingerprint import training_fingerprint
from mlpstudy.report.packing import ARCHIVE, unpacked
from mlpstudy.report.provenance import load_provenance

ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT / "docs/results"
CONFIGS = [ROOT / "config/config.yaml", ROOT / "config/reference.yaml"]

pytestmark = pytest.mark.skipif(
    not (PUBLISHED / "study.json").exists(), reason="no study has been published: make publish"
)


@pytest.fixture(scope="module")
def study() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((PUBLISHED / "study.json").read_text())
    return found


@pytest.fixture(scope="module")
def plan() -> Plan:
    return read_plan(CONFIGS, {"models": str(ROOT / "config/models.yaml"), "claims": None})


def test_its_pages_say_what_is_configured_otherwise_now(study: dict[str, Any], plan: Plan) -> None:
    """Training code apart, of which a warning tells."""
    archive = load_provenance(PUBLISHED / "report/provenance.json").get("archive")
    said = archive["differences"] if archive else []
    found = [
        [each for each in both if each["field"] != "training code"]
        for both in (differences(study, json.loads(plan.document())), said)
    ]
    assert found[0] == found[1], "make republish"
    readme = (PUBLISHED / "README.md").read_text()
    assert ("earlier configuration" in readme) == bool(said)


def test_it_has_a_run_for_each_that_was_planned(study: dict[str, Any]) -> None:
    keys = ["condition", "model", "fold", "replicate"]
    runs = read_table(PUBLISHED / "runs.csv")
    planned = [
        (job["condition"], job["model"], job["fold"], replicate)
        for job in study["jobs"]
        for replicate in range(job["first"], job["last"] + 1)
    ]
    assert sorted(runs[keys].itertuples(index=False, name=None)) == sorted(planned)


def test_models_csv_follows_from_runs_csv(study: dict[str, Any]) -> None:
    runs = read_table(PUBLISHED / "runs.csv")
    per_replicate = runs.groupby(["condition", "model", "replicate"])["test_accuracy"].mean()
    median = per_replicate.groupby(["condition", "model"]).median()
    failures = (per_replicate < study["classes"]["medium"]).groupby(["condition", "model"]).sum()
    models = read_table(PUBLISHED / "models.csv").set_index(["condition", "model"])
    assert set(models.index) == set(median.index)
    pd.testing.assert_series_equal(
        models["test_accuracy_median"].sort_index(), median.sort_index(), check_names=False
    )
    assert (models["failures"].sort_index() == failures.sort_index()).all()


def test_the_readme_has_its_table(study: dict[str, Any]) -> None:
    readme = (ROOT / "README.md").read_text()
    shown = re.search(r"<!-- result:[^\n]*\n(.*?)<!-- /result -->", readme, re.DOTALL)
    assert shown
    table = (PUBLISHED / "report/tables/accuracy.md").read_text()
    assert shown[1].strip() == table.strip()
    assert len(re.findall(r"^\| Model \d+ ", shown[1], re.MULTILINE)) == len(study["models"])


def test_it_is_no_larger_than_a_repository_should_keep() -> None:
    sizes = [path.stat().st_size for path in PUBLISHED.rglob("*") if path.is_file()]
    assert max(sizes) < 5_000_000
    assert sum(sizes) < 13_000_000
    assert len(sizes) < 150


def test_every_link_of_its_pages_leads_to_a_file() -> None:
    links = [
        path.parent / link
        for path, pattern in (
            (PUBLISHED / "report/index.html", r'href="([^"#:]+)"'),
            (PUBLISHED / "report/report.md", r"\]\(([^)#:]+)\)"),
            (PUBLISHED / "README.md", r"\]\(([^)#:]+)\)"),
        )
        for link in re.findall(pattern, path.read_text())
    ]
    assert {ARCHIVE, "models.csv", "overview.svg"} <= {link.name for link in links}
    assert [str(link) for link in links if not link.is_file()] == []


def test_its_archive_has_a_specification_for_each_job(study: dict[str, Any]) -> None:
    with unpacked(PUBLISHED) as folder:
        found = {str(path.parent.relative_to(folder)) for path in folder.rglob("spec.json")}
    assert found == {job["folder"] for job in study["jobs"]}


def test_what_trained_it_is_said(study: dict[str, Any]) -> None:
    assert study["code"][:12] in (PUBLISHED / "README.md").read_text()
    if study["code"] != training_fingerprint():
        warnings.warn(
            "the training code has changed since docs/results was made: make publish", stacklevel=1
        )
