"""What the study says of claims whose truth is known: each form alone, and twenty at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np

from benchmarks.intervals.pairs import MARGIN
from benchmarks.intervals.results import Key, Row, row
from benchmarks.intervals.shapes import REPLICATES, Array, Shape, normal, skewed
from mlpstudy.evidence.claims.findings import (
    CONTRADICTED,
    LEVEL,
    SUPPORTED,
    UNDECIDED,
    Count,
    Finding,
    more_failures,
    share,
)
from mlpstudy.evidence.claims.orderings import ACCURACY, EPOCHS, SPREAD, Pair, equivalent, ordered
from mlpstudy.evidence.statistics import holm

MEDIUM = 0.5
BOTH = (SUPPORTED, CONTRADICTED)

Judge = Callable[[Array], Finding]  # of runs, shape (models, replicates)


@dataclass(frozen=True)
class Case:
    """A claim of some form on models of known distributions, the right verdict and the wrong ones.

    Where neither the claim nor its contrary is true the right verdict is none.
    """

    name: str
    judge: Judge
    models: tuple[Shape, ...]
    right: str

    @property
    def wrong(self) -> tuple[str, ...]:
        """The verdicts that would be false."""
        return tuple(verdict for verdict in BOTH if verdict != self.right)


def _pair(upper: Array, lower: Array, margin: float = MARGIN, by: float = 0.0) -> Pair:
    return Pair(upper, lower, ("", ""), margin, by)


def _higher(by: float = 0.0) -> Judge:
    return lambda runs: ordered([_pair(runs[0], runs[1], by=by)], ACCURACY)


def _best(runs: Array) -> Finding:
    return ordered([_pair(runs[0], other) for other in runs[1:]], ACCURACY)


def _rank_order(runs: Array) -> Finding:
    return ordered([_pair(*two) for two in pairwise(runs)], ACCURACY)


def _equivalent(runs: Array) -> Finding:
    return equivalent(_pair(runs[0], runs[1]))


def _varies_more(runs: Array) -> Finding:
    away = np.abs(runs - np.median(runs, axis=1, keepdims=True))
    return ordered([_pair(away[0], away[1])], SPREAD)


def _failures(runs: Array) -> Count:
    return Count(int((runs < MEDIUM).sum()), runs.size, runs.shape[-1], "")


def _fails_more(runs: Array) -> Finding:
    return more_failures(_failures(runs[0]), _failures(runs[1]))


def _most_fail(runs: Array) -> Finding:
    return share(_failures(runs), 0.5, "")


def _sooner(runs: Array) -> Finding:
    return ordered([_pair(runs[1], runs[0], margin=1.0)], EPOCHS)


def _epochs(mean: float) -> Shape:
    """Return whole epochs about `mean`, most within one of it."""
    return Shape(f"{mean:g} epochs", "", lambda u: np.round(normal(mean, 0.8).quantile(u)))


ALIKE, LOTTERY = normal(), normal(failing=0.3)
UP, DOWN = normal(0.87), normal(0.83)

CASES = (
    Case("higher: alike, sd 1", _higher(), (ALIKE, ALIKE), CONTRADICTED),
    Case("higher: 30 % of both fail", _higher(), (LOTTERY, LOTTERY), UNDECIDED),
    Case("higher: by 2 points, sd 1", _higher(), (UP, ALIKE), SUPPORTED),
    Case("higher: by 1 point, sd 0.5", _higher(),
         (normal(0.86, 0.005), normal(sd=0.005)), SUPPORTED),
    Case("higher: lower by 2 points", _higher(), (ALIKE, UP), CONTRADICTED),
    Case("higher by 2 points: just so", _higher(0.02), (UP, ALIKE), UNDECIDED),
    Case("higher by 2 points: by 4", _higher(0.02), (UP, DOWN), SUPPORTED),
    Case("equivalent: alike, sd 0.3", _equivalent, (normal(sd=0.003),) * 2, SUPPORTED),
    Case("equivalent: 30 % of both fail", _equivalent, (LOTTERY, LOTTERY), UNDECIDED),
    Case("equivalent: 2 points apart", _equivalent, (UP, ALIKE), CONTRADICTED),
    Case("best: of four, 30 % fail", _best, (LOTTERY,) * 4, UNDECIDED),
    Case("best: 2 points above three", _best, (UP, ALIKE, ALIKE, ALIKE), SUPPORTED),
    Case("best: 2 points below one of three", _best, (ALIKE, UP, DOWN, DOWN), CONTRADICTED),
    Case("rank order: of four, 30 % fail", _rank_order, (LOTTERY,) * 4, UNDECIDED),
    Case("rank order: steps of 2 points", _rank_order, (UP, ALIKE, DOWN), SUPPORTED),
    Case("rank order: two swapped", _rank_order, (ALIKE, UP, DOWN), CONTRADICTED),
    Case("varies more: alike, sd 1", _varies_more, (ALIKE, ALIKE), CONTRADICTED),
    Case("varies more: alike, skewed", _varies_more, (skewed(), skewed()), CONTRADICTED),
    Case("varies more: 30 % of both fail", _varies_more, (LOTTERY, LOTTERY), UNDECIDED),
    Case("varies more: sd 4 against 1", _varies_more, (normal(sd=0.04), ALIKE), SUPPORTED),
    Case("varies more: 30 % fail against none", _varies_more, (LOTTERY, ALIKE), SUPPORTED),
    Case("sooner: alike", _sooner, (_epochs(4), _epochs(4)), CONTRADICTED),
    Case("sooner: by 2 epochs", _sooner, (_epochs(4), _epochs(6)), SUPPORTED),
    Case("fails more: 30 % of both fail", _fails_more, (LOTTERY, LOTTERY), UNDECIDED),
    Case("fails more: 70 % against 10 %", _fails_more,
         (normal(failing=0.7), normal(failing=0.1)), SUPPORTED),
    Case("more than half: just half", _most_fail, (normal(failing=0.5),), UNDECIDED),
    Case("more than half: 90 %", _most_fail, (normal(failing=0.9),), SUPPORTED),
    Case("more than half: 10 %", _most_fail, (normal(failing=0.1),), CONTRADICTED),
    Case("more than half: three models, 90, 50 and 10 %", _most_fail,
         tuple(normal(failing=share) for share in (0.9, 0.5, 0.1)), UNDECIDED),
)  # fmt: skip


def claims(samples: int) -> Iterator[Row]:
    """Yield how often each verdict is given on each claim alone, and how often it is wrong."""
    for at, (case, n) in enumerate(product(CASES, REPLICATES)):
        generator = np.random.default_rng([n, at])
        said = Counter(_alone(case, generator, n) for _ in range(samples))
        key = Key("claim", case.name, "one claim", n)
        for name in (SUPPORTED, CONTRADICTED, UNDECIDED):
            yield row(key, name, said[name] / samples)
        yield row(key, "wrong", sum(said[name] for name in case.wrong) / samples)
        yield row(key, "right", said[case.right] / samples)


def _alone(case: Case, generator: np.random.Generator, n: int) -> str:
    found = case.judge(_drawn(case.models, generator, n))
    return found.side if found.p <= LEVEL else UNDECIDED


def _drawn(models: Sequence[Shape], generator: np.random.Generator, n: int) -> Array:
    return np.concatenate([model.draw(generator, (1, n)) for model in models])


def claim_families(samples: int) -> Iterator[Row]:
    """Yield, for all claims of CASES at once under Holm, errors and the share that is found.

    Each claim has models of its own. `found` is the share of right verdicts among the claims that
    have one to give.
    """
    for n in REPLICATES:
        generator = np.random.default_rng([n, len(CASES)])
        wrong = found = 0
        for _ in range(samples):
            findings = [case.judge(_drawn(case.models, generator, n)) for case in CASES]
            adjusted = holm([finding.p for finding in findings])
            said = [
                finding.side if p <= LEVEL else UNDECIDED
                for finding, p in zip(findings, adjusted, strict=True)
            ]
            wrong += any(s in case.wrong for s, case in zip(said, CASES, strict=True))
            found += sum(
                s == case.right for s, case in zip(said, CASES, strict=True) if case.right in BOTH
            )
        true = sum(case.right in BOTH for case in CASES)
        key = Key("claims", "all of the above", "Holm", n)
        yield row(key, "any wrong", wrong / samples)
        yield row(key, "found", found / samples / true)
