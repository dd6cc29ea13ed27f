"""A job's files: their columns, that they agree with each other, and that they predict again."""

from __future__ import annotations

import dataclasses
import math
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from plain_mlp import activate, forward
from safetensors.numpy import load_file
from study_fixture import DATA, make_study
from torch import Tensor
from training_jobs import ACTIVATIONS, JOB, make_job, make_trainer, small_dataset

from mlpstudy import cli
from mlpstudy.analysis.schemas import HISTORY, JOB_TIMINGS, RUNS, TRAINED
from mlpstudy.errors import StudyError
from mlpstudy.spec import Job
from mlpstudy.training.inference import class_names, load_model, predict, read_images
from mlpstudy.training.job import run_job, write_rows
from mlpstudy.training.trainer import Trainer

FILES = [
    "history.csv",
    "metrics.csv",
    "predictions.npz",
    "spec.json",
    "timings.csv",
    "weights.safetensors",
]


def run(job: Job, folder: Path) -> Path:
    run_job(job, small_dataset(), folder, torch.device("cpu"), threads=1)
    return folder


@pytest.fixture(scope="module", params=["holdout", "kfold", "normalised"])
def finished(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Job, Path]:
    fields: dict[str, dict[str, Any]] = {
        "holdout": {},
        "kfold": {"fold": "3", "validation": "kfold", "kfold_pool": "all", "first": 4, "last": 5},
        "normalised": {"batch_norm": True, "dropout": 0.2, "loss": "kl_divergence"},
    }
    job = make_job(learning_rate=0.01, epochs=4, **fields[request.param])
    return job, run(job, tmp_path_factory.mktemp("runs") / job.folder)


def test_files_and_columns(finished: tuple[Job, Path]) -> None:
    job, folder = finished
    assert sorted(path.name for path in folder.iterdir()) == FILES
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]  # no checkpoint left
    metrics, timings, history = (
        pd.read_csv(folder / name) for name in ("metrics.csv", "timings.csv", "history.csv")
    )
    assert list(metrics) == RUNS.names
    assert list(timings) == JOB_TIMINGS.names
    assert list(history) == [*HISTORY.names, "dead_layer_1", "dead_layer_2"]
    assert metrics["replicate"].tolist() == list(job.replicates)
    pairs = list(zip(history["epoch"], history["replicate"], strict=True))
    assert pairs == [(epoch, r) for epoch in range(1, 5) for r in job.replicates]
    for frame in (metrics, timings, history):
        assert (frame["model"] == job.model).all()
        assert (frame["fold"].astype(str) == job.fold).all()
    by_hand = 36 * 17 + 17 + 17 * 9 + 9 + 9 * 10 + 10 + (2 * 17 + 2 * 9) * job.spec.batch_norm
    assert (metrics["parameters"] == by_hand).all()
    assert (metrics["layers"] == 3).all()
    assert Job.from_identity((folder / "spec.json").read_text()) == job


def test_metrics_are_the_last_epoch_of_the_history(finished: tuple[Job, Path]) -> None:
    _, folder = finished
    metrics, history = (pd.read_csv(folder / name) for name in ("metrics.csv", "history.csv"))
    last = history[history["epoch"] == 4].reset_index()
    for name in TRAINED.split():
        assert metrics[name].tolist() == last[name].tolist()
    assert (metrics["train_accuracy"] > 0.1).all()  # it does learn


def test_accuracy_is_that_of_the_predictions(finished: tuple[Job, Path]) -> None:
    job, folder = finished
    metrics, predictions = pd.read_csv(folder / "metrics.csv"), np.load(folder / "predictions.npz")
    assert predictions["replicate"].tolist() == list(job.replicates)
    assert (small_dataset().labels[predictions["index"]] == predictions["true"]).all()
    right = (predictions["predicted"] == predictions["true"]).mean(axis=1)
    assert metrics["test_accuracy"].tolist() == right.tolist()
    if job.spec.validation == "kfold":  # the held-out fold is both validation and test set
        assert metrics["validation_accuracy"].tolist() == right.tolist()
        assert metrics["validation_loss"].tolist() == metrics["test_loss"].tolist()
    else:
        assert (predictions["index"] == np.arange(160, 220)).all()


def test_weights_give_the_predictions(finished: tuple[Job, Path]) -> None:
    job, folder = finished
    predictions, saved = (
        np.load(folder / "predictions.npz"),
        load_file(folder / "weights.safetensors"),
    )
    images = torch.from_numpy(small_dataset().images).double() / 255
    for index in range(len(job.replicates)):
        weights = {name: torch.from_numpy(a[index]).double() for name, a in saved.items()}
        rows = torch.from_numpy(predictions["index"][index]).long()
        logits = forward(job.spec, weights, images[rows], training=False)
        assert logits.argmax(-1).tolist() == predictions["predicted"][index].tolist()


