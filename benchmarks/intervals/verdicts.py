"""How often the verdict on a claim is right or wrong, alone and among many claims."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np
import pandas as pd

from benchmarks.intervals.rejections import MANY
from benchmarks.intervals.shapes import Array, Pair, Row, Shape, normal, row, skewed
from mlpstudy.analysis.conditions import Cell
from mlpstudy.analysis.statistics.families import equivalence, holm
from mlpstudy.claims.forms import Context, parts_of
from mlpstudy.claims.judging import CONTRADICTED, SUPPORTED, UNDECIDED
from mlpstudy.claims.parts import LEVEL, Side, alike, joined
from mlpstudy.claims.samples import Samples
from mlpstudy.config.claims import Claim

TABLE = "verdicts"
MARGIN = 0.01  # the study's default
MEDIUM = 0.5
EPOCHS = 8
HERE, THERE = "here", "there"  # two conditions
COPIES = 2  # of each case, which makes a family of 50 claims


def epochs(mean: float, never: float = 0.0) -> Shape:
    """Return a first epoch near `mean`; for the share `never` it comes after the last."""
    around = normal(mean, 0.8)
    return lambda u: np.where(u < never, EPOCHS + 1, np.clip(np.round(around(u)), 1, EPOCHS))


# By the first letter of a model's name; capitals are epochs, the others accuracies.
SHAPES: Mapping[str, Shape] = {
    "a": normal(), "b": normal(0.87), "c": normal(0.83), "d": normal(0.86),
    "f": normal(failing=0.3), "g": normal(failing=0.1), "h": normal(failing=0.5),
    "i": normal(failing=0.7), "s": normal(sd=0.003), "t": normal(0.86, 0.003), "u": skewed,
    "w": normal(sd=0.04), "E": epochs(3), "F": epochs(5), "N": epochs(4, 0.3),
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A claim on models of known distributions, and the right verdict: UNDECIDED if neither is.

    Sides are models, separated by spaces. With `there`, models are set against themselves under
    another condition, where they have that shape. `keys` are further ones of the claim.
    """

    name: str
    right: str
    form: str
    sides: tuple[str, ...]
    there: str = ""
    keys: Mapping[str, object] = field(default_factory=dict)

    def claim(self, copy: int) -> Claim:
        """Return the claim on models that no other claim has."""
        sides = [
            tuple(f"{model}{copy}.{self.name}{at}" for model in side.split())
            for at, side in enumerate(self.sides)
        ]
        if self.form in ("best", "rank_order"):
            keys: dict[str, object] = {"groups": tuple(sides)}
        elif self.there:
            keys = {"models": sides[0], "than": sides[0], "against": THERE, "of": "each"}
        else:
            keys = dict(zip(("models", "than"), sides, strict=False), of="each")
        given: Mapping[str, object] = {"name": self.name, "statement": self.name, "form": self.form}
        return Claim.model_validate({**given, **keys, **self.keys})


EPOCH = {"threshold": 0.5, "quantity": "validation_accuracy"}
LEARNS = {"threshold": MEDIUM, "quantity": "test_accuracy"}
CASES = (
    Case("2 points higher", SUPPORTED, "higher", ("b", "a")),
    Case("alike", CONTRADICTED, "higher", ("a", "a")),
    Case("alike, 30 % fail", UNDECIDED, "higher", ("f", "f")),
    Case("by 2 points: just 2", UNDECIDED, "higher", ("b", "a"), keys={"by": 0.02}),
    Case("each of three: 2 points higher", SUPPORTED, "higher", ("b b2 b3", "a")),
    Case("each of three: one is alike", CONTRADICTED, "higher", ("b b2 a", "a")),
    Case("most of three: one is alike", SUPPORTED, "higher", ("b b2 a", "a"), keys={"of": "most"}),
    Case("any of three: alike, 30 % fail", UNDECIDED, "higher", ("f f2 f3", "f"),
         keys={"of": "any"}),
    Case("paired: 1 point higher", SUPPORTED, "higher", ("d",), "a"),
    Case("paired: alike, 30 % fail", UNDECIDED, "higher", ("f",), "f"),
    Case("alike, sd 0.3", SUPPORTED, "equivalent", ("s", "s")),
    Case("1 point apart, sd 0.3", CONTRADICTED, "equivalent", ("t", "s")),
    Case("10 % fail against none", CONTRADICTED, "equivalent", ("g", "a")),
    Case("of four: alike, 30 % fail", UNDECIDED, "best", ("f", "f", "f", "f")),
    Case("of four: alike, 30 % fail", UNDECIDED, "rank_order", ("f", "f", "f", "f")),
    Case("of three: steps of 2 points", SUPPORTED, "rank_order", ("b", "a", "c")),
    Case("alike, skewed", CONTRADICTED, "varies_more", ("u", "u")),
    Case("alike, 30 % fail", UNDECIDED, "varies_more", ("f", "f")),
    Case("sd 4 against 1", SUPPORTED, "varies_more", ("w", "a")),
    Case("by 2 epochs", SUPPORTED, "sooner", ("E", "F"), keys=EPOCH),
    Case("alike, 30 % never", UNDECIDED, "sooner", ("N", "N"), keys=EPOCH),
    Case("30 % of both", UNDECIDED, "fails_more", ("f", "f")),
    Case("70 % against 10 %", SUPPORTED, "fails_more", ("i", "g")),
    Case("paired, most of three: 70 % against 10 %", SUPPORTED, "fails_more", ("i i2 i3",), "g",
         {"of": "most"}),
    Case("more than half: just half", UNDECIDED, "share_above", ("h",), keys=LEARNS),
)  # fmt: skip


