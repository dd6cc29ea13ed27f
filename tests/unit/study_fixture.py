"""A small study on disk, with numbers that a test chooses: no training, no torch."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import yaml

from mlpstudy.analysis.contrasts import write_contrasts
from mlpstudy.analysis.tables import tabulate
from mlpstudy.config.study import Study
from mlpstudy.files import write_csv, write_text
from mlpstudy.spec import Job, Spec

REPORTED = Path(__file__).parents[2] / "resources" / "reported" / "values.csv"
TEMPLATES = Path(__file__).parents[2] / "workflow" / "templates"
CLAIMS = Path(__file__).parents[2] / "config" / "claims.yaml"

FIELDS: dict[str, Any] = {
    "nodes": [128, 64, 10], "activation": "relu", "leaky_slope": 0.3, "loss": "cross_entropy",
    "kl": "clipped", "pixels": "raw", "optimizer": "adam", "learning_rate": 0.001, "epochs": 3,
    "batch_size": 32, "validation": "none", "holdout_fraction": 0.2, "folds": 5,
    "kfold_pool": "train", "dropout": 0.0, "batch_norm": False,
}  # fmt: skip

DATA, CODE, SUBSET = "0" * 64, "f" * 64, (4000, 1000)

BOTH = {"as_reported": {}, "corrected": {"pixels": "unit", "kl": "exact"}}

# What provenance.json holds, the same on every machine and day.
PROVENANCE: dict[str, Any] = {
    "date": "2026-11-05T07:04:00Z",
    "command": "snakemake --cores 2",
    "repository": {"commit": "c" * 40, "dirty": False, "changed": [], "problem": None},
    "lock": {"file": "envs/study.txt", "sha256": "1" * 64, "departures": {}},
    "versions": {"python": "3.11.2", "torch": "2.13.0"},
    "machine": {"system": "Debian GNU/Linux 12", "processor": "A processor", "cores": 2},
    "training": [
        {
            "device": "cpu",
            "processor": "A processor",
            "pytorch": "2.13.0",
            "threads": 1,
            "runs": 36,
            "seconds": 90.0,
        }
    ],
    "code": {"today": "f" * 64, "runs": ["f" * 64], "same": True},
    "data": {"name": "fashion-mnist", "sha256": "0" * 64, "subset": None},
}

# Test accuracy and loss of a run, from condition, model, fold and replicate.
Outcome = Callable[[str, str, str, int], tuple[float, float]]


class Paths(NamedTuple):
    """Where a test's study stands, and where its outputs go."""

    study: Path
    runs: Path
    tables: Path
    figures: Path
    report: Path

    @property
    def provenance(self) -> Path:
        """The file that says what the report comes from."""
        return self.report / "provenance.json"


def make_study(
    root: Path,
    models: Mapping[str, Mapping[str, Any]],
    outcome: Outcome,
    conditions: Mapping[str, Mapping[str, Any]] | None = None,
    replicates: int = 3,
    trial: bool = False,
    covered: Mapping[str, Sequence[str]] | None = None,
    block: int | None = None,
) -> Paths:
    """Write study.json and every job's CSVs and predictions under `root`.

    `models` maps a key to the fields that differ from FIELDS, with `report_name` and `assumed`
    among them; the report's models, m01 to m17, are called as it calls them. A condition may have
    a `label`; `covered` restricts a condition to some models.
    """
    entries, resolved = _resolved(models, conditions, covered)
    size = block or replicates
    jobs = []
    for condition, settings in resolved.items():
        for key in settings["models"]:
            fields = {**entries[key]["fields"], **settings["overrides"]}
            for fold in _folds(fields):
                for first in range(1, replicates + 1, size):
                    last = min(first + size - 1, replicates)
                    folder = f"runs/{condition}/{key}/fold-{fold}/replicates-{first}-{last}"
                    job = Job(
                        condition=condition, model=key, fold=fold, first=first, last=last,
                        seed=1, data=DATA, subset=SUBSET if trial else None, code=CODE,
                        spec=Spec.from_fields(fields),
                    )  # fmt: skip
                    _write_job(root / folder, job, fields, outcome)
                    named = ("condition", "model", "fold", "first", "last")
                    jobs.append({name: getattr(job, name) for name in named} | {"folder": folder})
    said = yaml.safe_load(CLAIMS.read_text())
    study = {
        "trial": trial, "seed": 1, "replicates": replicates, "replicates_per_job": replicates,
        "device": "cpu", "code": CODE,
        "dataset": {
            "name": "fashion-mnist", "classes": list("abcdefghij"), "digest": DATA,
            "subset": dict(zip(("train", "test"), SUBSET, strict=True)) if trial else None,
        },
        "classes": {"superior": 0.8, "medium": 0.5}, "margin": 0.01,
        "defaults": {"batch_size": {"value": 32, "basis": "assumed", "why": "Not said."}},
        "models": entries,
        "comparisons": {
            key: {"pairs": [], **entry} for key, entry in said["comparisons"].items()
        },
        # As the plan has it: those of a report of which the study has a model.
        "conclusions": said["conclusions"] if {*said["optional"]["models"]} & {*models} else {},
        "conditions": resolved,
        "jobs": jobs,
    }  # fmt: skip
    write_text(root / "study.json", json.dumps(study))
    report = root / "report"
    write_text(report / "provenance.json", json.dumps(PROVENANCE))
    return Paths(root / "study.json", root / "runs", root / "tables", report / "figures", report)