@pytest.mark.parametrize(
    "fields", [{}, {"loss": "kl_divergence"}, {"batch_norm": True}, {"optimizer": "adamw"}]
)
def test_diverging_runs_end_and_are_recorded(fields: dict[str, Any], tmp_path: Path) -> None:
    folder = run(make_job(learning_rate=1e30, pixels="raw", **fields), tmp_path / "job")
    metrics, history = (pd.read_csv(folder / name) for name in ("metrics.csv", "history.csv"))
    assert len(metrics) == 3
    assert len(history) == 9
    assert metrics["train_accuracy"].between(0, 1).all()
    assert metrics["test_accuracy"].between(0, 0.2).all()
    if not fields:
        assert not np.isfinite(metrics["train_loss"]).any()


@pytest.mark.parametrize("validation", ["holdout", "none"])
def test_a_lost_loss_is_told_from_one_that_nobody_measured(
    validation: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fold = "all" if validation == "none" else "holdout"
    job = make_job(
        learning_rate=1e30, pixels="raw", optimizer="sgd", validation=validation, fold=fold
    )
    folder = run(job, tmp_path / "job")
    for name in ("metrics.csv", "history.csv"):
        rows = pd.read_csv(folder / name, dtype=str, keep_default_na=False)
        assert set(rows["train_loss"]) == {"nan"}
        assert set(rows["validation_loss"]) == {"nan" if validation == "holdout" else ""}
        assert ("" in set(rows["validation_accuracy"])) == (validation == "none")
        assert "nan" not in set(rows["validation_accuracy"])
    (said,) = [each.getMessage() for each in caplog.records if "diverged" in each.getMessage()]
    assert said.endswith("in epoch 1: the loss of replicate 1, 2, 3 is not a number from here on")


def test_subset_is_what_is_trained_and_tested_on(tmp_path: Path) -> None:
    folder = run(make_job(subset=(50, 20), validation="none", fold="all"), tmp_path / "job")
    predictions = np.load(folder / "predictions.npz")
    assert (predictions["index"] == 160 + np.arange(20)).all()
    accuracy = pd.read_csv(folder / "metrics.csv")["train_accuracy"]
    assert (accuracy * 50 == (accuracy * 50).round()).all()


def test_other_data_is_refused(tmp_path: Path) -> None:
    dataset = dataclasses.replace(small_dataset(), digest="f" * 64)
    with pytest.raises(StudyError, match=r"has checksum ffffffffffff…, expected digest…: prepare"):
        run_job(make_job(), dataset, tmp_path / "job", torch.device("cpu"), threads=1)
    assert list(tmp_path.iterdir()) == []
    assert JOB["data"] == "digest"


def test_floats_read_back_the_same(tmp_path: Path) -> None:
    numbers = [0.1 + 0.2, 1e-300, math.pi, float("inf"), float("nan"), None]
    write_rows(tmp_path / "rows.csv", [{"name": "a", "value": value} for value in numbers])
    lines = (tmp_path / "rows.csv").read_text().splitlines()[1:]
    assert [float(line.removeprefix("a,")) for line in lines[:4]] == numbers[:4]
    assert lines[4:] == ["a,nan", "a,"]  # a loss that is lost, and one that nobody measured


def derivative(trainer: Trainer, z: Tensor) -> Tensor:
    free = z.clone().requires_grad_()
    (slope,) = torch.autograd.grad(activate(free, trainer.spec).sum(), free)
    return slope


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_dead_units_are_those_without_a_slope_on_any_probe(activation: str) -> None:
    spec = {"optimizer": "sgd", "learning_rate": 1e-30, "leaky_slope": 1e-4}
    trainer = make_trainer(make_job(activation=activation, last=2, **spec))
    first, second = trainer.network.layers[:2]
    first.bias[0, 0, :5] = -60.0  # in the first replicate five units never leave zero …
    first.bias[1, 0] = torch.linspace(-12, 12, 17)  # … in the second they are ever closer to it
    second.bias[0, 0, 0] = -60.0
    rows = trainer.run_epoch(1)
    images = torch.from_numpy(small_dataset().images).double() / 255
    for index, row in enumerate(rows):
        values = images[trainer.splits[index].train[:1000]]
        for number, layer in enumerate((first, second), start=1):
            z = values @ layer.kernel[index].double() + layer.bias[index].double()
            dead = (derivative(trainer, z).abs().max(0).values < 1e-3).double().mean().item()
            assert row[f"dead_layer_{number}"] == pytest.approx(dead, abs=1e-12)
            values = activate(z, trainer.spec)
    if activation in ("relu", "elu", "gelu", "leaky_relu"):
        assert rows[0]["dead_layer_1"] >= 5 / 17
    if activation in ("sigmoid", "tanh"):
        assert 0 < rows[1]["dead_layer_1"] < 1


def test_stuck_examples_are_wrong_and_below_the_clip() -> None:
    job = make_job(loss="kl_divergence", optimizer="sgd", learning_rate=1e-30)
    trainer = make_trainer(job)
    trainer.network.layers[-1].kernel.mul_(60.0)
    images = torch.from_numpy(small_dataset().images).double() / 255
    labels = torch.from_numpy(small_dataset().labels).long()
    weights = {name: t.double() for name, t in trainer.network.named_tensors().items()}
    for index, row in enumerate(trainer.run_epoch(1)):
        train = trainer.splits[index].train
        own = {name: tensor[index] for name, tensor in weights.items()}
        softmax = torch.softmax(forward(job.spec, own, images[train], training=False), -1)
        true = softmax[torch.arange(train.size), labels[train]]
        wrong = softmax.argmax(-1) != labels[train]
        stuck = (wrong & (true < 1e-7)).double().mean().item()
        assert 0.1 < stuck < wrong.double().mean().item()
        assert row["stuck"] == pytest.approx(stuck, abs=1e-12)


FIELDS = {
    "plain": {},
    "leaky, raw pixels": {"activation": "leaky_relu", "pixels": "raw"},
    "normalised": {"activation": "gelu", "batch_norm": True},
    "dropout": {"activation": "tanh", "dropout": 0.3, "batch_norm": True},
}


@pytest.mark.parametrize("name", FIELDS)
def test_the_loaded_model_predicts_as_the_run_did(tmp_path: Path, name: str) -> None:
    job, dataset = make_job(**FIELDS[name]), small_dataset()
    run_job(job, dataset, tmp_path, torch.device("cpu"), threads=1)
    with np.load(tmp_path / "predictions.npz") as kept:
        for row, replicate in enumerate(kept["replicate"]):
            model = load_model(tmp_path, int(replicate))
            images = np.asarray(dataset.images)[kept["index"][row]]
            label, probability = predict(model, images, rows=7)
            np.testing.assert_array_equal(label, kept["predicted"][row])
            assert ((probability >= 1 / 10) & (probability <= 1)).all()


def test_a_missing_replicate_or_folder_is_one_line(tmp_path: Path) -> None:
    run_job(make_job(), small_dataset(), tmp_path, torch.device("cpu"), threads=1)
    with pytest.raises(StudyError, match="replicate from 1 to 3, got 4"):
        load_model(tmp_path, 4)
    with pytest.raises(StudyError, match="finished job"):
        load_model(tmp_path / "nothing", 1)
    (tmp_path / "weights.safetensors").write_bytes(b"nonsense")
    with pytest.raises(StudyError, match="damaged"):
        load_model(tmp_path, 1)


def test_a_study_file_that_is_none_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "study.json"
    path.write_text('{"trial": true}')
    with pytest.raises(StudyError, match=rf"^{path}: key 'seed' is missing"):
        cli.predict([tmp_path / "picture.png"], run=tmp_path, study=path)


def test_pictures_become_images_of_the_datasets_shape(tmp_path: Path) -> None:
    grey = np.arange(784, dtype=np.uint8).reshape(28, 28)
    Image.fromarray(grey).save(tmp_path / "grey.png")
    Image.fromarray(np.repeat(grey[..., None], 3, 2)).resize((56, 56)).save(tmp_path / "colour.png")
    header = struct.pack(">BBBB3I", 0, 0, 8, 3, 2, 28, 28)
    (tmp_path / "two-idx3-ubyte").write_bytes(header + grey.tobytes() * 2)
    paths = [tmp_path / name for name in ("grey.png", "colour.png", "two-idx3-ubyte")]
    names, images = read_images(paths)
    assert images.shape == (4, 28, 28)
    assert names[2:] == [f"{paths[2]}:0", f"{paths[2]}:1"]
    np.testing.assert_array_equal(images[[0, 2, 3]], [grey] * 3)
    np.testing.assert_array_equal(read_images(paths[:1], invert=True)[1][0], 255 - grey)


def test_a_file_that_is_no_picture_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("not a picture")
    with pytest.raises(StudyError, match=r"text\.png: expected a picture"):
        read_images([tmp_path / "text.png"])


def test_class_names_are_those_of_the_study_around_the_run(tmp_path: Path) -> None:
    paths = make_study(tmp_path, {"m01": {}}, lambda *_: (0.8, 0.5))
    folder = next(paths.runs.rglob("spec.json")).parent
    assert class_names(folder) == tuple("abcdefghij")
    assert class_names(folder, paths.study) == tuple("abcdefghij")
    other = tmp_path / "other.json"
    other.write_text(paths.study.read_text().replace(DATA, "1" * 64))
    with pytest.raises(StudyError, match=r"other\.json: expected the study of .*m01"):
        class_names(folder, other)
