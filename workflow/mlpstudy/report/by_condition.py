"""What tables and sentences of the report share: the colour and the label of a condition."""

from __future__ import annotations

from typing import Any

from mlpstudy.config.study import Study
from mlpstudy.figures.palette import series
from mlpstudy.formats import heading, word
from mlpstudy.report.layout import Cell, Column, Finding


def tone(study: Study, condition: str) -> str:
    """Return the CSS variable of a condition's colour."""
    return series(list(study.conditions).index(condition)).variable


def condition_columns(study: Study, condition: str, *labels: str) -> list[Column]:
    """Return columns of numbers under the condition's label."""
    group, colour = study.condition_label(condition), tone(study, condition)
    return [Column(label, group=group, tone=colour) for label in labels]


def condition_finding(study: Study, condition: str, text: str) -> Finding:
    """Return a sentence about one condition."""
    label = heading(study.condition_label(condition))
    return Finding(text.replace(" %", "\N{NO-BREAK SPACE}%"), label, tone(study, condition))


def class_cell(name: Any) -> Cell:
    """Return a class as a cell; a model without one gets an empty cell."""
    text = str(name or "")
    return Cell(text.capitalize(), text) if text else Cell(word(None))
