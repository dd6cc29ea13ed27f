"""The index of the figures: figures.json, from which pages take captions and texts.

Knows nothing of how figures are drawn, so that pages need no drawing library.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter, computed_field
from pydantic.dataclasses import dataclass

from mlpstudy.errors import StudyError
from mlpstudy.files import write_text

INDEX = "figures.json"
OVERVIEW = "overview.svg"

# Where a figure belongs on a page, and under which heading `snakemake --report` lists it.
SECTIONS = {
    "summary": "Overview",
    "models": "Models",
    "comparisons": "Comparisons",
    "groups": "Activation functions",
    "conclusions": "Conclusions",
    "cause": "Cause of failure",
    "pairs": "Every pair of models",
    "sensitivity": "Sensitivity to assumptions",
}

# Figures that the workflow draws in one job: `pairs` from contrasts.csv, `verdicts` from claims.csv
# and `study`, which has all others, from neither.
GROUPS = ("study", "pairs", "verdicts")


@dataclass(frozen=True)
class Median:
    """The median of the replicates under a condition.

    Attributes:
        label: of the condition.
        colour: the CSS variable of its colour, without its dashes.
        values: by epoch, from the first; None for no finite value. Accuracies are in per cent.
    """

    label: str
    colour: str
    values: tuple[float | None, ...]


@dataclass(frozen=True)
class Panel:
    """One pair of axes of a figure of learning curves, for what a page shows on hovering.

    Attributes:
        label: what the panel shows.
        box: left, top, width and height in points, from the upper left of the figure.
        epochs: those at the left and the right edge.
        medians: of the conditions.
    """

    label: str
    box: tuple[float, float, float, float]
    epochs: tuple[float, float]
    medians: tuple[Median, ...]


PANELS = TypeAdapter(tuple[Panel, ...])


@dataclass(frozen=True)
class Entry:
    """One figure: NAME.svg and NAME.png, with its texts.

    Attributes:
        name: of its files, without suffix.
        kind: what is drawn: overview, curves, architecture, ….
        section: a key of SECTIONS.
        title: a few words.
        caption: what is shown and what to see in it, computed; a sentence or a few.
        alt: what a reader who cannot see it is told in its place.
        tables: names of the CSVs that its marks are drawn from.
        width, height: in points.
        model, condition, comparison: what it is about; empty where it is about all.
        hover: the panels of learning curves; empty, and not in the file, for other kinds.
        folder: of its files, within the folder of all figures; empty for that folder itself.
    """

    name: str
    kind: str
    section: str
    title: str
    caption: str
    alt: str
    tables: tuple[str, ...]
    width: float
    height: float
    model: str = ""
    condition: str = ""
    comparison: str = ""
    hover: tuple[Panel, ...] = Field(default=(), exclude_if=lambda panels: not panels)
    folder: Annotated[str, Field(exclude=True)] = ""

    @computed_field  # type: ignore[prop-decorator]
    @property
    def file(self) -> str:
        """Path of the SVG, relative to the folder of all figures."""
        return f"{self.folder}/{self.name}.svg" if self.folder else f"{self.name}.svg"

    @computed_field  # type: ignore[prop-decorator]
    @property
    def png(self) -> str:
        """Path of the PNG, relative to the folder of all figures."""
        return f"{self.file.removesuffix('.svg')}.png"

    @computed_field  # type: ignore[prop-decorator]
    @property
    def category(self) -> str:
        """Heading of its section."""
        return SECTIONS[self.section]

    @property
    def hover_json(self) -> str:
        """The panels as JSON, for the page's script."""
        return PANELS.dump_json(self.hover).decode()


class FigureIndex(tuple[Entry, ...]):
    """All figures of a study, in the order of the report."""

    def find(self, **fields: str) -> list[Entry]:
        """Return the figures whose attributes are as given, such as section and model."""
        return [e for e in self if all(getattr(e, name) == fields[name] for name in fields)]

    def get(self, name: str) -> Entry | None:
        """Return the figure called `name`; None if the study has none."""
        return next(iter(self.find(name=name)), None)


ENTRIES = TypeAdapter(list[Entry])


def write_index(folder: Path, entries: Iterable[Entry]) -> None:
    """Write figures.json: a list of objects, an Entry each with its `file`, `png`, `category`."""
    text = ENTRIES.dump_json(list(entries), indent=1).decode()
    write_text(folder / INDEX, f"{text}\n")


def load_index(folder: Path) -> FigureIndex:
    """Read the index of the figures in `folder`, in the order of the report.

    `folder` has one figures.json, or a subfolder for each of GROUPS with a figures.json of its own.

    Raises:
        StudyError: an index is missing or is not what `draw` writes.
    """
    if not any((folder / group).is_dir() for group in GROUPS):
        return FigureIndex(_read(folder / INDEX))
    entries = (
        replace(entry, folder=group) for group in GROUPS for entry in _read(folder / group / INDEX)
    )
    return FigureIndex(sorted(entries, key=lambda entry: rank(entry.section)))


def rank(section: str) -> int:
    """Return the position of a section in the report."""
    return list(SECTIONS).index(section)


def _read(path: Path) -> list[Entry]:
    try:
        return ENTRIES.validate_json(path.read_bytes())
    except FileNotFoundError as error:
        raise StudyError(f"{path}: missing; the step that draws figures has not run") from error
    except (OSError, ValueError) as error:
        problem = repr(error).partition("\n")[0]
        raise StudyError(f"{path}: expected the index that `draw` writes ({problem})") from error
