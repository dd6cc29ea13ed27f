"""Which assumption explains the printed values: conditions and printed values beside ours."""

from __future__ import annotations

from typing import Any

from mlpstudy.analysis.results import Results
from mlpstudy.analysis.sensitivity import likelihoods
from mlpstudy.formats import DASH, NONE, heading, loss, missing, setting, span, word
from mlpstudy.report.contrasts import parsed
from mlpstudy.report.models import assumed
from mlpstudy.report.sources import numbered

Row = dict[Any, Any]


def likelihood_rows(results: Results) -> list[Row]:
    """Return how well each condition explains all printed values together, the best first.

    `inside` says for how many models the printed accuracy is in our range under the condition.
    """
    inside: dict[Any, str] = {}
    if results.has("sensitivity"):
        frame = results.table("sensitivity")
        frame = frame[(frame["quantity"] == "test_accuracy") & (frame["n"] > 0)]
        groups = frame.drop_duplicates(["condition", "model"]).groupby("condition")["inside"]
        inside = {name: f"{int(found.sum())} of {len(found)}" for name, found in groups}
    frame = likelihoods(results.study, results.table("runs"), results.reported)
    return [
        {**row, "inside": inside.get(row["condition"], NONE)} for row in frame.to_dict("records")
    ]


def reproduced(results: Results, condition: str) -> tuple[int, int]:
    """Return for how many models the printed accuracy is in our range, and how many to expect.

    One more run of a model is between the extremes of n others with probability (n - 1) / (n + 1).
    """
    inside = sum(results.covers(condition, m, value) for m, value in results.printed.items())
    sizes = [len(results.accuracies(condition, model)) for model in results.printed]
    return inside, round(sum((n - 1) / (n + 1) for n in sizes if n))


def printed_rows(results: Results, quantity: str) -> list[Row]:
    """Return the rows of sensitivity.csv about one quantity, model by model.

    `changes` is what the condition changes, and `range` that of our replicates, in words.
    """
    if not results.has("sensitivity"):
        return []
    frame = results.table("sensitivity")
    order = {model: at for at, model in enumerate(results.study.models)}
    frame = frame.loc[frame["model"].map(order).sort_values(kind="stable").index]
    rows = numbered(frame[frame["quantity"] == quantity], "sensitivity.csv")
    return [{**row, "changes": _changes(row), "range": _range(row)} for row in rows]


def _changes(row: Row) -> str:
    if missing(row["field"]):
        return NONE
    pairs = zip(row["field"].split("; "), row["value"].split("; "), strict=True)
    return ", ".join(setting(name, parsed(value)) for name, value in pairs)


def _range(row: Row) -> str:
    if missing(row["low"]):
        return NONE
    if row["quantity"] == "test_accuracy":
        return span(row["low"], row["high"])
    return f"{loss(row['low'])}{DASH}{loss(row['high'])}"


def assumptions(results: Results) -> list[dict[str, Any]]:
    """Return all that the models' source leaves open: `name`, `value`, `why`, and the `models`."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for key in results.models:
        fields = results.study.models[key].fields
        for name, why in assumed(results, key).items():
            found.setdefault((name, word(fields.get(name)), why), []).append(key)
    order = list(dict.fromkeys(name for name, _, _ in found))
    return [
        {"name": heading(word(name)), "value": value, "models": models, "why": why}
        for (name, value, why), models in sorted(found.items(), key=lambda i: order.index(i[0][0]))
    ]
