"""Jobs → CSVs: collect what the study's jobs wrote, summarise it, write the tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from mlpstudy.evidence.architectures import architectures
from mlpstudy.evidence.causes import causes
from mlpstudy.evidence.classwise import (
    CONFUSION_COLUMNS,
    RECALL_COLUMNS,
    confusion_rows,
    recall_rows,
)
from mlpstudy.evidence.collecting import COLUMNS, collect, read_table
from mlpstudy.evidence.hardest import HARDEST_COLUMNS, hardest_rows
from mlpstudy.evidence.predictions import each_model
from mlpstudy.evidence.report_tables import activation_groups, final_inference
from mlpstudy.evidence.reported_values import Reported, load_reported
from mlpstudy.evidence.sensitivity import sensitivity
from mlpstudy.evidence.study_file import Study, load_study
from mlpstudy.evidence.summaries import KEYS, models_table, replicates, spread_of_answers
from mlpstudy.files import write_csv
from mlpstudy.identity import expect_planned

__all__ = ["COLUMNS", "TABLES", "collect", "read_table", "tables", "tabulate"]

TABLES = (
    "runs", "timings", "history", "models", "activation_groups", "final_inference",
    "recalls", "confusions", "hardest", "causes", "architectures", "sensitivity",
)  # fmt: skip


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
    for name, frame in tables(plan, load_reported(reported)).items():
        write_csv(frame, output / f"{name}.csv")


def tables(study: Study, reported: Reported) -> dict[str, pd.DataFrame]:
    """Return every table by its name, from the study's jobs on disk."""
    runs, timings, history = (collect(study, name) for name in ("metrics", "timings", "history"))
    values = replicates(runs, timings)
    answers, recalls, confusions, hardest = _from_predictions(study, values)
    models = models_table(study, runs, timings, answers)
    frames = (
        runs, timings, history, models,
        activation_groups(study, models, reported),
        final_inference(study, models, reported),
        recalls, confusions, hardest,
        causes(study, values, history),
        architectures(study, models),
        sensitivity(study, values, reported),
    )  # fmt: skip
    return dict(zip(TABLES, frames, strict=True))


def _from_predictions(
    study: Study, values: pd.DataFrame
) -> tuple[dict[tuple[str, str], dict[Any, Any]], pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return what answers to single images tell: spread by model, recalls, confusions, hardest."""
    names = study.labels
    accuracies = {
        pair: frame.set_index("replicate")["test_accuracy"] for pair, frame in values.groupby(KEYS)
    }
    spreads: dict[tuple[str, str], dict[Any, Any]] = {}
    recalls: list[dict[str, Any]] = []
    confusions: list[dict[str, Any]] = []
    hardest: list[dict[str, Any]] = []
    for pair, predictions in each_model(study):
        learned = (accuracies[pair][predictions.replicates] >= study.medium).to_numpy()
        counts = predictions.confusions(len(names))
        spreads[pair] = spread_of_answers(predictions, learned)
        recalls += recall_rows(pair, counts, learned, names)
        confusions += confusion_rows(pair, counts, learned, names)
        hardest += hardest_rows(pair, predictions, learned, names)
    return (
        spreads,
        pd.DataFrame(recalls, columns=RECALL_COLUMNS),
        pd.DataFrame(confusions, columns=CONFUSION_COLUMNS),
        pd.DataFrame(hardest, columns=HARDEST_COLUMNS),
    )
