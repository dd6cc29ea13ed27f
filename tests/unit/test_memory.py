"""A job's memory: under 1 GiB for the largest models of the report, images in shared pages."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mlpstudy.config.planning import read_plan
from mlpstudy.config.resources import weights
from mlpstudy.data import dataset

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "config/config.yaml"
PLAN = read_plan([CONFIG], {"replicates_per_job": 5})
# The model with the most weights, the one with the most activations (units times batch size, with
# batch normalisation), and the one that trains on all 70,000 images; no other exceeds all of them.
LARGEST = ("m08", "m10", "m03")
TRAIN, TEST, SIDE = 60_000, 10_000, 28


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset of Fashion-MNIST's size, of noise: what is in the images needs no memory."""
    folder = tmp_path_factory.mktemp("raw")
    generator = np.random.default_rng(0)
    for role, file in PLAN.config.dataset.to_dict()["files"].items():
        count = TRAIN if role.startswith("train") else TEST
        shape = (count, SIDE, SIDE) if role.endswith("images") else (count,)
        content = generator.integers(256 if len(shape) > 1 else 10, size=shape, dtype=np.uint8)
        header = bytes([0, 0, 8, len(shape)]) + np.array(shape, ">u4").tobytes()
        (folder / file["name"]).write_bytes(header + content.tobytes())
    destination = folder.with_name("prepared")
    dataset.prepare(folder, destination, _described(folder))
    return destination


def _described(folder: Path) -> dict[str, object]:
    described = PLAN.config.dataset.to_dict()
    for file in described["files"].values():
        file["sha256"] = hashlib.sha256((folder / file["name"]).read_bytes()).hexdigest()
    return described


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("model", LARGEST)
def test_five_replicates_of_the_largest_models_stay_under_a_gibibyte(
    prepared: Path, tmp_path: Path, model: str
) -> None:
    spec = dataclasses.replace(PLAN.study.spec("as_reported", model), epochs=1)
    planned = next(job for job in PLAN.jobs.values() if job.model == model)
    data = dataset.load(prepared).digest
    job = dataclasses.replace(planned, first=1, last=5, spec=spec, data=data)
    command = [sys.executable, "-m", "mlpstudy", "train", "--job", job.identity()]
    command += ["--data", str(prepared), "--output", str(tmp_path), "--device", "cpu"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "workflow")}
    subprocess.run(command, env=environment, check=True, capture_output=True)
    peak = pd.read_csv(tmp_path / "timings.csv")["peak_memory_mb"].max() * 1e6
    print(f"{model}: {peak / 2**20:.0f} MiB")
    assert peak < 2**30


@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="pages are told by Linux's /proc")
def test_the_images_are_in_pages_that_all_jobs_share(prepared: Path) -> None:
    images = dataset.load(prepared).images
    assert images.sum(dtype=np.int64) > 0  # every page has been read
    mapping = Path("/proc/self/smaps").read_text().split(str(prepared / "images.npy"))[1]
    kib = dict(re.findall(r"^(Rss|Anonymous): +(\d+) kB$", mapping, re.MULTILINE)[:2])
    assert int(kib["Rss"]) * 1024 >= images.nbytes
    assert kib["Anonymous"] == "0"  # that of copies which are this process's alone


def test_the_largest_models_are_the_largest() -> None:
    fields = {m: PLAN.study.fields("as_reported", m) for m in PLAN.study.models}
    size = {m: weights(f["nodes"]) for m, f in fields.items()}
    activations = {m: sum(f["nodes"]) * f["batch_size"] for m, f in fields.items()}
    assert max(size, key=size.__getitem__) == "m08"
    assert max(activations, key=activations.__getitem__) == "m10"
    assert [m for m, f in fields.items() if f["kfold_pool"] == "all"] == ["m03"]
