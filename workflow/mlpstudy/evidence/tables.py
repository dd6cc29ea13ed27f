"""Jobs → CSVs: collect what the study's jobs wrote, summarise it, write the tables."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from pandas.errors import EmptyDataError, ParserError

from mlpstudy.errors import StudyError
from mlpstudy.evidence.comparisons import compare
from mlpstudy.evidence.reported_values import Reported, load_reported
from mlpstudy.evidence.study_file import Job, Study, load_study
from mlpstudy.evidence.summaries import activation_groups, final_inference, models_table
from mlpstudy.files import write_csv

KEYS = ["condition", "model", "fold", "replicate"]

# A job's files, and the columns that the tables take from them; more columns are passed through.
COLUMNS = {
    "metrics": [
        *KEYS, "activation", "layers", "parameters", "loss_function", "epochs", "batch_size",
        "train_loss", "train_accuracy", "validation_loss", "validation_accuracy",
        "test_loss", "test_accuracy",
    ],
    "timings": [*KEYS, "seconds"],
    "history": [
        *KEYS, "epoch", "train_loss", "train_accuracy", "validation_loss", "validation_accuracy",
    ],
}  # fmt: skip

TABLES = (
    "runs", "timings", "history", "models", "activation_groups", "final_inference", "comparisons",
)  # fmt: skip


def tabulate(study: Path, reported: Path, output: Path) -> None:
    """Write every table of TABLES into the folder `output`.

    Only jobs that `study` names are read, so that results of models or replicates which the
    configuration no longer has stay out.

    Args:
        study: the resolved study, study.json.
        reported: the report's own values, values.csv.
        output: folder for runs.csv, timings.csv, history.csv, models.csv, ….

    Raises:
        StudyError: a file is missing or lacks a column, or a run is missing from its job.
    """
    plan = load_study(study)
    for name, frame in tables(plan, load_reported(reported)).items():
        write_csv(frame, output / f"{name}.csv")


def tables(study: Study, reported: Reported) -> dict[str, pd.DataFrame]:
    """Return every table by its name, from the study's jobs on disk."""
    runs, timings, history = (collect(study, name) for name in ("metrics", "timings", "history"))
    models = models_table(study, runs, timings)
    frames = (
        runs, timings, history, models,
        activation_groups(study, models, reported),
        final_inference(study, models, reported),
        compare(study, models, reported),
    )  # fmt: skip
    return dict(zip(TABLES, frames, strict=True))


def collect(study: Study, name: str) -> pd.DataFrame:
    """Return the rows of `name`.csv of all jobs, in the study's order, then fold and replicate.

    Raises:
        StudyError: a job's file is missing, is not a table, lacks a column or a replicate.
    """
    if not study.jobs:
        raise StudyError("study.json: names no job, so there is nothing to tabulate")
    frame = pd.concat([_job_rows(job, name) for job in study.jobs], ignore_index=True)
    order = {
        "condition": frame["condition"].map(list(study.conditions).index),
        "model": frame["model"].map(list(study.models).index),
        "fold": frame["fold"].map(_fold_number),
        "replicate": frame["replicate"],
    }
    if "epoch" in frame:
        order["epoch"] = frame["epoch"]
    ranks = pd.DataFrame(order).sort_values(list(order), kind="stable")
    return frame.loc[ranks.index].reset_index(drop=True)


def _fold_number(fold: str) -> int:
    """Return the number of a numbered fold, so that 10 comes after 9; 0 for `all` and `holdout`."""
    return int(fold) if fold.isdecimal() else 0


def _job_rows(job: Job, name: str) -> pd.DataFrame:
    """Read one job's file and check that it holds exactly the job's runs."""
    path = job.folder / f"{name}.csv"
    frame = read_table(path, COLUMNS[name])
    keys = frame[["condition", "model", "fold"]].drop_duplicates().to_numpy().tolist()
    if keys != [[job.condition, job.model, job.fold]]:
        raise StudyError(f"{path}: expected rows of {job.condition}, {job.model}, fold {job.fold}")
    expected = set(range(job.first, job.last + 1))
    if set(frame["replicate"]) != expected:
        raise StudyError(f"{path}: expected replicates {job.first} to {job.last}")
    return frame


def read_table(path: Path, columns: list[str] | None = None) -> pd.DataFrame:
    """Read a CSV of the study; fold is text, an empty cell a missing number or an empty text.

    Raises:
        StudyError: the file is missing, is not a table, or lacks one of `columns`.
    """
    texts = dict.fromkeys(TEXTS, str)
    try:
        frame = pd.read_csv(path, dtype=texts, keep_default_na=False, na_values=[""])
    except FileNotFoundError as error:
        raise StudyError(f"{path}: missing; the step that makes it has not run") from error
    except (OSError, UnicodeDecodeError, EmptyDataError, ParserError) as error:
        raise StudyError(f"{path}: expected a table (CSV): {error}") from error
    missing = [column for column in columns or [] if column not in frame]
    if missing:
        raise StudyError(f"{path}: column {missing[0]} is missing")
    present = [column for column in TEXTS if column in frame]
    return frame.fillna(dict.fromkeys(present, ""))


TEXTS = (
    "condition", "model", "fold", "report_name", "activation", "loss_function", "nodes", "class",
    "reported_class", "comparison", "first", "second",
)  # fmt: skip
