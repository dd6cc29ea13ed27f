"""`snakemake --report`: made offline, everything in it with a caption, and it opens as it is."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from project import Project

FORMS = {"index.html", "report.pdf", "report.md", "provenance.json", "supplement.pdf"}


def listed(page: str, name: str) -> dict[str, Any]:
    """Return what the report's own script has under `name`."""
    found = re.search(rf"^ *var {name} = (\{{.*\}});?$", page, re.MULTILINE)
    assert found is not None
    return dict(json.loads(found[1]))


def test_every_figure_table_and_form_is_in_it_with_a_caption(
    finished_project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nothing outside can be reached
    finished_project.run("--report", str(tmp_path / "report.zip"))
    archive = zipfile.ZipFile(tmp_path / "report.zip")
    page = archive.read("report/report.html").decode()
    folder = finished_project.folder / "results"
    figures = {path.name for path in (folder / "figures").glob("*/*.svg")}
    tables = {path.name for path in (folder / "tables").glob("*.csv")}
    assert len(figures) > 3 * 4
    categories = {
        name: {Path(path).name for paths in parts.values() for path in paths}
        for name, parts in listed(page, "categories").items()
    }
    assert categories == {"Figures": figures, "Tables": tables, "Report": FORMS}
    assert {"Overview", "Models"} <= set(listed(page, "categories")["Figures"])
    files = {Path(name).name: name for name in archive.namelist()}
    for name in ("index.html", "report.pdf"):
        assert archive.read(files[name]) == (folder / "report" / name).read_bytes()

    results = listed(page, "results")
    for name, entry in results.items():
        assert len(re.sub("<[^>]*>", "", entry["caption"]).split()) > 8, name
        assert entry["labels"], name
    titles = [entry["labels"].get("figure") for entry in results.values()]
    assert "Learning curves of model 1" in titles
    assert '"typeset_report"' in page
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=[\"']https?:", page)
