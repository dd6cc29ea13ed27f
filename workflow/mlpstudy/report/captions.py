"""What is said of each figure: title, caption and the text in its place; computed, not typed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from mlpstudy.report.drawing.architecture import layers
from mlpstudy.report.drawing.confusion import matrix
from mlpstudy.report.drawing.curves import by_epoch
from mlpstudy.report.drawing.hardest import shown
from mlpstudy.report.drawing.pairs import ranked
from mlpstudy.report.formats import (
    count,
    heading,
    listing,
    loss,
    names,
    percent,
    plural,
    share,
    short_name,
    span,
    word,
)
from mlpstudy.report.material import Material

# Models whose figures a caption gives one by one; the text in a figure's place always does.
FEW = 3


class Words(NamedTuple):
    """Title, caption, and what a reader who cannot see the figure is told in its place."""

    title: str
    caption: str
    alt: str


def accuracies(material: Material, models: list[str], conditions: Sequence[str]) -> Words:
    """Say of dots what they are, how many failed, and where the report's values fall."""
    whose = "every model" if models == material.keys else names(models)
    failed = listing([_failures(material, models, c) for c in conditions])
    limit = percent(material.study.medium, 0)
    caption = (
        f"A dot is one of {_each(material, models, conditions)}: the share of the test images that "
        f"it gets right. Failed, that is, below {limit} %: {failed}."
    )
    printed = material.printed(models)
    if printed:
        inside = [_inside(material, printed, c) for c in conditions]
        caption += (
            f" The bar is what the report prints; it lies in the range of our replicates for "
            f"{listing(inside)}."
        )
    alt = f"Dot plot of test accuracy from 0 to 100 %, a row for {whose}. " + " ".join(
        _spread(material, models, c) for c in conditions
    )
    return Words(f"Test accuracy of every replicate of {whose}", caption, alt)


def curves(material: Material, model: str, conditions: Sequence[str]) -> Words:
    """Say where a model's training begins and ends under each condition."""
    told = _courses(material, [model], conditions)
    validated = bool(_history(material, [model], conditions)["validation_loss"].notna().any())
    parts = "in training and validation" if validated else "in training"
    caption = (
        f"Loss (on a log scale) and accuracy {parts} by epoch. A thin line is one of "
        f"{_each(material, [model], conditions)}, a thick one their median"
        + (", a dotted one the median of training again." if validated else ".")
        + f" {told}"
    )
    return Words(
        f"Learning curves of {_lower(model)}",
        caption,
        f"Line charts of loss and accuracy by epoch. {told}",
    )


def comparison_curves(material: Material, models: list[str]) -> Words:
    """Say where the training of several models begins and ends under each condition."""
    told = _courses(material, models, material.main)
    caption = (
        "Loss (on a log scale) and accuracy in training, on shared axes: a thin line is one of "
        f"{_each(material, models, material.main)}, a thick one their median, a dashed one the "
        "median in validation."
    )
    if len(models) <= FEW:
        caption += f" {told}"
    alt = f"Line charts of loss and accuracy by epoch, one for each of {names(models)}. {told}"
    return Words(f"Learning curves of {names(models)}", caption, alt)


def architecture(material: Material, model: str) -> Words:
    """Say what a model is built of."""
    fields = material.study.models[model].fields
    found = layers(fields, material.pixels)
    hidden = "+".join(str(layer.nodes) for layer in found[:-1])
    parts = [word(fields["activation"])]
    if fields["batch_norm"]:
        parts.append("batch normalisation")
    if fields["dropout"]:
        parts.append(f"dropout of {percent(fields['dropout'], 0)} %")
    total = count(sum(layer.parameters for layer in found))
    text = (
        f"{short_name(model)}: {count(material.pixels)} pixels, "
        + (f"{hidden} hidden nodes with {listing(parts)}, " if hidden else "")
        + f"{found[-1].nodes} outputs with softmax; {total} trained parameters."
    )
    how = "A bar is a layer, its height the logarithm of its nodes."
    return Words(f"Architecture of {_lower(model)}", f"{text} {how}", f"Diagram. {text}")


