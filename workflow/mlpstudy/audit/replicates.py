"""The printed values against our replicates under every condition of the study (sensitivity.csv).

If the printed run were one more run of a condition, it would lie below all or above all of its n
replicates with a probability of 2 / (n + 1), whatever the distribution, and further from all of
them than any is from its nearest neighbour with at most 1 / (n + 1). A condition reproduces a value
that neither is true of. Of many values some are not reproduced by chance.
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from mlpstudy.analysis.reported import Value
from mlpstudy.analysis.reproduction import LOSS_FIELDS
from mlpstudy.audit.printed import Found, Report

# How far outside a value may be, in widths of the replicates' range, before it is serious.
NEAR = 1.0


def against_replicates(report: Report, table: pd.DataFrame) -> Iterator[Found]:
    """Find models whose printed accuracies and losses their own condition does not reproduce."""
    if table.empty:
        return
    rows = _comparable(table)
    conditions = rows.groupby(["model", "condition"], sort=False, as_index=False).agg(
        baseline=("baseline", "first"),
        values=("quantity", "size"),
        reproduced=("reproduced", "all"),
        distance=("distance", "max"),
    )
    models = conditions.groupby("condition")["reproduced"].agg(["sum", "size", "mean"])
    for model in report.models:
        tried = conditions[conditions["model"] == model]
        own = tried[tried["condition"] == tried["baseline"]]
        if own.empty or own["reproduced"].all():
            continue
        whole = tried[tried["values"] == own["values"].iloc[0]]
        fitting = whole[whole["reproduced"]]
        if len(fitting):
            rule, best = "elsewhere", fitting["condition"].map(models["mean"]).idxmax()
        else:
            best = whole["distance"].idxmin()
            rule = "near" if whole["distance"][best] <= NEAR else "outside"
        condition, baseline = whole["condition"][best], own["condition"].iloc[0]
        there, here = (
            rows[(rows["model"] == model) & (rows["condition"] == name)]
            for name in (condition, baseline)
        )
        numbers = {
            "model": model, "condition": condition, "ranges": _ranges(there),
            "baseline": baseline, "baseline_ranges": _ranges(here),
            "printed": [_text(row["quantity"], row["reported"]) for row in here.to_dict("records")],
            "n": there["n"].iloc[0], "conditions": len(tried), "distance": whole["distance"][best],
            "hits": models["sum"][condition], "tried": models["size"][condition],
        }  # fmt: skip
        yield Found(rule, model, (model,), _printings(report, here), numbers)


def _comparable(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with more than one replicate, losses only where the loss is the model's own.

    Two columns are added: whether the condition reproduces the value, and the value's `distance`
    from the replicates in widths of their range.
    """
    own_loss = table["field"].astype("str").str.split("; ").map(LOSS_FIELDS.isdisjoint)
    rows = table[(table["n"] > 1) & ((table["quantity"] != "test_loss") | own_loss)].copy()
    alone = rows["p_gap"] <= 1 / (rows["n"] + 1) + 1e-9
    rows["reproduced"] = rows["inside"].astype(bool) & ~alone
    beyond = pd.concat([rows["low"] - rows["reported"], rows["reported"] - rows["high"]], axis=1)
    width = rows["high"] - rows["low"]
    rows["distance"] = (beyond.max(axis=1) / width).where(beyond.max(axis=1) > 0, 0.0)
    return rows


def _ranges(rows: pd.DataFrame) -> list[str]:
    """Return the replicates' range of each quantity: `84.22 to 86.58 %`, `0.395 to 0.476`."""
    each = rows.drop_duplicates("quantity", keep="last").to_dict("records")
    return [_text(row["quantity"], row["low"], row["high"]) for row in each]


def _text(quantity: str, *numbers: float) -> str:
    """Return numbers of a quantity with its unit: accuracies as per cent."""
    if quantity == "test_accuracy":
        return " to ".join(f"{100 * number:.2f}" for number in numbers) + " %"
    return " to ".join(f"{number:.4g}" for number in numbers)


def _printings(report: Report, rows: pd.DataFrame) -> list[Value]:
    """Return every printing of the reported values of `rows`, be it rounded or cut."""
    return [
        value
        for row in rows.to_dict("records")
        for value in report.printings(row["model"], row["quantity"])
        if abs(value.number - row["reported"]) <= value.resolution * (1 + 1e-9)
    ]
