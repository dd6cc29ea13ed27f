"""Training times of the study's trainer, of other tools, and a lower bound on them."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "workflow"))  # the package is used from the tree, not installed
