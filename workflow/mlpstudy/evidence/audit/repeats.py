"""Sentences about repeated runs, and models of which more than one run is printed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from mlpstudy.evidence.audit.classes import class_of, classes
from mlpstudy.evidence.audit.findings import Finding, showing
from mlpstudy.evidence.audit.images import TEST
from mlpstudy.evidence.audit.precision import short
from mlpstudy.evidence.audit.printed import Printed, Report
from mlpstudy.evidence.audit.quoting import accuracies_of, text_finding
from mlpstudy.evidence.audit.readings import Reading, of_form, together
from mlpstudy.evidence.audit.versions import runs_apart
from mlpstudy.evidence.audit.wording import listing, models, percent, points, sentence


def printed_runs(report: Report, model: str, name: str = "test_accuracy") -> list[Printed]:
    """Return one value for each run that the printed values of a quantity must be of."""
    values = [value for value in report.of(model, name) if value.printed]
    return [group[0] for group in runs_apart(values)]


def unsteady(report: Report, readings: Sequence[Reading]) -> Iterator[Finding]:
    """Find accuracies said to vary from run to run of which only one is printed."""
    single = [
        reading
        for reading in of_form(readings, "unsteady")
        if len(printed_runs(report, reading.models[0])) == 1
    ]
    if single:
        keys = [reading.models[0] for reading in single]
        text = (
            f"The accuracy of {models(keys)} is said to change with every run; one value of each "
            "is printed, to every digit, and is classed and compared like the others. Read kindly, "
            "the report at least says so."
        )
        yield text_finding(
            "unsteady", single, keys, accuracies_of(report, keys), text,
            "If it does, one run of a model hardly tells it from another.",
        )  # fmt: skip


def steady(report: Report, readings: Sequence[Reading]) -> Iterator[Finding]:
    """Find results said to be the same every time that are printed once, or differently."""
    for same in together(of_form(readings, "steady")):
        (model,) = same[0].models
        found = printed_runs(report, model)
        losses = printed_runs(report, model, "test_loss")
        runs = report.of(model, "runs")
        if len(found) + len(losses) > 2:
            values = [*found, *losses, *runs]
            text = (
                f"Printed are {listing(map(short, found))} and losses of "
                f"{listing(map(short, losses))}: not the same run each time"
            )
            text += f", where it was run {runs[0].printed} times" if runs else ""
            text += ". Read kindly, all of them are failures." if _alike(report, model) else "."
            matters = "How the other runs went is not told, nor which run the tables show."
        elif len(found) == 1 and not runs:
            values = [*found]
            text = (
                f"One accuracy is printed, {short(found[0])}, and no number of runs. Read kindly, "
                "the others were looked at and not written down."
            )
            matters = "Constancy is asserted where it should be shown."
        else:
            continue
        yield text_finding("steady", same, [model], values, text, matters)


def _alike(report: Report, model: str) -> bool:
    """Say whether every printed run of a model is of the class that the final table gives it."""
    ranges = classes(report).get(class_of(report, model), {})
    return bool(ranges) and all(
        value.number <= max(ranges.values()) for value in printed_runs(report, model)
    )


def better_run(report: Report) -> Iterator[Finding]:
    """Find models whose class is that of one of their runs, and would be another by the other."""
    ranks = list(classes(report).items())
    for model in report.models:
        own = class_of(report, model)
        for value in printed_runs(report, model)[1:] if own else []:
            lower = [name for name, group in ranks if value.number <= max(group.values())]
            if not lower or lower[0] == own:
                continue
            best = printed_runs(report, model)[0].number
            better = "better" if value.number < best else "worse"
            text = (
                f"{sentence(models([model]))} is {own} by its {percent(best)}; its other "
                f"printed accuracy, {short(value)}, would make it {lower[0]}. The {better} run "
                "counts. Read kindly, the report prints both; only the final table is silent."
            )
            final = [report.find(model, "class"), report.find(model, "test_accuracy"), value]
            yield Finding(
                "own_text", "better_run", model, (model,), "class",
                showing(v for v in final if v), text,
                "A model is judged by the run that was kept; by the same rule others might have "
                "been run until they went well.",
            )  # fmt: skip


def spread(report: Report, readings: Sequence[Reading]) -> Iterator[Finding]:
    """Find two runs of one model further apart than models whose difference is explained."""
    runs = {model: [v.number for v in printed_runs(report, model)] for model in report.models}
    widths = {model: max(found) - min(found) for model, found in runs.items() if len(found) > 1}
    pairs: dict[frozenset[str], Reading] = {}
    for reading in readings:
        if len(reading.models) == len(reading.others) == 1:
            pairs.setdefault(frozenset((*reading.models, *reading.others)), reading)
    gaps = {pair: _gap(report, pair) for pair in pairs}
    gaps = {pair: gap for pair, gap in gaps.items() if gap == gap}
    for model, width in widths.items():
        smaller = [pair for pair, gap in gaps.items() if gap < width]
        if not smaller or len(smaller) * 2 < len(gaps):
            continue
        shown = listing(f"{points(gaps[pair])}" for pair in sorted(smaller, key=lambda p: gaps[p]))
        text = (
            f"Two runs of {models([model])} are {points(width)} apart, further than {len(smaller)} "
            f"of the {len(gaps)} pairs of models whose difference is explained ({shown}). Read "
            "kindly, other models may vary less; of them one run each is printed."
        )
        text += _by_other_run(report, model, [pair for pair in gaps if model in pair])
        yield Finding(
            "own_text", "spread", model, (model,), "test_accuracy",
            showing(printed_runs(report, model)), text,
            "Unless the spread between runs is known, no difference between two single runs can "
            "be put down to the models.",
        )  # fmt: skip


def _by_other_run(report: Report, model: str, pairs: Sequence[frozenset[str]]) -> str:
    """Say what a model's own comparisons come to with its other run."""
    run = printed_runs(report, model)[-1]
    parts = [
        f"{points(run.number - report.number(other, 'test_accuracy'))} instead of "
        f"{points(_gap(report, pair))} from {models([other])}"
        for pair in pairs
        for other in pair - {model}
    ]
    return f" With its other run it is {listing(parts)}." if parts else ""


