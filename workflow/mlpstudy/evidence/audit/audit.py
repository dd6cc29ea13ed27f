"""Reported values, sentences, readings and sensitivity.csv -> audit.csv."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import pandas as pd

from mlpstudy.evidence.audit import (
    causes,
    classes,
    coincidences,
    counts,
    designs,
    differences,
    durations,
    explanations,
    images,
    losses,
    orders,
    printed_twice,
    repeats,
    replicates,
    standing,
)
from mlpstudy.evidence.audit.findings import Finding, audit_table
from mlpstudy.evidence.audit.places import COLUMNS
from mlpstudy.evidence.audit.printed import Report, load_report
from mlpstudy.evidence.audit.readings import Reading, read_readings
from mlpstudy.evidence.collecting import read_table
from mlpstudy.evidence.reported import read_statements, read_values
from mlpstudy.evidence.study_file import load_study
from mlpstudy.files import write_csv

# Rules look for one thing each, and give their findings; in the order of the table.
OF_VALUES: tuple[Callable[[Report], Iterator[Finding]], ...] = (
    printed_twice.printed_twice, printed_twice.blank,
    losses.impossible, losses.saturated,
    images.accuracy_counts, counts.layer_counts, counts.input_layer, counts.bounds,
    counts.series, classes.class_order, classes.class_limits,
    repeats.better_run, designs.undiscussed,
    coincidences.same_result, coincidences.same_seconds, coincidences.unequal_seconds,
)  # fmt: skip
OF_SENTENCES: tuple[Callable[[Report, Sequence[Reading]], Iterator[Finding]], ...] = (
    designs.number_of_models,
    causes.blamed, causes.nothing_special, causes.credited, repeats.spread,
    orders.rank_order, orders.ideal_layers, standing.ideal, standing.exception,
    explanations.fewer_nodes, explanations.opposite, explanations.only_difference,
    explanations.better_setting, explanations.every_layer,
    differences.sampling_error, differences.difference, differences.better,
    classes.perform_well, classes.better_than, standing.around,
    repeats.unsteady, repeats.steady, repeats.not_learnt, repeats.incompatible,
    durations.too_long, durations.longer_is_better, durations.fewer_epochs, durations.no_effect,
    designs.varied_alone, designs.no_contrast, designs.all_discussed,
)  # fmt: skip
OF_REPLICATES: tuple[Callable[[Report, pd.DataFrame], Iterator[Finding]], ...] = (
    replicates.how_many, replicates.outside, replicates.between,
)  # fmt: skip


def audit(study: Path, reported: Path, tables: Path, output: Path) -> None:
    """Write audit.csv: what is not as it should be in the report's own numbers and sentences.

    A trial study is not set against the printed values: its figures only show that all runs.

    Args:
        study: the resolved study, study.json.
        reported: folder of values.csv, statements.csv and readings.csv; each may be absent.
        tables: folder of sensitivity.csv.
        output: file to write.

    Raises:
        StudyError: one of the files is missing or is not what it should be.
    """
    report = load_report(
        read_values(reported / "values.csv"), read_statements(reported / "statements.csv")
    )
    readings = read_readings(reported / "readings.csv", report)
    placed = read_table(tables / "sensitivity.csv", COLUMNS)
    if load_study(study).trial:
        placed = placed[:0]
    write_csv(audit_table(list(findings(report, readings, placed))), output)


def findings(
    report: Report, readings: Sequence[Reading], placed: pd.DataFrame
) -> Iterable[Finding]:
    """Give what every rule finds; `placed` is sensitivity.csv, and may have no rows."""
    for of_values in OF_VALUES:
        yield from of_values(report)
    for of_sentences in OF_SENTENCES:
        yield from of_sentences(report, readings)
    for of_replicates in OF_REPLICATES:
        yield from of_replicates(report, placed)
