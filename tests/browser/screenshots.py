"""Pictures of a rendered report for docs/: its first screen, and the section of one model.

    python tests/browser/screenshots.py results/report/index.html docs [m05]

writes docs/report-first-screen.png and docs/report-model.png, each below 300 kB.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parent))

from chromium import launch

LIMIT = 300_000
COLOURS = (256, 128, 64, 32)
SCREEN = {"width": 1440, "height": 900}


def main(page: Path, folder: Path, model: str) -> None:
    """Take both pictures of `page` and write them into `folder`."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        tab = browser.new_page(viewport=SCREEN, color_scheme="light", reduced_motion="reduce")
        tab.goto(page.resolve().as_uri())
        pictures = {"report-first-screen.png": tab.screenshot()}
        pictures["report-model.png"] = tab.locator(f"#{model}").screenshot()
        browser.close()
    for name, picture in pictures.items():
        (folder / name).write_bytes(small(picture))


def small(picture: bytes) -> bytes:
    """Return a PNG with as many colours as the limit allows."""
    if len(picture) < LIMIT:
        return picture
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    for colours in COLOURS:
        with io.BytesIO() as buffer:
            image.quantize(colours, dither=Image.Dither.NONE).save(buffer, "PNG", optimize=True)
            if buffer.tell() < LIMIT:
                return buffer.getvalue()
    raise SystemExit(f"a picture of {image.size} does not fit into {LIMIT} bytes")


if __name__ == "__main__":
    arguments = sys.argv[1:]
    if len(arguments) not in (2, 3):
        raise SystemExit(__doc__)
    main(Path(arguments[0]), Path(arguments[1]), (arguments[2:] or ["m05"])[0])
