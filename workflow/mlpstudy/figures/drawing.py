"""Tables → figures, as SVG and PNG files that are the same bytes for the same tables."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import matplotlib as mpl

from mlpstudy.analysis.results import load_results
from mlpstudy.errors import StudyError
from mlpstudy.figures.catalogue import KINDS, Drawing, drawings
from mlpstudy.figures.curves import panels_of
from mlpstudy.figures.index import INDEX, Entry, write_index
from mlpstudy.figures.style import STYLE, save_figure


def draw(
    study: Path,
    tables: Path,
    reported: Path,
    data: Path | None,
    output: Path,
    group: str = "",
    processes: int = 1,
) -> None:
    """Draw figures of the report into the folder `output`; other figures there are removed.

    Each is NAME.svg and NAME.png; figures.json says what each shows (module `index`). The files
    have the same bytes for any number of processes.

    Args:
        study: the resolved study, study.json.
        tables: folder of the CSVs; tables of steps that have not run may be missing.
        reported: the report's own values, values.csv.
        data: folder of the prepared images, some of which are shown; None for none.
        output: folder of the figures.
        group: which of `index.GROUPS` to draw; empty for all of them.
        processes: how many processes draw at the same time.

    Raises:
        StudyError: an input is missing or is not what it should be, or a figure cannot be written.
    """
    results = load_results(study, reported, tables, data)
    with mpl.rc_context(STYLE):
        chosen = drawings(results, group)
        if min(processes, len(chosen)) > 1:
            # Tables that are read before the processes fork are read once.
            for name in {name for drawing in chosen for name in KINDS[drawing.kind].tables}:
                results.table(name)
            entries = _draw_with(processes, chosen, output)
        else:
            entries = [_draw(drawing, output) for drawing in chosen]
    write_index(output, entries)
    kept = {INDEX, *(name for entry in entries for name in (entry.file, entry.png))}
    for path in output.iterdir():
        if path.suffix in (".svg", ".png", ".json") and path.name not in kept:
            try:
                path.unlink()
            except OSError as error:
                raise StudyError(f"{path}: cannot be removed: {error.strerror}") from error


# What the processes draw. They inherit it: to pickle the tables for each figure would take longer.
_chosen: Sequence[Drawing] = ()


def _draw_with(processes: int, chosen: Sequence[Drawing], output: Path) -> list[Entry]:
    """Draw figures in several processes."""
    global _chosen
    _chosen = chosen
    fork = multiprocessing.get_context("fork")
    count = len(chosen)
    try:
        with ProcessPoolExecutor(min(processes, count), fork, _begin) as pool:
            return list(pool.map(_draw_numbered, range(count), [output] * count))
    except BrokenProcessPool as error:
        raise StudyError(
            f"{output}: a process that draws figures was killed, possibly out of memory;"
            " use fewer --processes"
        ) from error
    finally:
        _chosen = ()


def _begin() -> None:
    """Leave Ctrl-C to the parent process, and end if it is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _draw_numbered(number: int, output: Path) -> Entry:
    return _draw(_chosen[number], output)


def _draw(drawing: Drawing, output: Path) -> Entry:
    """Write the two files of a figure, and return what the index says of it."""
    kind, figure = KINDS[drawing.kind], drawing.draw()
    # A line does not end between a number and its sign.
    title, caption, alt = (text.replace(" %", "\N{NO-BREAK SPACE}%") for text in drawing.words)
    save_figure(figure, output, drawing.name, alt)
    width, height = (round(float(inches) * 72, 2) for inches in figure.get_size_inches())
    about = {name: drawing.subject.get(name, "") for name in ("model", "condition")}
    return Entry(
        drawing.name, drawing.kind, kind.section, title, caption, alt, kind.tables, width, height,
        **about, comparison=drawing.comparison, hover=panels_of(figure) if kind.hover else (),
    )  # fmt: skip
