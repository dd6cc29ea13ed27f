"""The softmax before the first step: a table and a sentence."""

from __future__ import annotations

import pandas as pd

from mlpstudy.formats import listing, setting, share, word
from mlpstudy.report.layout import Column, Table
from mlpstudy.report.views.cause_tables import CauseTables
from mlpstudy.report.views.sources import lines_of
from mlpstudy.report.views.tables import model_cell

PIXELS = ("raw", "unit")


def saturation_table(tables: CauseTables) -> Table:
    """Return what raw and scaled pixels do to the untrained networks, a row a model."""
    labels = ("logits apart", "p below 1e-7", "certain", "first layer flat")
    columns = [Column("Model", False), Column("Activation", False)]
    for pixels in PIXELS:
        columns += [Column(label, group=setting("pixels", pixels)) for label in labels]
    table = Table(
        "Before the first step, over 1,000 training images and three initialisations: the median "
        "distance between an image's highest and lowest logit; in per cent, the images whose true "
        "class has a probability below 1e-7, those for which one class is certain to 1e-7, and the "
        "activations of the first hidden layer at which the slope is below 1e-3.",
        columns,
        title="The softmax before the first step",
    )
    first = tables.layers[tables.layers["layer"] == 1].set_index(["model", "pixels"])["saturated"]
    rows = {(row["model"], row["pixels"]): row for row in tables.saturation.to_dict("records")}
    for model in dict.fromkeys(tables.saturation["model"]):
        cells: list[str] = []
        for pixels in PIXELS:
            row = rows[model, pixels]
            cells += [f"{row['logit_range']:.1f}", share(row["share_below"])]
            cells += [share(row["share_certain"]), share(first.get((model, pixels)))]
        table.add(
            model_cell(tables.study, model),
            word(rows[model, PIXELS[0]]["activation"]),
            cells,
            sources=[lines_of("saturation.csv", tables.saturation, model=model)],
        )
    return table


def saturation_finding(tables: CauseTables) -> str:
    """Say what raw pixels do before the first step, by activation."""
    raw = tables.saturation[tables.saturation["pixels"] == "raw"]
    first = tables.layers[(tables.layers["pixels"] == "raw") & (tables.layers["layer"] == 1)]
    steep = raw[raw["share_below"] > 0]
    if steep.empty:
        return ""
    activations = list(dict.fromkeys(steep["activation"]))
    alike = int(raw["activation"].isin(activations).sum())
    text = (
        "Before the first step, raw pixels put the probability of the true class below 1e-7 for "
        f"{share_range(steep['share_below'])} % of the images in {len(steep)} of {alike} models "
        f"with {_words(activations)}"
    )
    others = sorted(set(raw["activation"]) - set(activations))
    if not others:
        return f"{text}."
    flat = first[first["activation"].isin(others)]["saturated"]
    return (
        f"{text}, and for none in those with {_words(others)}, in whose first layer "
        f"{share_range(flat)} % of the activations have all but no slope."
    )


def _words(activations: list[str]) -> str:
    return listing([word(activation) for activation in activations])


def share_range(shares: pd.Series[float]) -> str:
    """Return the least and the greatest of some shares in per cent."""
    low, high = (_share(value) for value in (shares.min(), shares.max()))
    return low if low == high else f"{low} to {high}"


def _share(value: float) -> str:
    return "under 0.1" if 0 < value < 0.0005 else share(value)
