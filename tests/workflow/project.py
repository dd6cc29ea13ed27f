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
from typing import Any

import numpy as np
import yaml
from forks import ROOT, python_m

PARTS = ("Snakefile", "workflow", "config", "profiles", "envs", "resources/reported")
# Training and test images of the tiny dataset.
SIZES = {"train": 600, "test": 200}
FILES = {
    "train_images": "train-images-idx3-ubyte",
    "train_labels": "train-labels-idx1-ubyte",
    "test_images": "t10k-images-idx3-ubyte",
    "test_labels": "t10k-labels-idx1-ubyte",
}
SHIPPED = yaml.safe_load((ROOT / "config/config.yaml").read_text())


def only(**conditions: object) -> dict[str, object]:
    """Return `conditions` for a configuration that drops the shipped ones."""
    return dict.fromkeys(SHIPPED["conditions"]) | conditions


# Few jobs, yet one of each kind of validation, two conditions, and folds.
CONDITIONS = only(
    as_reported={"epochs": 1, "folds": 2, "models": ["m01", "m03", "m06"]},
    corrected={"epochs": 1, "models": ["m06"]},
)
JOBS = 5  # of these conditions


@dataclass(frozen=True)
class Project:
    """The folder of one copy."""

    folder: Path

    def snakemake(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run snakemake as a user in the folder would."""
        return python_m("snakemake", ["--cores", "2", *arguments], self.folder, self.environment)

    def study(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the tiny study."""
        return self.snakemake("--configfile", "tiny.yaml", *arguments)

    def run(self, *arguments: str) -> str:
        """Run the tiny study, which must succeed, and return what Snakemake prints."""
        done = self.study(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def refused(self, *arguments: str) -> str:
        """Run the tiny study, which must fail, and return what Snakemake prints."""
        done = self.study(*arguments)
        assert done.returncode != 0, done.stdout + done.stderr
        assert "Traceback" not in done.stdout + done.stderr
        return done.stdout + done.stderr

    def planned(self, *arguments: str) -> dict[str, list[str]]:
        """Return, by rule, the first output of each job that a dry-run names."""
        jobs = defaultdict(list)
        for block in re.split(r"\n(?:local)?rule ", self.run("--dry-run", *arguments))[1:]:
            output = re.search(r"^ +output: ([^,\n]+)", block, re.MULTILINE)
            jobs[block.split(":")[0]].append(output.group(1) if output else "")
        return dict(jobs)

    def subcommand(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a subcommand of this copy's package."""
        packages = [self.folder / "workflow"]
        return python_m("mlpstudy", arguments, self.folder, self.environment, packages)

    def start(self) -> subprocess.Popen[bytes]:
        """Start the tiny study in a process group of its own, and leave it running."""
        with (self.folder / "snakemake.log").open("ab") as log:
            return subprocess.Popen(
                self.command(),
                cwd=self.folder,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def command(self, *arguments: str) -> list[str]:
        """Return the command that runs the tiny study."""
        snakemake = [sys.executable, "-m", "snakemake", "--cores", "2"]
        return [*snakemake, "--configfile", "tiny.yaml", *arguments]

    @property
    def environment(self) -> dict[str, str]:
        """The environment without the package that the tests import."""
        return {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}

    def copy(self, folder: Path) -> Project:
        """Return a copy of the folder, with the times of all files, to do something to."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return Project(folder)

    def edit(self, path: str, before: str, after: str) -> None:
        """Replace the first `before` in a file, which must be there."""
        text = (self.folder / path).read_text()
        assert before in text, f"{path} has no {before!r}"
        (self.folder / path).write_text(text.replace(before, after, 1))

    def append(self, path: str, text: str) -> None:
        """Write `text` at the end of a file."""
        with (self.folder / path).open("a") as file:
            file.write(text)

    @property
    def config(self) -> dict[str, Any]:
        """The content of tiny.yaml."""
        return dict(yaml.safe_load((self.folder / "tiny.yaml").read_text()))

    def update_config(self, **keys: object) -> None:
        """Lay `keys` over tiny.yaml."""
        text = yaml.safe_dump({**self.config, **keys}, sort_keys=False)
        (self.folder / "tiny.yaml").write_text(text)

    def add_conditions(self, **conditions: object) -> None:
        """Add conditions to those of tiny.yaml, or replace them."""
        self.update_config(conditions=self.config["conditions"] | conditions)


def make_project(folder: Path, sizes: dict[str, int] = SIZES) -> Project:
    """Copy what git would check out to `folder`, and make the tiny dataset beside it."""
    for part in PARTS:
        source, target = ROOT / part, folder / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, target)
    files = make_dataset(folder / "idx", sizes)
    shipped = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    config = {
        "replicates": 2,
        "replicates_per_job": 2,
        "conditions": CONDITIONS,
        "dataset": {
            "name": "tiny",
            "classes": shipped["dataset"]["classes"],
            "files": files,
            "sources": [{"folder": "idx"}],
        },
    }
    (folder / "tiny.yaml").write_text(yaml.safe_dump(config))
    return Project(folder)


def make_dataset(folder: Path, sizes: dict[str, int] = SIZES, seed: int = 0) -> dict[str, Any]:
    """Write ten learnable classes as IDX files and return their description for config.yaml."""
    folder.mkdir()
    generator = np.random.default_rng(seed)
    prototypes = generator.integers(0, 256, (10, 28, 28))
    files = {}
    for role, name in FILES.items():
        part, _, kind = role.partition("_")
        content = np.resize(np.arange(10), sizes[part])
        if kind == "images":
            noise = generator.integers(-80, 80, (sizes[part], 28, 28))
            content = np.clip(prototypes[content] + noise, 0, 255)
        header = struct.pack(f">BBBB{content.ndim}I", 0, 0, 8, content.ndim, *content.shape)
        decoded = header + content.astype(np.uint8).tobytes()
        (folder / f"{name}.gz").write_bytes(gzip.compress(decoded))
        files[role] = {"name": name, "sha256": hashlib.sha256(decoded).hexdigest()}
    return files
