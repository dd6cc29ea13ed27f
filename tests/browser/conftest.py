"""A headless Chromium, and pages for it to open. Skipped where there is no Chromium."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))

from chromium import find, launch
from pages_fixture import render_study
from playwright.sync_api import Browser, sync_playwright
from studies import small_study


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if find() is None:
        pytest.skip("no Chromium: install Debian's package chromium to test the page in a browser")
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a small study with figures, claims and audit."""
    paths = render_study(small_study(tmp_path_factory.mktemp("browser")), judged=True)
    return paths.report / "index.html"