def confusion(material: Material, model: str, conditions: Sequence[str]) -> Words:
    """Say which two classes are confused most under each condition."""
    classes = list(material.study.raw["dataset"]["classes"])
    worst = []
    for condition in conditions:
        shares = matrix(material.confusions, condition, model, classes)
        np.fill_diagonal(shares, np.nan)
        if np.isfinite(shares).any():
            i, j = np.unravel_index(np.nanargmax(shares), shares.shape)
            taken = f"{classes[i]} taken for {classes[j]} ({percent(shares[i, j], 0)} %)"
            worst.append(f"{word(condition)}: {taken}")
    most = f"The commonest mistake, {'; '.join(worst)}." if worst else ""
    caption = (
        f"Mean confusion matrix of {_each(material, [model], conditions)}: what each true class "
        "(row) is taken for, in per cent of its images. At the right the recall of each class, "
        f"its mean as a tick and the replicates' range as a bar, from 0 to 100 %. {most}"
    )
    recalls = []
    for condition in conditions:
        rows = material.recalls
        rows = rows[(rows["condition"] == condition) & (rows["model"] == model)]
        each = [
            f"{row['class']} {percent(row['recall_mean'], 0)}" for row in rows.to_dict("records")
        ]
        recalls.append(f"Mean recall in per cent, {word(condition)}: {', '.join(each)}.")
    alt = f"Heat maps of true against predicted class. {most} {' '.join(recalls)}"
    return Words(f"Confusion matrix of {_lower(model)}", caption.strip(), alt)


def hardest(material: Material, model: str, conditions: Sequence[str]) -> Words:
    """Say what the images are, and what each is taken for."""
    caption = (
        f"Test images to which most of the replicates of {_lower(model)} that learned give the "
        "same wrong class: true class, class given, and by how many of them. Where many images "
        "have the same agreement, different mistakes are shown first."
    )
    told = []
    for condition in conditions:
        rows = shown(material.hardest, model, condition)
        each = [
            f"{r['true']} as {r['predicted']} ({r['agreeing']} of {r['replicates']})" for r in rows
        ]
        told.append(f"{heading(word(condition))}: {', '.join(each) or 'no replicate learned'}.")
    alt = f"Small grey pictures with true and predicted class. {' '.join(told)}"
    return Words(f"Images that {_lower(model)} gets wrong", caption, alt)


def groups(material: Material, found: dict[str, list[str]]) -> Words:
    """Say how the activations' means compare under each condition."""
    told = []
    for condition in material.main:
        rows = material.replicates[material.replicates["condition"] == condition]
        means = {
            a: rows.loc[rows["model"].isin(m), "test_accuracy"].mean() for a, m in found.items()
        }
        known = sorted((-v, a) for a, v in means.items() if v == v)
        each = [f"{word(a)} {percent(-v, 1)} %" for v, a in known]
        told.append(f"{heading(word(condition))}: {', '.join(each)}.")
    means_told = " ".join(told)
    caption = (
        f"Test accuracy of {_each(material, material.keys, material.main)} of each model, grouped "
        f"by activation function; the shaded line is the mean of a group. {means_told}"
    )
    alt = f"Dot plots of test accuracy by activation function. Mean of each group. {means_told}"
    return Words("Models by activation function", caption, alt)


def pairs(material: Material, condition: str) -> Words:
    """Say how many pairs are decided, equivalent and undecided."""
    rows = material.pairs[material.pairs["condition"] == condition]
    verdicts = rows["verdict"].value_counts()
    decided = int(verdicts.get("higher", 0) + verdicts.get("lower", 0))
    alike, open_ = (int(verdicts.get(name, 0)) for name in ("equivalent", "undecided"))
    order = ranked(rows)
    margin = percent(rows["margin"].iloc[0], 0) if "margin" in rows else "1"
    told = (
        f"Of {plural(len(rows), 'pair')} under {word(condition)}, {decided} differ, {alike} are "
        f"equivalent (means within {margin} point) and {open_} are undecided, all taken together "
        "(Holm)."
    )
    caption = (
        "A cell sets its row's model against its column's; the number is the difference of their "
        "median accuracies in points, and beside a model's name stands its own. Models go from "
        f"the highest median to the lowest. {told}"
    )
    ordered = ", ".join(short_name(model) for model in order)
    return Words(
        f"Every pair of models, {word(condition)}",
        caption,
        f"Triangular matrix of models against models. {told} Order of the medians: {ordered}.",
    )


