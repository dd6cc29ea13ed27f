"""The study's trainer beside what a user would pick instead, and beside the hardware's floor."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "workflow"))  # the package is used from the tree, not installed
