"""Runs → tables: pure functions of what a study's runs recorded, collected or archived."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from mlpstudy.analysis.architectures import architectures
from mlpstudy.analysis.causes import causes
from mlpstudy.analysis.classwise import (
    CONFUSION_COLUMNS,
    RECALL_COLUMNS,
    confusion_rows,
    recall_rows,
)
from mlpstudy.analysis.collecting import COLUMNS, collect, read_runs, read_table
from mlpstudy.analysis.hardest import HARDEST_COLUMNS, hardest_rows
from mlpstudy.analysis.predictions import each_model
from mlpstudy.analysis.report_tables import activation_groups, final_inference
from mlpstudy.analysis.reported_values import Reported, load_reported
from mlpstudy.analysis.sensitivity import sensitivity
from mlpstudy.analysis.summaries import (
    KEYS,
    SPREAD_COLUMNS,
    models_table,
    replicates,
    spread_of_answers,
)
from mlpstudy.config.study import Study, load_study
from mlpstudy.files import write_csv
from mlpstudy.identity import expect_planned

__all__ = [
    "COLUMNS", "TABLES", "Recorded", "archived", "collect", "read_table", "tables", "tabulate",
]  # fmt: skip

TABLES = (
    "runs", "timings", "history", "models", "activation_groups", "final_inference",
    "recalls", "confusions", "hardest", "causes", "architectures", "sensitivity",
)  # fmt: skip


@dataclass(frozen=True)
class Recorded:
    """What the tables are computed from.

    Attributes:
        runs: one row per run, the columns of metrics.csv.
        timings: one row per run, the columns of timings.csv.
        history: one row per run and epoch, the columns of history.csv.
        spread: one row per condition and model, SPREAD_COLUMNS.
        recalls: one row per condition, model and class, RECALL_COLUMNS.
        confusions: one row per condition, model and pair of classes, CONFUSION_COLUMNS.
        hardest: one row per condition, model and image listed, HARDEST_COLUMNS.
    """

    runs: pd.DataFrame
    timings: pd.DataFrame
    history: pd.DataFrame
    spread: pd.DataFrame
    recalls: pd.DataFrame
    confusions: pd.DataFrame
    hardest: pd.DataFrame


def tabulate(study: Path, reported: Path, output: Path) -> None:
    """Write every table of TABLES into the folder `output`.

    Only jobs that `study` names are read, so that results of models or replicates which the
    configuration no longer has stay out. Each must be exactly the job that `study` describes.

    Args:
        study: the resolved study, study.json.
        reported: the report's own values, values.csv.
        output: folder for runs.csv, timings.csv, history.csv, models.csv, ….

    Raises:
        StudyError: a file is missing or lacks a column, or a run is missing from its job or
            belongs to another configuration.
    """
    plan = load_study(study)
    expect_planned((plan.planned(job), job.folder) for job in plan.jobs)
    for name, frame in tables(plan, load_reported(reported), collected(plan)).items():
        write_csv(frame, output / f"{name}.csv")


def tables(study: Study, reported: Reported, recorded: Recorded) -> dict[str, pd.DataFrame]:
    """Return every table by its name."""
    runs, timings, history = recorded.runs, recorded.timings, recorded.history
    values = replicates(runs, timings)
    models = models_table(study, runs, timings, recorded.spread)
    frames = (
        runs, timings, history, models,
        activation_groups(study, models, reported),
        final_inference(study, models, reported),
        recorded.recalls, recorded.confusions, recorded.hardest,
        causes(study, values, history),
        architectures(study, models),
        sensitivity(study, values, reported),
    )  # fmt: skip
    return dict(zip(TABLES, frames, strict=True))


def collected(study: Study) -> Recorded:
    """Read what the study's jobs wrote into their folders.

    Raises:
        StudyError: a file is missing or lacks a column, or a run is missing from its job.
    """
    runs, timings, history = (collect(study, name) for name in ("metrics", "timings", "history"))
    return Recorded(runs, timings, history, *_from_predictions(study, replicates(runs, timings)))


def archived(study: Study, folder: Path) -> Recorded:
    """Read what an archived study keeps of its runs: its tables, without run folders.

    Predictions are not archived, so what was computed from them is read as it is.

    Raises:
        StudyError: a table is missing, lacks a column, or has other runs than `study` plans.
    """
    return Recorded(
        runs=read_runs(study, folder / "runs.csv", COLUMNS["metrics"]),
        timings=read_runs(study, folder / "timings.csv", COLUMNS["timings"]),
        history=read_runs(study, folder / "history.csv", COLUMNS["history"]),
        spread=read_table(folder / "models.csv", SPREAD_COLUMNS)[SPREAD_COLUMNS],
        recalls=read_table(folder / "recalls.csv", RECALL_COLUMNS),
        confusions=read_table(folder / "confusions.csv", CONFUSION_COLUMNS),
        hardest=read_table(folder / "hardest.csv", HARDEST_COLUMNS),
    )


def _from_predictions(
    study: Study, values: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return what predictions for single images give: spread, recalls, confusions, hardest."""
    names = study.labels
    accuracies = {
        pair: frame.set_index("replicate")["test_accuracy"] for pair, frame in values.groupby(KEYS)
    }
    spread: list[dict[Any, Any]] = []
    recalls: list[dict[str, Any]] = []
    confusions: list[dict[str, Any]] = []
    hardest: list[dict[str, Any]] = []
    for pair, predictions in each_model(study):
        learned = (accuracies[pair][predictions.replicates] >= study.medium).to_numpy()
        counts = predictions.confusions(len(names))
        keys = dict(zip(KEYS, pair, strict=True))
        spread.append({**keys, **spread_of_answers(predictions, learned)})
        recalls += recall_rows(pair, counts, learned, names)
        confusions += confusion_rows(pair, counts, learned, names)
        hardest += hardest_rows(pair, predictions, learned, names)
    return (
        pd.DataFrame(spread, columns=SPREAD_COLUMNS),
        pd.DataFrame(recalls, columns=RECALL_COLUMNS),
        pd.DataFrame(confusions, columns=CONFUSION_COLUMNS),
        pd.DataFrame(hardest, columns=HARDEST_COLUMNS),
    )
