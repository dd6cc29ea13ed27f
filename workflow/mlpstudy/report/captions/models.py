"""What is said of the figures of models and comparisons: title, caption, text alternative."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mlpstudy.report.captions.facts import (
    FEW,
    Words,
    courses,
    failures,
    history_of,
    reached_by,
    replicates_of,
    spread_told,
)
from mlpstudy.report.drawing.architecture import layers
from mlpstudy.report.drawing.confusion import matrix
from mlpstudy.report.drawing.hardest import shown
from mlpstudy.report.formats import (
    count,
    given_percent,
    heading,
    listing,
    percent,
    word,
)
from mlpstudy.report.material import Material


def accuracies(material: Material, models: list[str], conditions: Sequence[str]) -> Words:
    """Say of dots what they are, how many failed, and where the report's values fall."""
    whose = "every model" if models == material.keys else material.names(models)
    failed = listing([failures(material, models, c) for c in conditions])
    limit = given_percent(material.study.medium)
    caption = (
        f"A dot is one of {replicates_of(material, models, conditions)}: the share of the test "
        f"images that it gets right. Failed, that is, below {limit} %: {failed}."
    )
    printed = material.printed(models)
    if printed:
        inside = [reached_by(material, printed, c) for c in conditions]
        caption += (
            f" The bar is what the report prints; it lies in the range of our replicates for "
            f"{listing(inside)}."
        )
    alt = f"Dot plot of test accuracy from 0 to 100 %, a row for {whose}. " + " ".join(
        spread_told(material, models, c) for c in conditions
    )
    return Words(f"Test accuracy of every replicate of {whose}", caption, alt)


def curves(material: Material, model: str, conditions: Sequence[str]) -> Words:
    """Say where a model's training begins and ends under each condition."""
    told = courses(material, [model], conditions)
    validated = bool(history_of(material, [model], conditions)["validation_loss"].notna().any())
    parts = "in training and validation" if validated else "in training"
    caption = (
        f"Loss (on a log scale) and accuracy {parts} by epoch. A thin line is one of "
        f"{replicates_of(material, [model], conditions)}, a thick one their median"
        + (", a dotted one the median of training again." if validated else ".")
        + f" {told}"
    )
    return Words(
        f"Learning curves of {material.names([model])}",
        caption,
        f"Line charts of loss and accuracy by epoch. {told}",
    )


def comparison_curves(material: Material, models: list[str]) -> Words:
    """Say where the training of several models begins and ends under each condition."""
    told = courses(material, models, material.main)
    caption = (
        "Loss (on a log scale) and accuracy in training, on shared axes: a thin line is one of "
        f"{replicates_of(material, models, material.main)}, a thick one their median, a dashed "
        "one the median in validation."
    )
    if len(models) <= FEW:
        caption += f" {told}"
    whose = material.names(models)
    alt = f"Line charts of loss and accuracy by epoch, one for each of {whose}. {told}"
    return Words(f"Learning curves of {whose}", caption, alt)


def architecture(material: Material, model: str) -> Words:
    """Say what a model is built of."""
    fields = material.study.models[model].fields
    found = layers(fields, material.pixels)
    hidden = "+".join(str(layer.nodes) for layer in found[:-1])
    parts = [word(fields["activation"])]
    if fields["batch_norm"]:
        parts.append("batch normalisation")
    if fields["dropout"]:
        parts.append(f"dropout of {given_percent(fields['dropout'])} %")
    total = count(sum(layer.parameters for layer in found))
    text = (
        f"{material.study.model_label(model)}: {count(material.pixels)} pixels, "
        + (f"{hidden} hidden nodes with {listing(parts)}, " if hidden else "")
        + f"{found[-1].nodes} outputs with softmax; {total} trained parameters."
    )
    how = "A bar is a layer, its height the logarithm of its nodes."
    return Words(f"Architecture of {material.names([model])}", f"{text} {how}", f"Diagram. {text}")


def confusion(material: Material, model: str, conditions: Sequence[str]) -> Words:
    """Say which two classes are confused most under each condition."""
    classes = material.study.labels
    worst = []
    for condition in conditions:
        shares = matrix(material.confusions, condition, model, classes)
        np.fill_diagonal(shares, np.nan)
        if np.isfinite(shares).any():
            i, j = np.unravel_index(np.nanargmax(shares), shares.shape)
            taken = f"{classes[i]} taken for {classes[j]} ({percent(shares[i, j], 0)} %)"
            worst.append(f"{material.study.condition_label(condition)}: {taken}")
    most = f"The commonest mistake, {'; '.join(worst)}." if worst else ""
    caption = (
        f"Mean confusion matrix of {replicates_of(material, [model], conditions)}: what each true "
        "class (row) is taken for, in per cent of its images. At the right the recall of each "
        f"class, its mean as a tick and the replicates' range as a bar, from 0 to 100 %. {most}"
    )
    recalls = []
    for condition in conditions:
        rows = material.recalls
        rows = rows[(rows["condition"] == condition) & (rows["model"] == model)]
        each = [
            f"{row['class']} {percent(row['recall_mean'], 0)}" for row in rows.to_dict("records")
        ]
        name = material.study.condition_label(condition)
        recalls.append(f"Mean recall in per cent, {name}: {', '.join(each)}.")
    alt = f"Heat maps of true against predicted class. {most} {' '.join(recalls)}"
    return Words(f"Confusion matrix of {material.names([model])}", caption.strip(), alt)


def hardest(material: Material, model: str, conditions: Sequence[str]) -> Words:
    """Say what the images are, and what each is taken for."""
    caption = (
        f"Test images to which most of the replicates of {material.names([model])} that learned "
        "give the same wrong class: true class, class given, and by how many of them. Where many "
        "images have the same agreement, different mistakes are shown first."
    )
    told = []
    for condition in conditions:
        rows = shown(material.hardest, model, condition)
        each = [
            f"{r['true']} as {r['predicted']} ({r['agreeing']} of {r['replicates']})" for r in rows
        ]
        name = heading(material.study.condition_label(condition))
        told.append(f"{name}: {', '.join(each) or 'no replicate learned'}.")
    alt = f"Small grey pictures with true and predicted class. {' '.join(told)}"
    return Words(f"Images that {material.names([model])} gets wrong", caption, alt)


def groups(material: Material, found: dict[str, dict[str, list[str]]]) -> Words:
    """Say how the activations' means compare under each condition, whose groups are `found`."""
    told = []
    for condition, own in found.items():
        rows = material.replicates[material.replicates["condition"] == condition]
        means = {a: rows.loc[rows["model"].isin(m), "test_accuracy"].mean() for a, m in own.items()}
        known = sorted((-v, a) for a, v in means.items() if v == v)
        each = [f"{word(a)} {percent(-v, 1)} %" for v, a in known]
        name = heading(material.study.condition_label(condition))
        told.append(f"{name}: {', '.join(each)}.")
    means_told = " ".join(told)
    caption = (
        f"Test accuracy of {replicates_of(material, material.keys, material.main)} of each model, "
        f"grouped by activation function; the shaded line is the mean of a group. {means_told}"
    )
    alt = f"Dot plots of test accuracy by activation function. Mean of each group. {means_told}"
    return Words("Models by activation function", caption, alt)
