"""What is said of the figures beyond the report: pairs, cause, sensitivity, verdicts."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from mlpstudy.config.study import Study
from mlpstudy.report.captions.facts import Words, covers
from mlpstudy.report.drawing.pairs import ranked
from mlpstudy.report.formats import (
    heading,
    listing,
    names,
    percent,
    plural,
    share,
)
from mlpstudy.report.material import Material


def pairs(material: Material, condition: str) -> Words:
    """Count the pairs whose interval excludes 0."""
    rows = material.contrasts_under(condition)
    apart = int(((rows["shift_low"] > 0) | (rows["shift_high"] < 0)).sum())
    told = f"The 95 % interval excludes 0 for {apart} of {plural(len(rows), 'pair')}."
    caption = (
        "Each cell compares its row's model with its column's; the number is the difference of "
        "their accuracies in points. The median accuracy stands beside a model's name, and models "
        f"are ordered by it. {told} The intervals are not corrected for their number."
    )
    ordered = ", ".join(material.study.model_labels(ranked(rows)))
    return Words(
        f"Every pair of models, {material.study.condition_label(condition)}",
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
            told.append(f"{material.study.condition_label(condition)}: {', '.join(parts)}")
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
        if not any(covers(material, model, c, value) for c in material.conditions)
    ]
    told = ""
    if printed:
        told = (
            f" For {material.names(never)} the value of its final table lies in the range of no "
            "condition."
            if never
            else " Every value of its final table lies in the range of some condition."
        )
    caption = (
        f"Every replicate of each model under every condition that covers it, of "
        f"{len(material.conditions)} in all, against what the report prints.{told}"
    )
    alt = f"Dot plots of test accuracy, a block a model, a lane a condition.{told}"
    return Words("Each model under every condition", caption, alt)


def saturation(study: Study, rows: pd.DataFrame) -> Words:
    """Say how many models raw pixels saturate, and how far."""
    raw = rows[rows["pixels"] == "raw"].set_index("model")
    unit = rows[rows["pixels"] == "unit"].set_index("model")
    most = [str(model) for model in raw.index if raw.loc[model, "share_below"] > 0.5]
    told = "With raw pixels no model has more than half of the images below 1e-7"
    if most:
        whose = names(study.model_labels(most))
        told = f"With raw pixels more than half of the images are below 1e-7 for {whose}"
    if len(unit):
        told += f"; with scaled ones at most {share(unit['share_below'].max())} % for any model"
    caption = (
        "What the untrained networks give the true class of training images: a thin line spans 5 "
        "to 95 % of the images, a thick one the middle half, a tick is the median. The axis is "
        "logarithmic, its decades narrower towards the left. Models in bold have the KL divergence "
        f"(KL), whose clip at 1e-7 takes the gradient away; the others cross-entropy (CE). {told}."
    )
    return Words("The softmax before training", caption, f"Box strips, a row a model. {told}.")


def verdicts(study: Study, rows: pd.DataFrame, conditions: Sequence[str]) -> Words:
    """Count the claims by verdict under each condition."""
    told = []
    for condition in conditions:
        counts = rows.loc[rows["condition"] == condition, "verdict"].value_counts()
        if len(counts):
            each = [
                f"{int(counts.get(name, 0))} {name}"
                for name in ("supported", "contradicted", "undecided")
            ]
            told.append(f"{heading(study.condition_label(condition))}: {listing(each)}.")
    text = " ".join(told)
    caption = (
        f"The verdict on each of {plural(rows['claim'].nunique(), 'claim')} under every condition "
        f"under which it is judged. Claims: {text}"
    )
    return Words("Verdicts on the claims", caption, f"Matrix of marks. {text}")