def write_tables(paths: Paths, reported: Path = REPORTED) -> None:
    """Write the tables of the runs and the contrasts, without those of any claim."""
    tabulate(paths.study, reported, paths.tables)
    write_contrasts(paths.study, None, reported, paths.tables, paths.tables / "contrasts.csv")


def study_of(
    models: Mapping[str, Mapping[str, Any]],
    conditions: Mapping[str, Mapping[str, Any]] | None = None,
    covered: Mapping[str, Sequence[str]] | None = None,
) -> Study:
    """Return what `make_study` would write, without jobs and files."""
    entries, resolved = _resolved(models, conditions, covered)
    return Study(models=entries, conditions=resolved)


def _resolved(
    models: Mapping[str, Mapping[str, Any]],
    conditions: Mapping[str, Mapping[str, Any]] | None,
    covered: Mapping[str, Sequence[str]] | None,
) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]]]:
    """Return the models and the conditions as study.json has them; see `make_study`."""
    entries = {}
    for key, given in models.items():
        fields = dict(given)
        number = re.fullmatch(r"m(0[1-9]|1[0-7])", key)
        name = fields.pop("report_name", f"Model {int(number[1])}" if number else key)
        assumed = fields.pop("assumed", {"batch_size": "Not said."})
        entries[key] = {"report_name": name, "fields": {**FIELDS, **fields}, "assumed": assumed}
    resolved = {}
    for name, given in (BOTH if conditions is None else conditions).items():
        overrides = dict(given)
        resolved[name] = {
            "label": overrides.pop("label", ""),
            "overrides": overrides,
            "models": list((covered or {}).get(name, models)),
        }
    return entries, resolved


def _folds(fields: Mapping[str, Any]) -> list[str]:
    scheme = fields["validation"]
    if scheme == "kfold":
        return [str(fold) for fold in range(1, fields["folds"] + 1)]
    return ["all" if scheme == "none" else "holdout"]


def _write_job(folder: Path, job: Job, fields: Mapping[str, Any], outcome: Outcome) -> None:
    validated = fields["validation"] != "none"
    metrics, timings, history = [], [], []
    for replicate in job.replicates:
        accuracy, loss = outcome(job.condition, job.model, job.fold, replicate)
        keys = {name: getattr(job, name) for name in ("condition", "model", "fold")}
        keys |= {"replicate": replicate}
        metrics.append(
            {
                **keys, "activation": fields["activation"], "layers": len(fields["nodes"]),
                "parameters": parameters(fields["nodes"]), "loss_function": fields["loss"],
                "epochs": fields["epochs"], "batch_size": fields["batch_size"],
                "train_loss": loss * 0.9, "train_accuracy": accuracy,
                "validation_loss": loss if validated else None,
                "validation_accuracy": accuracy if validated else None,
                "test_loss": loss, "test_accuracy": accuracy,
            }
        )  # fmt: skip
        timings.append(
            {
                **keys, "seconds": 2.0 * replicate, "device": "cpu", "threads": 1,
                "stacked": len(job.replicates), "images_per_second": 1000, "peak_memory_mb": 100.0,
            }
        )  # fmt: skip
        for epoch in range(1, fields["epochs"] + 1):
            part = epoch / fields["epochs"]
            history.append(
                {
                    **keys, "epoch": epoch, "train_loss": loss * (3 - 2 * part),
                    "train_accuracy": accuracy * part,
                    "validation_loss": loss * (3.2 - 2 * part) if validated else None,
                    "validation_accuracy": accuracy * part * 0.97 if validated else None,
                    # A run that fails is stuck from the first epoch on; deeper layers die more.
                    "stuck": 0.0 if accuracy >= 0.5 else 1 - accuracy,
                    **{f"dead_layer_{n}": n / 10 for n in range(1, len(fields["nodes"]))},
                }
            )  # fmt: skip
    for name, rows in {"metrics": metrics, "timings": timings, "history": history}.items():
        write_csv(pd.DataFrame(rows), folder / f"{name}.csv")
    accuracies = [row["test_accuracy"] for row in metrics]
    np.savez(folder / "predictions.npz", **_answers(job.fold, list(job.replicates), accuracies))
    write_text(folder / "spec.json", f"{job.identity()}\n")
    write_text(folder / "machine.json", '{"processor": "A processor", "pytorch": "2.13.0"}\n')


def _answers(fold: str, replicates: list[int], accuracies: list[float]) -> dict[str, np.ndarray]:
    """Answer 100 images of ten classes a fold, the first ones right, the rest one class too high.

    So every hundredth of an accuracy is one image.
    """
    images = np.arange(100)
    first = 100 * (int(fold) - 1) if fold.isdecimal() else 0
    true = np.tile(images % 10, (len(replicates), 1)).astype(np.uint8)
    right = images < np.rint(100 * np.nan_to_num(np.array(accuracies)))[:, None]
    return {
        "replicate": np.array(replicates),
        "index": np.tile(images + first, (len(replicates), 1)).astype(np.int32),
        "true": true,
        "predicted": np.where(right, true, (true + 1) % 10).astype(np.uint8),
    }


def parameters(nodes: Sequence[int]) -> int:
    """Count weights and biases of a dense network on 784 pixels."""
    return sum((a + 1) * b for a, b in zip([784, *nodes], nodes, strict=False))
