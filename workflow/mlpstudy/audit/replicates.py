"""The printed values against our replicates under every condition of the study (sensitivity.csv).

If the printed run were one more run of a condition, it would lie below all or above all of its n
replicates with a probability of 2 / (n + 1), whatever the distribution, and further from all of
them than any is from its nearest neighbour with at most 1 / (n + 1). A condition reproduces a value
that neither is true of. Of many values some are not reproduced by chance.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pandas as pd

from mlpstudy.audit.printed import Found, Report, Value

# Conditions with other values in these fields have another loss: the printed one is no value of it.
LOSS_FIELDS = {"kl", "loss"}

# How far outside a value may be, in widths of the replicates' range, before it is serious.
NEAR = 1.0


class Place(NamedTuple):
    """The printed values of a model beside the replicates of one condition."""

    condition: str
    rows: tuple[dict[str, Any], ...]

    @property
    def reproduced(self) -> bool:
        """Whether each value is among the replicates, and not in a gap between them."""
        return all(r["inside"] and r["p_gap"] > 1 / (r["n"] + 1) + 1e-9 for r in self.rows)

    @property
    def distance(self) -> float:
        """How far the furthest value is outside, in widths of the replicates' range."""
        return max(_outside(row) for row in self.rows)

    @property
    def ranges(self) -> list[str]:
        """The replicates' ranges of each quantity: `84.22 to 86.58 %`, `0.395 to 0.476`."""
        rows = {row["quantity"]: row for row in self.rows}
        return [_range(name, row["low"], row["high"]) for name, row in rows.items()]


def against_replicates(report: Report, table: pd.DataFrame) -> Iterator[Found]:
    """Find models whose printed accuracies and losses their own condition does not reproduce."""
    places = {str(model): list(_places(frame)) for model, frame in table.groupby("model")}
    shares = _shares(places)
    for model in report.models:
        baseline = next((p for p in places.get(model, []) if _is_baseline(p)), None)
        if baseline is None or baseline.reproduced:
            continue
        whole = [p for p in places[model] if len(p.rows) == len(baseline.rows)]
        fitting = [p for p in whole if p.reproduced]
        if fitting:
            rule, best = "elsewhere", max(fitting, key=lambda p: _share(shares[p.condition]))
        else:
            best = min(whole, key=lambda p: p.distance)
            rule = "near" if best.distance <= NEAR else "outside"
        hits, tried = shares[best.condition]
        values = _printed(report, baseline)
        numbers = {
            "model": model, "condition": best.condition, "ranges": best.ranges,
            "baseline": baseline.condition, "baseline_ranges": baseline.ranges,
            "printed": [_range(r["quantity"], r["reported"]) for r in baseline.rows],
            "n": best.rows[0]["n"], "hits": hits, "tried": tried,
            "conditions": len(places[model]), "distance": best.distance,
        }  # fmt: skip
        yield Found(rule, model, (model,), values, numbers)


def _places(frame: pd.DataFrame) -> Iterator[Place]:
    """Yield a model's conditions with more than one replicate; losses only of its own loss."""
    for condition, rows in frame[frame["n"] > 1].groupby("condition", sort=False):
        kept = [
            {str(key): value for key, value in row.items()}
            for row in rows.to_dict("records")
            if row["quantity"] != "test_loss"
            or not LOSS_FIELDS & set(str(row["field"]).split("; "))
        ]
        if kept:
            yield Place(str(condition), tuple(kept))


def _shares(places: dict[str, list[Place]]) -> dict[str, tuple[int, int]]:
    """Return, of each condition, how many of its models it reproduces, and how many it has."""
    found: dict[str, tuple[int, int]] = {}
    for place in (place for of_model in places.values() for place in of_model):
        hits, tried = found.get(place.condition, (0, 0))
        found[place.condition] = (hits + place.reproduced, tried + 1)
    return found


def _share(found: tuple[int, int]) -> float:
    return found[0] / found[1]


def _is_baseline(place: Place) -> bool:
    return bool(place.rows[0]["condition"] == place.rows[0]["baseline"])


def _outside(row: dict[str, Any]) -> float:
    beyond = max(row["low"] - row["reported"], row["reported"] - row["high"], 0.0)
    width = row["high"] - row["low"]
    return float(beyond / width if width else float("inf") if beyond else 0.0)


def _range(quantity: str, *numbers: float) -> str:
    """Return numbers of a quantity with its unit: accuracies as per cent."""
    if quantity == "test_accuracy":
        return " to ".join(f"{100 * number:.2f}" for number in numbers) + " %"
    return " to ".join(f"{number:.4g}" for number in numbers)


def _printed(report: Report, place: Place) -> list[Value]:
    """Return the printings of a place's numbers: them, rounded or cut."""
    return [
        value
        for row in place.rows
        for value in report.printings(row["model"], row["quantity"])
        if abs(value.number - row["reported"]) <= value.resolution * (1 + 1e-9)
    ]
