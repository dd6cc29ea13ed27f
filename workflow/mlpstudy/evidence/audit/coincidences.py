"""Numbers that agree, or differ, more than they should, with a probability where one is honest."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np
from scipy.stats import binom, norm

from mlpstudy.evidence.audit.findings import Finding, showing
from mlpstudy.evidence.audit.images import TEST
from mlpstudy.evidence.audit.losses import CEILING
from mlpstudy.evidence.audit.orders import matched
from mlpstudy.evidence.audit.precision import FULL_PRECISION
from mlpstudy.evidence.audit.printed import Report
from mlpstudy.evidence.audit.wording import (
    counted,
    listing,
    models,
    percent,
    quantity,
    sentence,
    setting,
)
from mlpstudy.evidence.reported import DETAILS

KIND = "coincidence"

# How many models must agree in their seconds, and how far the slowest of like models may be from
# the quickest, before it is a finding.
AGREEING, APART = 3, 1.5


def same_result(report: Report) -> Iterator[Finding]:
    """Find different models with the same loss and the same accuracy to every digit."""
    for first, second in combinations(report.models, 2):
        pairs = [
            (report.find(first, name), report.find(second, name))
            for name in ("test_loss", "test_accuracy")
        ]
        full = [(a, b) for a, b in pairs if a and b and a.decimals >= FULL_PRECISION]
        differ = report.differing(first, second)
        if len(full) < 2 or any(a.printed != b.printed for a, b in full) or not differ:
            continue
        (loss, _), (accuracy, _) = full
        text = (
            f"{sentence(models([first, second]))} differ in {listing(map(quantity, differ))}, "
            f"and print the same loss and the same accuracy to the last of {loss.decimals} "
            f"decimals. Even two networks equally good, erring independently, are right on the "
            f"same number of images in 1 of {1 / agreement(accuracy.number):.0f} trials"
        )
        clipped = report.setting(first, "loss_function") == "kl_divergence"
        if clipped and abs(loss.number - CEILING * (1 - accuracy.number)) < CEILING / TEST:
            text += "; the loss then follows, as both are saturated, but for its last digits"
        text += ". Read kindly, both ended in the same answers; or one was copied from the other."
        yield Finding(
            KIND, "same_result", f"{first}-{second}", (first, second), "test_loss",
            showing(value for pair in full for value in pair), text,
            "One of the two results may not be of the model under which it stands.",
        )  # fmt: skip


def agreement(accuracy: float) -> float:
    """Return the probability that two independent counts of this accuracy are equal."""
    return float(np.sum(binom.pmf(np.arange(TEST + 1), TEST, accuracy) ** 2))


def same_seconds(report: Report) -> Iterator[Finding]:
    """Find different models that take the same number of seconds."""
    found: dict[tuple[float, str], list[str]] = {}
    for value in report.values:
        if value.section == DETAILS and value.quantity == "seconds" and not value.approximate:
            epochs = report.setting(value.model, "epochs")
            if epochs and report.nodes(value.model):
                found.setdefault((value.number, epochs), []).append(value.model)
    for (seconds, epochs), keys in found.items():
        designs = {(report.nodes(m), report.setting(m, "activation")) for m in keys}
        if len(keys) < AGREEING or len(designs) < AGREEING:
            continue
        nodes = [sum(report.nodes(model)) for model in keys]
        kinds = {report.setting(model, "activation") for model in keys}
        text = (
            f"{counted(len(keys), 'model')} with {min(nodes)} to {max(nodes)} nodes and "
            f"{counted(len(kinds), 'activation')} take {seconds:.0f} s each for {epochs} "
            "epochs. If runs scattered with a standard deviation of one second only, so many would "
            f"agree to the second in {percent(all_in_one_second(len(keys)))} of cases. Read "
            "kindly, networks so small take the time of their steps, and all have equally many."
        )
        values = [value for m in keys for value in report.of(m, "seconds", "epochs")]
        yield Finding(
            KIND, "same_seconds", f"{seconds:.0f}s-{epochs}-epochs", tuple(keys), "seconds",
            showing(v for v in values if v.section == DETAILS), text,
            "The time may have been measured once and copied with the rest of the list, and then "
            "other lines may have been copied too.",
        )  # fmt: skip


def all_in_one_second(number: int, sd: float = 1.0) -> float:
    """Return the probability that so many normal times agree when rounded to seconds.

    Their mean is taken to be a whole second, where it is most likely.
    """
    edges = np.arange(-10.5, 11.5) * 1.0
    shares = np.diff(norm.cdf(edges, scale=sd))
    return float(np.sum(shares**number))


def unequal_seconds(report: Report) -> Iterator[Finding]:
    """Find models alike in all but the activation of which one takes far longer than another."""
    for alike in matched(report, "activation", report.models):
        times = {model: report.number(model, "seconds") for model in alike}
        times = {model: time for model, time in times.items() if time == time}
        ratio = max(times.values(), default=0.0) / min(times.values(), default=1.0)
        if ratio < APART:
            continue
        shown = listing(
            f"{time:.0f} s ({setting(report.setting(model, 'activation'))})"
            for model, time in times.items()
        )
        text = (
            f"{sentence(models(times))} have the same nodes, epochs and everything else but the "
            f"activation, and take {shown}: the slowest {ratio:.1f} times as long as the quickest. "
            "Read kindly, the machine had other work."
        )
        values = [value for m in times for value in report.of(m, "seconds")]
        yield Finding(
            KIND, "unequal_seconds", "-".join(times), tuple(times), "seconds",
            showing(v for v in values if v.section == DETAILS), text,
            "Times that scatter so among equal models say little about the cost of unequal ones.",
        )  # fmt: skip
