"""What the runs say of one claim, before it is weighed against how many claims there are.

A claim can come out either way, and either way needs a test of its own: one that rejects its
contrary, and one that rejects the claim. A finding is the side that the runs lean to, with the p
that a verdict for this side has to answer for. docs/verdicts.md is this in words. Here are findings
on shares of runs, in module orderings those on samples set against each other.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from mlpstudy.evidence import contrasts
from mlpstudy.evidence.statistics import (
    Interval,
    bound_test,
    difference_of_shares,
    runs_to_bound,
    runs_to_part,
    share_interval,
    share_test,
)

LEVEL = contrasts.LEVEL
SUPPORTED, CONTRADICTED, UNDECIDED = "supported", "contradicted", "undecided"

# Level and number of tests → replicates of each model that would decide, NaN if none can be named.
Needed = Callable[[float, int], float]


@dataclass(frozen=True)
class Finding:
    """The side that the runs lean to, and how far.

    `smallest_p` is the least p that so many runs can give; `n` counts the runs a side, or in all
    where there is one side; `fact` says in a clause what was seen.
    """

    side: str
    p: float
    smallest_p: float
    effect: Interval
    unit: str
    n: int
    fact: str
    needed: Needed

    def turned(self) -> Finding:
        """Return the finding on a claim that denies this one."""
        return replace(self, side=SUPPORTED if self.side == CONTRADICTED else CONTRADICTED)


@dataclass(frozen=True)
class Count:
    """Runs that have a property, out of all that are asked; `replicates` is those of each model."""

    count: int
    n: int
    replicates: int
    name: str

    def needed(self, runs: float) -> float:
        """Return the replicates of each model for so many runs at this yield: more than these."""
        if not self.n:
            return math.nan
        size = float(np.ceil(runs * self.replicates / self.n))
        return max(size, self.replicates + 1.0)


def share(found: Count, more_than: float, what: str) -> Finding:
    """Find whether more than a share of the runs have a property; `what` names it."""
    more = bound_test(found.count, found.n, more_than, "greater")
    less = bound_test(found.count, found.n, more_than, "less")
    side = SUPPORTED if more.p <= less.p else CONTRADICTED

    def needed(level: float, tests: int) -> float:
        return found.needed(runs_to_bound(found.count, found.n, more_than, level, tests))

    return Finding(
        side=side, p=min(1.0, 2 * min(more.p, less.p)),
        smallest_p=min(1.0, 2 * min(more.smallest_p, less.smallest_p)),
        effect=share_interval(found.count, found.n), unit="share", n=found.n,
        fact=f"{found.count} of {found.n} {found.name} {what}" if found.n else f"no {found.name}",
        needed=needed,
    )  # fmt: skip


def more_failures(first: Count, second: Count) -> Finding:
    """Find whether the first models fail more often than the second; counts are of failures."""
    counts = (second.count, second.n, first.count, first.n)
    more, less = share_test(*counts, "greater"), share_test(*counts, "less")
    side = SUPPORTED if more.p <= less.p else CONTRADICTED

    def needed(level: float, tests: int) -> float:
        runs = runs_to_part(*counts, level, tests)
        return max(side.needed(runs) for side in (first, second))

    return Finding(
        side=side, p=min(1.0, 2 * min(more.p, less.p)),
        smallest_p=min(1.0, 2 * more.smallest_p),
        effect=difference_of_shares(*counts), unit="share_difference", n=min(first.n, second.n),
        fact=f"{first.count} of {first.n} {first.name} fail, and {second.count} of {second.n} "
        f"{second.name}",
        needed=needed,
    )  # fmt: skip
