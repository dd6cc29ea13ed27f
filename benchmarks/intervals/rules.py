"""How often each test rejects, and what the study's verdict says, of pairs known to us."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator
from itertools import combinations, product

import numpy as np
from scipy import stats

from benchmarks.intervals.pairs import MARGIN, PAIRS
from benchmarks.intervals.results import Key, Row, row
from benchmarks.intervals.shapes import REPLICATES, Array, normal, skewed
from mlpstudy.evidence.statistics.hypotheses import equivalence, holm, verdict
from mlpstudy.evidence.statistics.intervals import superiority
from mlpstudy.evidence.statistics.ranktest import rank_test

LEVEL = 0.05
VERDICTS = ("higher", "lower", "equivalent", "undecided")


def verdicts(samples: int) -> Iterator[Row]:
    """Yield how often each test rejects at LEVEL, and each verdict on one comparison alone."""
    for pair, n in product(PAIRS, REPLICATES):
        x, y = pair.draw(samples, n)
        ours = np.array([rank_test(a, b).p for a, b in zip(x, y, strict=True)])
        tests = {
            "rank permutation, studentised": ours,
            "Mann-Whitney": stats.mannwhitneyu(x, y, axis=1).pvalue,
            "Welch's t": _welch(x, y),
        }
        for method, p in tests.items():
            key = Key("test", pair.name, method, n)
            yield row(key, "rejects", float((p <= LEVEL).mean()))
        said = Counter(_verdict(a, b, p) for a, b, p in zip(x, y, ours, strict=True))
        key = Key("verdict", pair.name, "one comparison", n)
        for name in VERDICTS:
            yield row(key, name, said[name] / samples)
        yield row(key, "wrong", sum(said[name] for name in pair.wrong) / samples)
        yield row(key, "right", said[pair.right] / samples)


def _welch(x: Array, y: Array) -> Array:
    with warnings.catch_warnings():  # where all runs of a sample have failed there is no variance
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.asarray(stats.ttest_ind(x, y, axis=1, equal_var=False).pvalue)


def _verdict(a: Array, b: Array, p: float) -> str:
    return verdict(p, equivalence(a, b, MARGIN, LEVEL).p, superiority(a, b).estimate, LEVEL)


def families(samples: int) -> Iterator[Row]:
    """Yield, for six models and their 15 comparisons under Holm, errors and what is found.

    In the first three families all models are alike: `any wrong` is the share of families with a
    single false higher or lower. In the last one model is 2 points better: `found` is the share of
    its five comparisons that say so.
    """
    for shape, better, n in product((normal(), skewed(), normal(failing=0.3)), (0, 1), REPLICATES):
        if better and shape.name != "normal":
            continue
        generator = np.random.default_rng([n, better])
        wrong = found = 0
        for _ in range(samples):
            runs = shape.draw(generator, (6, n))
            runs[0] += 0.02 * better
            said = _family(runs)
            wrong += any(
                v in ("higher", "lower") for (i, _), v in said.items() if i > 0 or not better
            )
            found += sum(v == "lower" for (i, _), v in said.items() if i == 0)
        case = "one of six is 2 points higher" if better else f"six alike: {shape.name}"
        key = Key("family", case, "15 comparisons, Holm", n)
        yield row(key, "any wrong", wrong / samples)
        if better:
            yield row(key, "found", found / samples / 5)


def _family(runs: Array) -> dict[tuple[int, int], str]:
    """Return the verdict on every pair of models, as the study's tables have it."""
    pairs = list(combinations(range(len(runs)), 2))
    p = holm([rank_test(runs[i], runs[j]).p for i, j in pairs])
    alike = holm([equivalence(runs[i], runs[j], MARGIN, LEVEL).p for i, j in pairs])
    return {
        (i, j): verdict(p[at], alike[at], superiority(runs[i], runs[j]).estimate, LEVEL)
        for at, (i, j) in enumerate(pairs)
    }
