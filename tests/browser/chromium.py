"""The Chromium that the tests and the screenshots drive: the system's own."""

from __future__ import annotations

import shutil

from playwright.sync_api import Browser, Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
# Nothing that would leave the machine, or needs what a container does not have.
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


def find() -> str | None:
    """Return the path of a Chromium or Chrome; None where there is none."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def launch(playwright: Playwright) -> Browser:
    """Start the browser without a window."""
    return playwright.chromium.launch(executable_path=find(), args=FLAGS)
