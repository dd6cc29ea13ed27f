"""The texts of each figure: title, caption and text alternative.

The sentences are in templates/figures, one file per kind of figure, which sets the three texts.
The modules of the figures compute the values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from mlpstudy import formats
from mlpstudy.files import shipped


class Words(NamedTuple):
    """Title, caption, and what a reader who cannot see the figure reads in its place."""

    title: str
    caption: str
    alt: str


@cache
def _environment() -> Environment:
    jinja = Environment(
        loader=FileSystemLoader(shipped("templates") / "figures"),
        undefined=StrictUndefined,
        autoescape=False,
    )
    names = "count given_percent heading listing loss percent plural quoted share span word"
    jinja.filters.update({name: getattr(formats, name) for name in names.split()})
    jinja.filters["replicates"] = _replicates
    return jinja


def _replicates(numbers: tuple[int, int]) -> str:
    """Return `12 replicates`, or `6 to 12 replicates` where models differ."""
    low, high = numbers
    if not high:
        return "no replicates"
    text = formats.plural(high, "replicate")
    return text if low == high else f"{low} to {text}"


def words(template: str, values: Mapping[str, Any]) -> Words:
    """Return the texts of a figure, from the template templates/figures/NAME.j2.

    White space within a template has no meaning.
    """
    module = _environment().get_template(f"{template}.j2").make_module(dict(values))
    texts = (getattr(module, name) for name in Words._fields)
    return Words(*(re.sub(r"[ \n]+", " ", text).strip() for text in texts))
