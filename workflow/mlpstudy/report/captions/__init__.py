"""What is said of each figure: title, caption and text alternative, computed from the tables."""

from mlpstudy.report.captions.evidence import (
    causes,
    pairs,
    saturation,
    sensitivity,
    stuck,
    verdicts,
)
from mlpstudy.report.captions.models import (
    accuracies,
    architecture,
    comparison_curves,
    confusion,
    curves,
    groups,
    hardest,
)

__all__ = [
    "accuracies",
    "architecture",
    "causes",
    "comparison_curves",
    "confusion",
    "curves",
    "groups",
    "hardest",
    "pairs",
    "saturation",
    "sensitivity",
    "stuck",
    "verdicts",
]
