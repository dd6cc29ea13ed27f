"""Where the folders are that come with the package."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).parent


def shipped(folder: str) -> Path:
    """Return `templates`: beside the package in a checkout, inside it once installed.

    In a checkout they are where Snakemake's users look for them; pip puts them into the package.
    """
    inside = PACKAGE / folder
    return inside if inside.is_dir() else PACKAGE.parent / folder