def verdicts(studies: int) -> Iterator[Row]:
    """Yield how often the verdict on each case is right or wrong, alone and in a family.

    Each study has COPIES of all cases, each on models of its own, and judges them as one family.
    """
    cases = [case for case in CASES for _ in range(COPIES)]
    claims = [case.claim(at) for at, case in enumerate(cases)]
    right = np.array([case.right for case in cases])
    for n in MANY:
        said = np.array([_judged(cases, claims, n, study) for study in range(studies)])
        wrong = (said != right) & (said != UNDECIDED)
        for at, method in enumerate(("alone", "in a family")):
            for case in CASES:
                own = [other is case for other in cases]
                name = f"`{case.form}`, {case.name} → {case.right}"
                for measure, found in (("right", said == right), ("wrong", wrong)):
                    yield row(TABLE, name, method, n, found[:, at, own].mean(), measure=measure)
            any_wrong = wrong[:, at].any(axis=1).mean()
            yield row(TABLE, "any claim", method, n, any_wrong, measure="wrong")


def _judged(cases: Sequence[Case], claims: Sequence[Claim], n: int, study: int) -> Array:
    """Return the verdicts of one study, alone and in a family, shape (2, claims)."""
    context = Context(_drawn(cases, claims, n, study), HERE, MARGIN, {})
    parts = [joined(*parts_of(claim, context)) for claim in claims]
    side = [SUPPORTED if part.holds <= part.fails else CONTRADICTED for part in parts]
    p = np.array([min(1.0, 2 * min(part.holds, part.fails)) for part in parts])
    adjusted = np.stack([p, holm(p, LEVEL).adjusted])
    return np.where(adjusted <= LEVEL, side, UNDECIDED)


def _drawn(cases: Sequence[Case], claims: Sequence[Claim], n: int, study: int) -> Samples:
    """Return the runs of all models that the claims are about; curves jump from 0 to 1."""
    drawn: dict[Cell, Array] = {}
    for at, (case, claim) in enumerate(zip(cases, claims, strict=True)):
        for place, model in enumerate(claim.named):
            there = SHAPES[case.there or model[0]]
            pair = Pair("", SHAPES[model[0]], there, paired=True)
            here, other = pair.draw([n, study, at, place], (n,))
            drawn |= {(HERE, model): here} | ({(THERE, model): other} if case.there else {})
    long = pd.DataFrame(drawn).rename_axis(index="replicate", columns=["condition", "model"])
    runs = long.melt(ignore_index=False, value_name="test_accuracy").reset_index()
    curves = runs[runs["model"].str[0].str.isupper()].rename(columns={"test_accuracy": "reached"})
    history = curves.merge(pd.DataFrame({"epoch": np.arange(1, EPOCHS + 1)}), how="cross")
    history["validation_accuracy"] = (history["epoch"] >= history["reached"]).astype(float)
    history[["train_loss", "train_accuracy", "validation_loss"]] = 0.0
    return Samples(runs.assign(train_accuracy=0.0, validation_accuracy=0.0), history, MEDIUM)


def equivalences(samples: int) -> Iterator[Row]:
    """Yield how often a model that fails is called equivalent to one that does not.

    By the test of all runs, and by the rule of the study, which asks for runs without failures.
    """
    for sd, share, n in product((0.003, 0.01), (0.0, 0.05, 0.1, 0.3), (6, *MANY)):
        pair = Pair("", normal(sd=sd, failing=share), normal(sd=sd))
        runs = list(zip(*pair.draw([n, samples], (samples, n)), strict=True))
        tests = {
            "all runs": [equivalence(a, b, MARGIN) for a, b in runs],
            "no failures": [alike(_side(a, "a"), _side(b, "b"), MARGIN).holds for a, b in runs],
        }
        for method, p in tests.items():
            found = (np.array(p) <= LEVEL / 2).mean()
            case = f"sd {100 * sd:g}, {100 * share:.0f} % fail against none"
            yield row("equivalence", case, method, n, found, measure="equivalent")


def _side(values: Array, model: str) -> Side:
    return Side(pd.Series(values), int((values < MEDIUM).sum()), ((HERE, model),))