def causes(rows: pd.DataFrame, told: Sequence[tuple[str, int, int]]) -> Words:
    """Say how many replicates fail in each combination of the two causes."""
    counts = "; ".join(f"{name}: {failed} of {n} failed" for name, failed, n in told)
    caption = (
        f"The {plural(rows['model'].nunique(), 'model')} with KL divergence, with raw or scaled "
        "pixels and the divergence clipped at 1e-7 or exact. A dot is a replicate, filled where it "
        f"failed. {heading(counts)}."
    )
    return Words("Failures by their cause", caption, f"A 2 by 2 of dots. {counts}.")


def stuck(material: Material, models: list[str], conditions: Sequence[str]) -> Words:
    """Say which share of examples is stuck at the end, for replicates that failed and learned."""
    rows = material.history[material.history["model"].isin(models)]
    last = rows[rows["epoch"] == rows.groupby(["condition", "model"])["epoch"].transform("max")]
    ends = last.groupby(["condition", "model", "replicate"])["stuck"].mean().reset_index()
    ends = ends.merge(material.replicates, on=["condition", "model", "replicate"])
    failed = ~(ends["test_accuracy"] >= material.study.medium)
    told = []
    for condition in conditions:
        parts = []
        for name, chosen in (("failed", failed), ("learned", ~failed)):
            values = ends.loc[chosen & (ends["condition"] == condition), "stuck"].dropna()
            if len(values):
                parts.append(
                    f"{percent(values.median(), 0)} % (median of {len(values)} that {name})"
                )
        if parts:
            told.append(f"{word(condition)}: {', '.join(parts)}")
    text = f"After the last epoch, {'; '.join(told)}."
    caption = (
        "Share of the training examples that are misclassified with p(true class) below 1e-7, "
        "where Keras's clip leaves no gradient, by epoch. Every line is a replicate: solid if it "
        f"failed in the end, dashed if it learned. {text}"
    )
    return Words("Examples without a gradient", caption, f"Line charts by epoch. {text}")


def sensitivity(material: Material) -> Words:
    """Say which printed values lie within the range of the replicates under no condition."""
    printed = material.printed(material.keys)
    never = [
        model
        for model, value in printed.items()
        if not any(_covers(material, model, c, value) for c in material.conditions)
    ]
    told = ""
    if printed:
        told = (
            f" For {names(never)} the value of its final table lies in the range of no condition."
            if never
            else " Every value of its final table lies in the range of some condition."
        )
    caption = (
        f"Every replicate of each model under every condition that covers it, of "
        f"{len(material.conditions)} in all, against what the report prints.{told}"
    )
    alt = f"Dot plots of test accuracy, a block a model, a lane a condition.{told}"
    return Words("Each model under every condition", caption, alt)


def saturation(rows: pd.DataFrame) -> Words:
    """Say how many models raw pixels saturate, and how far."""
    raw = rows[rows["pixels"] == "raw"].set_index("model")
    unit = rows[rows["pixels"] == "unit"].set_index("model")
    most = [str(model) for model in raw.index if raw.loc[model, "share_below"] > 0.5]
    told = f"With raw pixels more than half of the images are below 1e-7 for {names(most)}" if (
        most
    ) else "With raw pixels no model has more than half of the images below 1e-7"  # fmt: skip
    if len(unit):
        told += f"; with scaled ones at most {share(unit['share_below'].max())} % for any model"
    caption = (
        "What the untrained networks give the true class of training images: a thin line spans 5 "
        "to 95 % of the images, a thick one the middle half, a tick is the median. The axis is "
        "logarithmic, its decades narrower towards the left. Models in bold have the KL divergence "
        f"(KL), whose clip at 1e-7 takes the gradient away; the others cross-entropy (CE). {told}."
    )
    return Words("The softmax before training", caption, f"Box strips, a row a model. {told}.")


