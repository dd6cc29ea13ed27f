"""Sentences about time and epochs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import combinations

from mlpstudy.evidence.audit.findings import Finding
from mlpstudy.evidence.audit.printed import Report
from mlpstudy.evidence.audit.quoting import accuracies_of, text_finding
from mlpstudy.evidence.audit.readings import Reading, of_form
from mlpstudy.evidence.audit.standing import times_of, total_seconds
from mlpstudy.evidence.audit.wording import listing, models, points, quantity, sentence


def per_epoch(report: Report, model: str) -> float:
    """Return the seconds of one epoch, of one fold where there are folds."""
    once = report.number(model, "seconds")
    return (once if once == once else report.number(model, "seconds_per_fold")) / report.number(
        model, "epochs"
    )


def too_long(report: Report, readings: Sequence[Reading]) -> Iterator[Finding]:
    """Find models called slow where smaller ones, not called so, take as long or longer in all."""
    for reading in of_form(readings, "too_long"):
        (model,) = reading.models
        own = total_seconds(report, model)
        times = {m: total_seconds(report, m) for m in report.models if m != model}
        nodes = sum(report.nodes(model))
        longer = {m: t for m, t in times.items() if t >= own and sum(report.nodes(m)) < nodes}
        if not longer or math.isnan(per_epoch(report, model)):
            continue
        shown = listing(f"{models([m])} takes {t:.0f} s" for m, t in longer.items())
        text = (
            f"{sentence(models([model]))} takes {own:.0f} s in all, but of the smaller ones {shown}"
        )
        praised = [r for r in of_form(readings, "ideal") if set(r.models) & set(longer)]
        if praised:
            text += f", and {models(praised[0].models)} is called ideal considering its time"
        pace = per_epoch(report, model)
        slower = [m for m in times if per_epoch(report, m) > pace]
        text += (
            f". Read kindly, an epoch is meant: with {pace:.1f} s it is "
            f"{'the slowest' if not slower else f'slower than all but {models(slower)}'}."
        )
        keys = [model, *longer]
        yield text_finding(
            "too_long", [reading, *praised], keys, times_of(report, keys), text,
            "Time is held against one model and not against another that takes more of it.",
            "seconds",
        )  # fmt: skip


def fewer_epochs(report: Report, readings: Sequence[Reading]) -> Iterator[Finding]:
    """Find savings of epochs between models trained for equally many."""
    for reading in of_form(readings, "fewer_epochs"):
        pair = (*reading.models, *reading.others)
        first, second = (report.number(model, "epochs") for model in pair)
        if not first >= second:
            continue
        text = (
            f"{sentence(models(pair))} are trained for {first:.0f} and {second:.0f} epochs: no "
            "printed number shows a saving. Read kindly, it says what the method is for."
        )
        yield text_finding(
            "fewer_epochs", [reading], pair, [report.find(m, "epochs") for m in pair], text,
            "A textbook sentence stands where a result is expected.", "epochs",
        )  # fmt: skip


def longer_is_better(report: Report, readings: Sequence[Reading]) -> Iterator[Finding]:
    """Find a like model that was trained for longer and is not better."""
    for reading in of_form(readings, "longer_is_better"):
        (model,), found = reading.models, report.accuracies()
        for other in found if model in found else {}:
            alike = other != model and all(
                report.setting(other, name) == report.setting(model, name)
                for name in ("activation", "loss_function")
            )
            same_depth = len(report.nodes(other)) == len(report.nodes(model))
            more = report.number(other, "epochs") > report.number(model, "epochs")
            if not (alike and same_depth and more and found[other] < found[model]):
                continue
            rest = [n for n in report.differing(model, other) if n not in ("epochs", "optimizer")]
            text = (
                f"{sentence(models([other]))}, of the same activation, loss function and number "
                f"of layers, is trained for {report.number(other, 'epochs'):.0f} epochs instead of "
                f"{report.number(model, 'epochs'):.0f} and is "
                f"{points(found[model] - found[other])} worse."
            )
            if rest:
                text += f" Read kindly, it differs also in {listing(map(quantity, rest))}."
            keys = [model, other]
            values = [*(report.find(m, "epochs") for m in keys), *accuracies_of(report, keys)]
            yield text_finding(
                "longer_is_better", [reading], keys, values, text,
                "The one model that could bear the sentence out speaks against it.", "epochs",
            )  # fmt: skip


def no_effect(report: Report, readings: Sequence[Reading]) -> Iterator[Finding]:
    """Find times that differ between models that do and do not have a setting said to be idle."""
    for reading in of_form(readings, "no_effect"):
        name, pairs = reading.quantity, []
        for a, b in combinations(report.models, 2):
            same = all(report.setting(a, n) == report.setting(b, n) for n in ("nodes", "epochs"))
            if same and report.setting(a, name) != report.setting(b, name):
                pairs.append((a, b) if report.setting(b, name) == "false" else (b, a))
        pairs = [(a, b) for a, b in pairs if total_seconds(report, a) < total_seconds(report, b)]
        if not pairs:
            continue
        parts = [
            f"{models([a])} takes {total_seconds(report, a):.0f} s with it and {models([b])} "
            f"{total_seconds(report, b):.0f} s without"
            for a, b in pairs
        ]
        keys = [model for pair in pairs for model in pair]
        text = f"With the same nodes and epochs, {listing(parts)}."
        kindly = [reading.note.rstrip(".")] * bool(reading.note)
        if all(report.differing(a, b) != [name] for a, b in pairs):
            kindly.append(f"{'the' if len(pairs) == 1 else 'each'} pair differs in more than that")
        text += f" Read kindly, {listing(kindly)}." if kindly else ""
        yield text_finding(
            "no_effect", [reading], keys, times_of(report, keys), text,
            "What changes the time may change the result as well.", "seconds",
        )  # fmt: skip
