"""The page of a study as large as the reference study: small enough to send, and it works."""

from __future__ import annotations

from pathlib import Path

import pytest
from pages_fixture import CLAIMS, render_page
from playwright.sync_api import Browser
from studies import reference_study
from study_fixture import REPORTED

from mlpstudy.analysis.tables import tabulate
from mlpstudy.audit.checks import audit
from mlpstudy.audit.loading import CHECKS
from mlpstudy.claims.judging import judge
from mlpstudy.figures.drawing import draw


@pytest.mark.slow
def test_all_models_and_conditions_fit_into_five_megabytes(
    tmp_path: Path, browser: Browser
) -> None:
    paths = reference_study(tmp_path)
    tabulate(paths.study, REPORTED, paths.tables)
    judge(paths.study, CLAIMS, paths.tables, paths.tables / "claims.csv")
    audit(paths.study, REPORTED.parent, CHECKS, paths.tables, paths.tables / "audit.csv")
    draw(paths.study, paths.tables, REPORTED, None, paths.figures)
    render_page(paths)
    page = paths.report / "index.html"
    assert page.stat().st_size < 5_000_000
    tab = browser.new_page(viewport={"width": 1440, "height": 900})
    complaints: list[str] = []
    tab.on("console", lambda message: complaints.append(message.text))
    tab.goto(page.as_uri())
    assert tab.locator("article.model").count() == 17
    assert tab.evaluate("document.documentElement.scrollWidth") <= 1440
    assert complaints == []
    tab.close()
