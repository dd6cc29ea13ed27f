"""A copy of the workflow in a folder of its own, on a tiny dataset, as a user would have it."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import shutil
import struct
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

ROOT = Path(__file__).parents[2]
PARTS = ("Snakefile", "workflow", "config", "profiles", "envs", "resources/reported")
ROLES = {
    "train_images": ("train-images-idx3-ubyte", (600, 28, 28)),
    "train_labels": ("train-labels-idx1-ubyte", (600,)),
    "test_images": ("t10k-images-idx3-ubyte", (200, 28, 28)),
    "test_labels": ("t10k-labels-idx1-ubyte", (200,)),
}
# Few jobs, yet one of each kind of validation, two conditions, and folds; the other shipped
# conditions are dropped.
SHIPPED = yaml.safe_load((ROOT / "config/config.yaml").read_text())["conditions"]
CONDITIONS = {
    **dict.fromkeys(SHIPPED),
    "as_reported": {"epochs": 1, "models": ["m01", "m03", "m06"]},
    "corrected": {"epochs": 1, "models": ["m06"]},
}


@dataclass(frozen=True)
class Project:
    """The folder of one copy."""

    folder: Path

    def snakemake(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run snakemake as a user in the folder would."""
        command = [sys.executable, "-m", "snakemake", "--cores", "2", *arguments]
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        return subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=900
        )

    def start(self) -> subprocess.Popen[bytes]:
        """Start the tiny study in a process group of its own, and leave it running."""
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        with (self.folder / "snakemake.log").open("ab") as log:
            return subprocess.Popen(
                self.command(),
                cwd=self.folder,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def command(self, *arguments: str) -> list[str]:
        """Return the command that runs the tiny study."""
        snakemake = [sys.executable, "-m", "snakemake", "--cores", "2"]
        return [*snakemake, "--configfile", "tiny.yaml", *arguments]

    def study(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the tiny study."""
        return self.snakemake("--configfile", "tiny.yaml", *arguments)

    def planned(self, *arguments: str) -> dict[str, list[str]]:
        """Return, by rule, the first output of each job that a dry-run names."""
        done = self.study("--dry-run", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        jobs = defaultdict(list)
        for block in re.split(r"\n(?:local)?rule ", done.stdout + done.stderr)[1:]:
            output = re.search(r"^ +output: ([^,\n]+)", block, re.MULTILINE)
            jobs[block.split(":")[0]].append(output.group(1) if output else "")
        return dict(jobs)

    def edit(self, path: str, before: str, after: str) -> None:
        """Replace the first `before` in a file, which must be there."""
        text = (self.folder / path).read_text()
        assert before in text, f"{path} has no {before!r}"
        (self.folder / path).write_text(text.replace(before, after, 1))

    def update_config(self, **keys: object) -> None:
        """Lay `keys` over tiny.yaml."""
        path = self.folder / "tiny.yaml"
        path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), **keys}))


def make_project(folder: Path) -> Project:
    """Copy what git would check out to `folder`, and make the tiny dataset beside it."""
    for part in PARTS:
        source, target = ROOT / part, folder / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, target)
    files = make_dataset(folder / "idx")
    config = {
        "replicates": 2,
        "replicates_per_job": 2,
        "conditions": CONDITIONS,
        "dataset": {"name": "tiny", "files": files, "sources": [{"folder": "idx"}]},
    }
    (folder / "tiny.yaml").write_text(yaml.safe_dump(config))
    return Project(folder)


def make_dataset(folder: Path, seed: int = 0) -> dict[str, dict[str, str]]:
    """Write ten learnable classes as IDX files and return their description for config.yaml."""
    folder.mkdir()
    generator = np.random.default_rng(seed)
    prototypes = generator.integers(0, 256, (10, 28, 28))
    files, labels = {}, {}
    for role, (name, shape) in ROLES.items():
        part = role.split("_")[0]
        if role.endswith("images"):
            labels[part] = np.resize(np.arange(10), shape[0])
            noise = generator.integers(-80, 80, shape)
            content = np.clip(prototypes[labels[part]] + noise, 0, 255)
        else:
            content = labels[part]
        header = struct.pack(f">BBBB{len(shape)}I", 0, 0, 8, len(shape), *shape)
        decoded = header + content.astype(np.uint8).tobytes()
        (folder / f"{name}.gz").write_bytes(gzip.compress(decoded))
        files[role] = {"name": name, "sha256": hashlib.sha256(decoded).hexdigest()}
    return files
