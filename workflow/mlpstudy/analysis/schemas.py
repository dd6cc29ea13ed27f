"""The schema of every table of a study; docs/tables.md says what each column holds.

A module that computes a table builds it with `Table.frame`, and a module that needs one reads it
with `Table.read`.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from mlpstudy.analysis.columns import Columns, columns_of, table

names, texts = columns_of("name"), columns_of("text")
counts, numbers, flags = columns_of("count"), columns_of("number"), columns_of("flag")


def numbers_of(name: str, endings: str) -> Columns:
    """Return a column of numbers for each ending: NAME_ENDING."""
    return numbers(" ".join(f"{name}_{ending}" for ending in endings.split()))


def with_bounds(name: str) -> Columns:
    """Return the columns of an effect and of the bounds of its interval."""
    return numbers(f"{name} {name}_low {name}_high")


CELL = names("condition model")
RUN = names("condition model fold") | counts("replicate")
TRAINED = numbers("train_loss train_accuracy validation_loss validation_accuracy")
SHARES = numbers("superior_share medium_share inferior_share")
SAMPLE = "median mean sd min max low high level"

RUNS = table(
    "runs",
    RUN,
    names("activation"),
    counts("layers parameters"),
    names("loss_function"),
    counts("epochs batch_size"),
    TRAINED,
    numbers("test_loss test_accuracy"),
)
TIMINGS = table(
    "timings",
    RUN,
    numbers("seconds"),
    names("device"),
    counts("threads stacked images_per_second peak_memory_mb"),
)
HISTORY = table("history", RUN, counts("epoch"), TRAINED, numbers("stuck"))

# The columns of models.csv that follow from the predictions for single images.
SPREAD = table(
    "models",
    CELL,
    counts("test_images"),
    numbers("learned_seed_sd learned_interaction_sd learned_image_sd learned_binomial_sd"),
)
MODELS = table(
    "models",
    CELL,
    names("report_name activation"),
    counts("layers"),
    names("nodes"),
    counts("parameters"),
    names("loss_function"),
    counts("epochs batch_size replicates failures"),
    numbers("failure_share failure_low failure_high"),
    SHARES,
    numbers_of("test_accuracy", SAMPLE),
    names("class"),
    numbers_of("test_loss", SAMPLE),
    counts("test_loss_lost"),
    numbers("train_accuracy_median train_loss_median"),
    counts("learned"),
    numbers_of("learned", SAMPLE),
    SPREAD.columns,
    counts("fold_runs fold_failures"),
    numbers("fold_sd"),
)
ACTIVATION_GROUPS = table(
    "activation_groups",
    names("activation model report_name"),
    counts("layers epochs"),
    names("loss_function"),
    numbers_of("reported", "layers epochs loss accuracy"),
    names("condition"),
    counts("replicates failures"),
    numbers_of("test_accuracy", "median min max"),
    numbers("test_loss_median"),
    names("class"),
)
FINAL_INFERENCE = table(
    "final_inference",
    names("model report_name activation"),
    counts("layers"),
    numbers("reported_accuracy"),
    names("reported_class condition"),
    counts("replicates"),
    numbers_of("test_accuracy", "median min max"),
    names("class"),
    SHARES,
    numbers("failure_share"),
)

RECALLS = table(
    "recalls",
    CELL,
    counts("label"),
    names("class"),
    counts("replicates"),
    numbers_of("recall", "mean sd median min max"),
    counts("learned"),
    numbers_of("learned_recall", "mean sd"),
)
CONFUSIONS = table("confusions", CELL, names("true predicted"), numbers("share learned_share"))
HARDEST = table(
    "hardest",
    CELL,
    counts("rank image"),
    names("true predicted"),
    counts("agreeing replicates"),
    numbers("share"),
)

CAUSES = table(
    "causes",
    CELL,
    names("pixels kl also"),
    counts("n failures"),
    numbers("failure_share failures_low failures_high median_accuracy stuck_first"),
    numbers("stuck_last stuck_last_failed stuck_last_learned"),
    numbers("dead_last dead_last_max dead_last_failed dead_last_learned"),
    names("dead_layers"),
)
ARCHITECTURES = table(
    "architectures",
    names("condition activation loss_function size"),
    counts("models"),
    names("members"),
    counts("sizes smallest largest"),
    numbers("lowest highest range"),
    counts("failures"),
    numbers("correlation p p_smallest"),
)
SENSITIVITY = table(
    "sensitivity",
    CELL,
    names("baseline field baseline_value value quantity"),
    numbers("reported"),
    names("places"),
    counts("n"),
    numbers("low median high"),
    counts("below above"),
    flags("inside"),
    numbers("position p_position gap p_gap"),
)

SATURATION = table(
    "saturation",
    names("model activation pixels"),
    counts("layers initialisations images"),
    numbers("logit_low logit_median logit_high logit_range"),
    numbers_of("log10_p_true", "q05 q25 q50 q75 q95"),
    numbers("share_below share_below_least share_below_most share_certain cross_entropy"),
)
SATURATION_LAYERS = table(
    "saturation_layers",
    names("model activation pixels"),
    counts("layer units"),
    numbers("scale saturated dead"),
)
SATURATION_BINS = table(
    "saturation_bins", names("model pixels"), counts("low high count"), numbers("share")
)
UNTRAINED = (SATURATION, SATURATION_LAYERS, SATURATION_BINS)

CONTRASTS = table(
    "contrasts",
    names("contrast first_condition first_model second_condition second_model"),
    names("fields first_values second_values"),
    flags("paired"),
    counts("first_replicates second_replicates first_failures second_failures"),
    numbers("first_median second_median"),
    with_bounds("shift"),
    with_bounds("median_difference"),
    with_bounds("mean_difference"),
    with_bounds("failure_difference"),
    with_bounds("superiority"),
    numbers("p"),
    numbers_of("reported", "first second difference"),
)
CLAIMS = table(
    "claims",
    texts("claim section place quote"),
    names("also"),
    texts("statement form models"),
    names("condition"),
    texts("against"),
    names("verdict measure"),
    numbers("effect low high"),
    texts("unit"),
    numbers("level reference"),
    flags("within"),
    numbers("failure_bound"),
    counts("n parts required parts_for parts_against"),
    numbers("p"),
    counts("family"),
    numbers("p_holm"),
    counts("needed"),
    names("contrast"),
    texts("reason"),
)
AUDIT = table(
    "audit",
    texts("id weight kind models"),
    names("places values"),
    texts("finding matters"),
)

TABLES = {
    schema.name: schema
    for schema in (
        *(RUNS, TIMINGS, HISTORY, MODELS, ACTIVATION_GROUPS, FINAL_INFERENCE),
        *(RECALLS, CONFUSIONS, HARDEST, CAUSES, ARCHITECTURES, SENSITIVITY),
        *(*UNTRAINED, CONTRASTS, CLAIMS, AUDIT),
    )
}


def read_table(path: Path) -> pd.DataFrame:
    """Read a CSV that has the name of one of TABLES; see `Table.read`."""
    return TABLES[path.stem].read_file(path)
