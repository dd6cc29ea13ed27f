"""Every table that follows from the runs of a study, whether they are collected or archived."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from mlpstudy.analysis.answers import confusion_rows, hardest_rows, recall_rows, spread
from mlpstudy.analysis.architectures import architectures
from mlpstudy.analysis.failures import causes
from mlpstudy.analysis.models import activation_groups, final_inference, models_table
from mlpstudy.analysis.predictions import each_model
from mlpstudy.analysis.reported import Reported, load_reported
from mlpstudy.analysis.reproduction import reproduction
from mlpstudy.analysis.runs import (
    JOB_FILES,
    accuracies_by_cell,
    check_planned,
    collect,
    replicates,
)
from mlpstudy.analysis.schemas import CONFUSIONS, HARDEST, HISTORY, RECALLS, RUNS, SPREAD, TIMINGS
from mlpstudy.analysis.sensitivity import sensitivity
from mlpstudy.config.study import Study, load_study
from mlpstudy.files import write_csv
from mlpstudy.identity import expect_planned

OF_PREDICTIONS = {
    "spread": SPREAD,
    "recalls": RECALLS,
    "confusions": CONFUSIONS,
    "hardest": HARDEST,
}

# What the tables are computed from, by name: runs, timings, history, and OF_PREDICTIONS. Of these,
# `spread` becomes columns of models.csv, and the others are tables themselves.
Recorded = dict[str, pd.DataFrame]


def tabulate(study: Path, reported: Path, output: Path) -> None:
    """Write the tables that `tables` returns into the folder `output`.

    Only jobs that `study` names are read, so that results of models or replicates which the
    configuration no longer has are left out. Each must be exactly the job that `study` describes.

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
    for name, frame in tables(plan, load_reported(reported, plan), collected(plan)).items():
        write_csv(frame, output / f"{name}.csv")


def tables(study: Study, reported: Reported, recorded: Recorded) -> dict[str, pd.DataFrame]:
    """Return every table by its name."""
    values = replicates(recorded["runs"], recorded["timings"])
    models = models_table(study, recorded["runs"], recorded["history"], values, recorded["spread"])
    return {
        **{name: frame for name, frame in recorded.items() if name != "spread"},
        "models": models,
        "activation_groups": activation_groups(study, models, reported),
        "final_inference": final_inference(study, models, reported),
        "causes": causes(study, values, recorded["history"]),
        "architectures": architectures(study, models),
        "sensitivity": sensitivity(study, values, reported),
        "reproduction": reproduction(study, values, reported),
    }


def collected(study: Study) -> Recorded:
    """Read what the study's jobs wrote into their folders.

    Raises:
        StudyError: a file is missing or lacks a column, or a run is missing from its job.
    """
    found = {schema.name: collect(study, file) for file, schema in JOB_FILES.items()}
    return found | _from_predictions(study, replicates(found["runs"], found["timings"]))


def archived(study: Study, folder: Path) -> Recorded:
    """Read what an archived study keeps of its runs: its tables, without run folders.

    Predictions are not archived, so the tables that were computed from them are read as they are.

    Raises:
        StudyError: a table is missing, lacks a column, or has other runs than `study` plans.
    """
    frames = {
        schema.name: check_planned(study, schema.read(folder), folder / f"{schema.name}.csv")
        for schema in (RUNS, TIMINGS, HISTORY)
    }
    of_predictions = {
        name: schema.read(folder)[schema.names] for name, schema in OF_PREDICTIONS.items()
    }
    return frames | of_predictions


def _from_predictions(study: Study, values: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the tables that follow from the predictions for single images, by name."""
    names = study.labels
    samples = accuracies_by_cell(values)
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in OF_PREDICTIONS}
    for (condition, model), predictions in each_model(study):
        accuracy = samples[condition, model][predictions.replicates]
        learned = (accuracy >= study.medium).to_numpy()
        counts = predictions.confusions(len(names))
        found = {
            "spread": [spread(predictions, learned)],
            "recalls": recall_rows(counts, learned, names),
            "confusions": confusion_rows(counts, learned, names),
            "hardest": hardest_rows(predictions, learned, names),
        }
        cell = {"condition": condition, "model": model}
        for name, of_cell in found.items():
            rows[name] += [cell | row for row in of_cell]
    return {name: schema.frame(rows[name]) for name, schema in OF_PREDICTIONS.items()}
