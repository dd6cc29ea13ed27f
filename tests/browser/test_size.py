"""The published report is short enough to be read to its end."""

from __future__ import annotations

import re
from pathlib import Path

import pypdf
from playwright.sync_api import Browser

REPORT = Path(__file__).parents[2] / "docs/results/report"


def test_the_published_page_has_few_words_and_screens(browser: Browser) -> None:
    page = REPORT / "index.html"
    assert page.stat().st_size <= 3_000_000
    scripts = re.findall(r"<script>(.*?)</script>", page.read_text(), re.DOTALL)
    assert sum(map(len, scripts)) <= 100_000
    tab = browser.new_page(viewport={"width": 1440, "height": 900})
    complaints: list[str] = []
    tab.on("console", lambda message: complaints.append(message.text))
    tab.goto(page.as_uri())
    words = tab.evaluate("document.body.innerText.split(/\\s+/).length")
    assert words <= 9_000
    assert tab.evaluate("document.documentElement.scrollHeight") <= 25_000
    assert tab.evaluate("document.getElementById('summary').offsetHeight") <= 900
    assert tab.locator("#models article").count() == 17
    assert tab.evaluate("document.documentElement.scrollWidth") <= 1440
    assert complaints == []
    tab.close()


def test_the_published_pdf_is_short_and_the_supplement_has_the_rest() -> None:
    report, supplement = (pypdf.PdfReader(REPORT / f"{n}.pdf") for n in ("report", "supplement"))
    assert len(report.pages) <= 30
    assert len(supplement.pages) > len(report.pages)
