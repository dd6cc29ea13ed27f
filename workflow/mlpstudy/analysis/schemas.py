"""The schema of every table of a study; docs/tables.md says what each column holds.

A module that computes a table builds it with `Table.frame`, and a module that needs one reads it
with `Table.read`. A column is written `column:kind` (see `Kind`); without a kind it is a number.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from mlpstudy.analysis.columns import Table, table


def numbers(name: str, endings: str) -> str:
    """Return a column for each ending: NAME_ENDING."""
    return " ".join(f"{name}_{ending}" for ending in endings.split())


def with_bounds(*names: str) -> str:
    """Return the columns of effects and of the bounds of their intervals."""
    return " ".join(f"{name} {name}_low {name}_high" for name in names)


CELL = "condition:name model:name"
RUN = f"{CELL} fold:name replicate:count"
TRAINED = "train_loss train_accuracy validation_loss validation_accuracy"
SHARES = "superior_share medium_share inferior_share"
SAMPLE = "median mean sd min max low high level"
SPREAD_PARTS = "learned_seed_sd learned_interaction_sd learned_image_sd learned_binomial_sd"

RUNS = table(
    "runs",
    f"""
    {RUN} activation:name layers:count parameters:count loss_function:name epochs:count
    batch_size:count {TRAINED} test_loss test_accuracy
    """,
)
JOB_TIMINGS = table(  # what a training job writes
    "timings",
    f"""
    {RUN} seconds device:name threads:count stacked:count images_per_second:count
    peak_memory_mb:count
    """,
)
TIMINGS = Table("timings", {**JOB_TIMINGS.columns, "processor": "name", "pytorch": "name"})
HISTORY = table("history", f"{RUN} epoch:count {TRAINED} stuck")

# The columns of models.csv that follow from the predictions for single images.
SPREAD = table("models", f"{CELL} test_images:count {SPREAD_PARTS}")
MODELS = table(
    "models",
    f"""
    {CELL} report_name:name activation:name layers:count nodes:name parameters:count
    loss_function:name epochs:count batch_size:count replicates:count failures:count
    failure_share failure_low failure_high {SHARES} {numbers("test_accuracy", SAMPLE)} class:name
    {numbers("test_loss", SAMPLE)} test_loss_lost:count train_accuracy_median train_loss_median
    learned:count {numbers("learned", SAMPLE)} dead:count dead_failures:count
    test_images:count {SPREAD_PARTS}
    fold_runs:count fold_failures:count fold_sd
    """,
)
ACTIVATION_GROUPS = table(
    "activation_groups",
    f"""
    activation:name model:name report_name:name layers:count epochs:count loss_function:name
    {numbers("reported", "layers epochs loss accuracy")} condition:name replicates:count
    failures:count {numbers("test_accuracy", "median min max")} test_loss_median class:name
    """,
)
FINAL_INFERENCE = table(
    "final_inference",
    f"""
    model:name report_name:name activation:name layers:count reported_accuracy
    reported_class:name condition:name replicates:count
    {numbers("test_accuracy", "median min max")} class:name {SHARES} failure_share
    """,
)

RECALLS = table(
    "recalls",
    f"""
    {CELL} label:count class:name replicates:count {numbers("recall", "mean sd median min max")}
    learned:count learned_recall_mean learned_recall_sd
    """,
)
CONFUSIONS = table("confusions", f"{CELL} true:name predicted:name share learned_share")
HARDEST = table(
    "hardest",
    f"""
    {CELL} rank:count image:count true:name predicted:name agreeing:count replicates:count share
    """,
)

CAUSES = table(
    "causes",
    f"""
    {CELL} pixels:name kl:name also:name n:count failures:count
    failure_share failures_low failures_high median_accuracy
    stuck_first stuck_last stuck_last_failed stuck_last_learned
    dead_last dead_last_max dead_last_failed dead_last_learned dead_layers:name
    """,
)
ARCHITECTURES = table(
    "architectures",
    """
    condition:name activation:name loss_function:name size:name models:count members:name
    sizes:count smallest:count largest:count lowest highest range failures:count
    correlation p p_smallest
    """,
)
REPRODUCTION = table(
    "reproduction",
    """
    condition:name quantity:name models:count inside:count expected by_chance p
    inside_any:count by_chance_any p_any
    """,
)
SENSITIVITY = table(
    "sensitivity",
    f"""
    {CELL} baseline:name field:name baseline_value:name value:name quantity:name reported
    places:name n:count low median high below:count above:count inside:flag
    position p_position gap p_gap
    """,
)

SATURATION = table(
    "saturation",
    f"""
    model:name activation:name pixels:name layers:count initialisations:count images:count
    logit_low logit_median logit_high logit_range
    {numbers("log10_p_true", "q05 q25 q50 q75 q95")}
    share_below share_below_least share_below_most share_certain cross_entropy
    """,
)
SATURATION_LAYERS = table(
    "saturation_layers",
    "model:name activation:name pixels:name layer:count units:count scale saturated dead",
)
SATURATION_BINS = table(
    "saturation_bins", "model:name pixels:name low:count high:count count:count share"
)
UNTRAINED = (SATURATION, SATURATION_LAYERS, SATURATION_BINS)

CONTRASTS = table(
    "contrasts",
    f"""
    contrast:name first_condition:name first_model:name second_condition:name second_model:name
    fields:name first_values:name second_values:name paired:flag
    first_replicates:count second_replicates:count first_failures:count second_failures:count
    first_median second_median {with_bounds("shift", "median_difference", "mean_difference")}
    {with_bounds("failure_difference", "superiority")} p
    reported_first reported_second reported_difference
    """,
)
CLAIMS = table(
    "claims",
    """
    claim:text section:text place:text quote:text also:name statement:text form:text models:text
    condition:name against:text verdict:name measure:name effect low high unit:text level
    reference within:flag failure_bound n:count parts:count required:count parts_for:count
    parts_against:count p family:count p_holm needed:count contrast:name reason:text
    """,
)
AUDIT = table(
    "audit",
    """
    id:text weight:text kind:text models:text places:name values:name finding:text matters:text
    """,
)

TABLES = {
    schema.name: schema
    for schema in (
        *(RUNS, TIMINGS, HISTORY, MODELS, ACTIVATION_GROUPS, FINAL_INFERENCE),
        *(RECALLS, CONFUSIONS, HARDEST, CAUSES, ARCHITECTURES, SENSITIVITY),
        *(REPRODUCTION, *UNTRAINED, CONTRASTS, CLAIMS, AUDIT),
    )
}


def read_table(path: Path) -> pd.DataFrame:
    """Read a CSV that has the name of one of TABLES; see `Table.read`."""
    return TABLES[path.stem].read_file(path)
