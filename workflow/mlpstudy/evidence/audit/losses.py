"""Losses against accuracies: what the one says of the other, and what it rules out.

With p the probability of the true class, an image that is classified rightly has p >= 1/classes
(it is the largest of so many), one that is classified wrongly has p <= 1/2. Keras 2's KL divergence
clips p to [1e-7, 1], so that no image costs more than -log(1e-7) = 16.118. Therefore, of a share
`a` classified rightly,

    loss >= (1 - a) log 2                                       for any loss
    loss <= (1 - a) 16.118 + a log(classes)                     for the clipped KL divergence

and where every answer is certain, the clipped KL divergence is 16.118 (1 - a) exactly.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from mlpstudy.evidence.audit.findings import Finding, showing
from mlpstudy.evidence.audit.images import TEST
from mlpstudy.evidence.audit.printed import Printed, Report
from mlpstudy.evidence.audit.wording import models, percent

KIND = "arithmetic"

CEILING = -math.log(1e-7)


class Pair(NamedTuple):
    """A loss and the accuracy printed beside it: same model, same section, same list."""

    loss: Printed
    accuracy: Printed
    clipped: bool
    classes: int

    @property
    def saturated(self) -> float:
        """The loss of certain answers of this accuracy."""
        return CEILING * (1 - self.accuracy.number)

    @property
    def range(self) -> tuple[float, float]:
        """The least and the greatest loss that the accuracy allows, its last digit considered."""
        half = self.accuracy.resolution / 2
        low, high = self.accuracy.number - half, self.accuracy.number + half
        most = CEILING * (1 - low) + low * math.log(self.classes)
        return (1 - high) * math.log(2), most if self.clipped else math.inf


def pairs(report: Report) -> list[Pair]:
    """Return every loss with the accuracy of the same model that stands in the same list."""
    found = []
    for loss in (value for value in report.values if value.quantity == "test_loss"):
        beside = [
            value
            for value in report.of(loss.model, "test_accuracy")
            if value.section == loss.section and value.printed and loss.printed
        ]
        nodes = report.nodes(loss.model)
        if beside and nodes:
            clipped = report.setting(loss.model, "loss_function") == "kl_divergence"
            found.append(Pair(loss, beside[0], clipped, nodes[-1]))
    return found


def saturated(report: Report) -> Iterator[Finding]:
    """Find losses that are the ceiling times the share of wrong answers, to within an image."""
    seen: set[str] = set()
    for pair in pairs(report):
        model = pair.loss.model
        image = CEILING / TEST
        exact = pair.loss.resolution + CEILING * pair.accuracy.resolution < image
        away = pair.loss.number - pair.saturated
        if not (pair.clipped and exact) or abs(away) > image or model in seen:
            continue
        seen.add(model)
        text = (
            f"{percent(pair.accuracy.number)} right makes 16.118 x (1 - "
            f"{pair.accuracy.number:.4f}) = {pair.saturated:.4f} for a KL divergence clipped at "
            f"1e-7 with every answer certain; printed is {pair.loss.number:.4f}, "
            f"{abs(away):.1g} away, where one image counts for {image:.1g}. So practically every "
            f"wrong answer of {models([model])} costs the most it can, and there the clipped loss "
            "has practically no gradient."
        )
        matters = (
            "Where the loss function gives no gradient nothing more is learnt: depth, nodes and "
            "activation need not explain the wrong answers."
        )
        yield Finding(
            KIND, "saturated", model, (model,), "test_loss",
            showing([pair.loss, pair.accuracy]), text, matters,
        )  # fmt: skip


def impossible(report: Report) -> Iterator[Finding]:
    """Find losses that no network of the accuracy beside them can have."""
    for pair in pairs(report):
        least, most = pair.range
        half = pair.loss.resolution / 2
        if least <= pair.loss.number + half and pair.loss.number - half <= most:
            continue
        model = pair.loss.model
        bound = f"at most {most:.2f}" if pair.loss.number > most else f"at least {least:.2f}"
        text = (
            f"With {pair.accuracy.printed.strip('% ')} % right, {_NAMES[pair.clipped]} is {bound}; "
            f"{models([model])} has {pair.loss.printed} beside it."
        )
        yield Finding(
            KIND, "impossible", f"{model}-{pair.loss.printed}", (model,), "test_loss",
            showing([pair.loss, pair.accuracy]), text + _implied(pair), _IMPOSSIBLE,
        )  # fmt: skip


_NAMES = {True: "a KL divergence clipped at 1e-7, as Keras 2 clips it,", False: "a loss"}
_IMPOSSIBLE = (
    "Two numbers of one row are of different runs, so there was at least one run more than the "
    "report tells of."
)


def _implied(pair: Pair) -> str:
    """Say which accuracy the loss belongs to, if every answer is certain."""
    implied = 1 - pair.loss.number / CEILING
    if not pair.clipped or not 0 <= implied <= 1:
        return ""
    chance = CEILING * (1 - 1 / pair.classes)
    if round(chance, pair.loss.decimals) == pair.loss.number:
        text = (
            f" It is 16.118 x (1 - 1/{pair.classes}) = {chance:.2f}, the loss of one class of "
            f"{pair.classes} for every image: {percent(1 / pair.classes)} right"
        )
    else:
        text = f" It is the loss of {percent(implied)} right with every answer certain"
    return text + ". Read kindly, loss and accuracy are of two runs."
