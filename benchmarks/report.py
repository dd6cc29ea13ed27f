"""The summary as a Markdown page."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pandas as pd

from benchmarks import markdown
from benchmarks.measuring import Measured
from benchmarks.study import Model
from benchmarks.summary import FLOOR, OURS, STUDY
from benchmarks.targets import Verdict

TIMES = "\u00d7"
RUNS = (
    "The benchmark was run several times, with new processes each time. The figure of a run is "
    "the median of its own rounds; all other figures on this page are of all rounds of all runs."
)


def columns(measured: Sequence[str]) -> list[str]:
    """Return the contenders in the order of the tables: floor, ours, then peers."""
    first = [name for name in (FLOOR, OURS) if name in measured]
    others = [name for name in measured if name.startswith("ours") and name not in first]
    peers = [name for name in measured if name not in first and name not in others]
    return [*first, *sorted(others), *sorted(peers)]


def page(
    summary: pd.DataFrame,
    measured: Measured,
    models: Sequence[Model],
    found: Sequence[Verdict],
    machine: str,
    study: str,
    repeats: str = "",
) -> str:
    """Return the whole page; `study` names the models measured, all together.

    `repeats` is the table of several runs, if there were several.
    """
    titles = {model.name: f"{model.name} · {model.description}" for model in models}
    titles[STUDY] = f"**{study}, weighted**"
    rounds = measured.rows["round"].nunique()
    parts = [
        "# Benchmark",
        f"{machine}.",
        f"Core-milliseconds of one training step of one model: wall-clock time {TIMES} cores, "
        f"medians of {rounds} interleaved rounds, every contender with its best number of cores. "
        "See benchmarks/README.md for what is measured and why.",
        *(["## Targets", _targets(found)] if found else []),
        *(["## Run by run", RUNS, repeats] if repeats else []),
        "## Time of a training step",
        _table(summary, measured.labels, titles, "core_milliseconds", ".3f"),
    ]
    for column, heading in {
        "over_floor": "## Times the floor",
        "over_ours": "## Times ours",
        "wall_over_ours": "## Times ours, if only the peer's wall-clock time counts",
    }.items():
        if summary[column].notna().any():
            parts += [heading, _table(summary, measured.labels, titles, column, ".2f")]
        if column == "wall_over_ours":
            parts.append("Here the second core of a peer is not counted; ours runs on one core.")
    if measured.left_out:
        parts += ["## Left out", _left_out(measured.left_out, measured.labels)]
    parts += [f"## {study}", _weights(summary, measured.labels, models)]
    return "\n\n".join(parts) + "\n"


def _targets(found: Sequence[Verdict]) -> str:
    lines = [
        "| target | limit | median | lowest, highest round | |",
        "| --- | --- | --: | --: | --- |",
    ]
    for each in found:
        met = "met" if each.met else "**missed**"
        lines.append(
            f"| {each.text} | {each.shown_limit} | {each.median:.2f} "
            f"| {each.low:.2f}, {each.high:.2f} | {met} |"
        )
    return "\n".join(lines)


def _table(
    summary: pd.DataFrame,
    labels: Mapping[str, str],
    titles: Mapping[str, str],
    column: str,
    form: str,
) -> str:
    values = summary.pivot_table(index="model", columns="contender", values=column)
    shown = [name for name in columns(list(labels)) if name in values]
    rows = []
    for name, title in titles.items():
        if name in values.index:
            cells = [float(values[contender][name]) for contender in shown]
            rows.append([title, *("—" if math.isnan(v) else format(v, form) for v in cells)])
    return markdown.table(["model", *(labels[name] for name in shown)], rows)


def _left_out(left_out: Mapping[tuple[str, str], str], labels: Mapping[str, str]) -> str:
    lines = []
    for peer in sorted({peer for _, peer in left_out}):
        missing = [f"{m} ({why})" for (m, name), why in sorted(left_out.items()) if name == peer]
        lines.append(f"- {labels[peer]} cannot express {', '.join(missing)}.")
    return "\n".join(lines)


def _weights(summary: pd.DataFrame, labels: Mapping[str, str], models: Sequence[Model]) -> str:
    steps = sum(model.steps for model in models)
    study = summary[summary["model"] == STUDY].set_index("contender")["core_milliseconds"]
    shown = [name for name in columns(list(labels)) if name in study]
    rows = [[labels[name], f"{study[name] * steps / 6e4:.2f}"] for name in shown]
    return (
        "The weight of a model is its number of steps. Over all epochs and folds, one replicate of "
        f"these {len(models)} models has {steps:,} steps. They take these core-minutes:\n\n"
    ) + markdown.table(["contender", "core-minutes"], rows)
