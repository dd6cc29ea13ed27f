"""A finished run, loaded as an ordinary module, predicts what the trainer predicted."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from training_jobs import make_job, small_dataset

from mlpstudy.errors import StudyError
from mlpstudy.training.inference import load_model, predict, read_images
from mlpstudy.training.job import run_job

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