def verdicts(rows: pd.DataFrame, conditions: Sequence[str]) -> Words:
    """Count the verdicts under each condition."""
    told = []
    for condition in conditions:
        counts = rows.loc[rows["condition"] == condition, "verdict"].value_counts()
        if len(counts):
            each = [
                f"{int(counts.get(name, 0))} {name}"
                for name in ("supported", "contradicted", "undecided")
            ]
            told.append(f"{heading(word(condition))}: {listing(each)}.")
    text = " ".join(told)
    caption = (
        f"The verdict on each of {plural(rows['claim'].nunique(), 'claim')} of the report under "
        f"every condition under which it is judged. {text}"
    )
    return Words("Verdicts on the report's claims", caption, f"Matrix of marks. {text}")


def _each(material: Material, models: list[str], conditions: Sequence[str]) -> str:
    """Return `12 replicates`, or `6 to 12 replicates` where models differ."""
    rows = material.replicates
    rows = rows[rows["model"].isin(models) & rows["condition"].isin(conditions)]
    sizes = rows.groupby(["condition", "model"]).size()
    if sizes.empty:
        return "no replicates"
    low, high = int(sizes.min()), int(sizes.max())
    return plural(high, "replicate") if low == high else f"{low} to {plural(high, 'replicate')}"


def _failures(material: Material, models: list[str], condition: str) -> str:
    values = _values(material, models, condition)["test_accuracy"]
    failed = int((~(values >= material.study.medium)).sum())
    return f"{failed} of {len(values)} {word(condition)}"


def _values(material: Material, models: list[str], condition: str) -> pd.DataFrame:
    rows = material.replicates
    return rows[rows["model"].isin(models) & (rows["condition"] == condition)]


def _covers(material: Material, model: str, condition: str, value: float) -> bool:
    """Say whether `value` lies between the lowest and the highest replicate."""
    found = _values(material, [model], condition)["test_accuracy"].dropna()
    return bool(len(found) and found.min() <= value <= found.max())


def _inside(material: Material, printed: dict[str, float], condition: str) -> str:
    """Return `5 of 17 models as reported`: those whose printed value our range covers."""
    run = [m for m in printed if len(_values(material, [m], condition))]
    inside = sum(_covers(material, m, condition, printed[m]) for m in run)
    return f"{inside} of {plural(len(run), 'model')} {word(condition)}"


def _spread(material: Material, models: list[str], condition: str) -> str:
    """Return a sentence with each model's median and range, or with their extremes if many."""
    rows = _values(material, models, condition).dropna(subset="test_accuracy")
    if rows.empty:
        return f"{heading(word(condition))}: no accuracy."
    found = rows.groupby("model", sort=False)["test_accuracy"].agg(["median", "min", "max"])
    if len(found) <= 6:
        each = [
            f"{_lower(str(m))} {percent(mid, 1)} % ({span(low, high)})"
            for m, mid, low, high in found.itertuples()
        ]
        return f"{heading(word(condition))}, median and range: {', '.join(each)}."
    low, high = found["median"].idxmin(), found["median"].idxmax()
    return (
        f"{heading(word(condition))}: medians from {percent(found['median'].min(), 1)} % "
        f"({_lower(str(low))}) to {percent(found['median'].max(), 1)} % ({_lower(str(high))})."
    )


def _history(material: Material, models: list[str], conditions: Sequence[str]) -> pd.DataFrame:
    rows = material.history
    return rows[rows["model"].isin(models) & rows["condition"].isin(conditions)]


def _courses(material: Material, models: list[str], conditions: Sequence[str]) -> str:
    """Return where the median training accuracy and loss begin and end."""
    told = []
    for condition in conditions:
        each = []
        for model in models:
            rows = _history(material, [model], [condition])
            if rows.empty:
                continue
            ends = []
            for quantity, say in (("accuracy", _whole), ("loss", loss)):
                median = by_epoch(rows, "train", quantity).median(axis=1).dropna()
                if len(median):
                    ends.append(f"{quantity} {say(median.iloc[0])} to {say(median.iloc[-1])}")
            whose = "" if len(models) == 1 else f"{_lower(model)}: "
            each.append(whose + (", ".join(ends) or "no finite value"))
        if each:
            told.append(f"{heading(word(condition))}: {'; '.join(each)}.")
    return f"Medians in training, first to last epoch. {' '.join(told)}"


def _whole(value: float) -> str:
    """Return per cent without decimals."""
    return f"{value:.0f} %"


def _lower(model: str) -> str:
    """Return a model's name as it stands within a sentence."""
    return names([model])
