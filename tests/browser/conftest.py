"""A headless Chromium, and pages for it to open. Skipped where there is no Chromium."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))

from pages_fixture import render_study
from playwright.sync_api import Browser, sync_playwright
from studies import small_study

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
# Nothing that would leave the machine, or needs what a container does not have.
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium: install Debian's package chromium to test the page in a browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a small study with figures, claims and audit."""
    paths = render_study(small_study(tmp_path_factory.mktemp("browser")), judged=True)
    return paths.report / "index.html"