def _gap(report: Report, pair: frozenset[str]) -> float:
    first, second = (report.number(model, "test_accuracy") for model in pair)
    return abs(first - second)


def not_learnt(report: Report, readings: Sequence[Reading]) -> Iterator[Finding]:
    """Find models said to have learnt nothing that are right more often than by chance."""
    for reading in of_form(readings, "not_learnt"):
        (model,) = reading.models
        accuracy, nodes = report.number(model, "test_accuracy"), report.nodes(model)
        chance = 1 / nodes[-1] if nodes else math.nan
        error = math.sqrt(chance * (1 - chance) / TEST)
        if not accuracy > chance + 3 * error:
            continue
        text = (
            f"{round(accuracy * TEST):,} of {TEST:,} right is {(accuracy - chance) / error:.0f} "
            f"standard errors above chance, {percent(chance, 0)}. A network that answers with one "
            "class, whatever it sees, is right by chance exactly, as the test images are balanced. "
            "Read kindly, it is a figure of speech."
        )
        yield text_finding(
            "not_learnt", [reading], [model], accuracies_of(report, [model]), text,
            "It learnt something before it stopped: when and why it stops is the question.",
        )  # fmt: skip


def incompatible(report: Report, readings: Sequence[Reading]) -> Iterator[Finding]:
    """Find two sentences that the table of readings says cannot both be true."""
    for reading in of_form(readings, "incompatible"):
        other = report.sentences.get(reading.value)
        if other is None:
            continue
        second = reading._replace(sentence=other)
        yield text_finding(
            "incompatible", [reading, second], reading.models, [], reading.note,
            "One of the two cannot be as it is told.", "",
        )  # fmt: skip
