"""`python -m benchmarks.keras_m06`: train model 6 with each implementation, and compare.

Other models are trained by tf-keras alone, and compared with the published study. Writes
docs/keras.md and, in docs/keras, runs.csv, steps.csv and models.csv. Seeds that the tables already
hold are not trained again. Takes about an hour and a half on one core.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
import tensorflow as tf
import torch

from benchmarks import ROOT
from benchmarks.keras_m06 import models, runs
from benchmarks.keras_m06.page import page, published_runs
from benchmarks.keras_m06.steps import compare
from benchmarks.study import read_models
from mlpstudy.data import dataset
from mlpstudy.files import write_csv, write_text

IMPLEMENTATIONS = {
    "ours": runs.ours,
    "tf-keras": runs.tf_keras_fit,
    "autograd": runs.autograd,
}
RUNS = (  # implementation, epochs, runs
    ("ours", 20, 40),
    ("tf-keras", 20, 40),
    ("ours", 1, 100),
    ("tf-keras", 1, 100),
    ("autograd", 1, 100),
)
STEP_SEEDS = (1, 2, 3)
EVERY = 100


def main(arguments: Sequence[str]) -> None:
    """Train what is missing in the tables, and write the page."""
    parser = argparse.ArgumentParser("python -m benchmarks.keras_m06", description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT / "resources/data/fashion-mnist/prepared")
    parser.add_argument("--output", type=Path, default=ROOT / "docs")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)

    data = dataset.load(options.data)
    spec = replace(read_models(ROOT, data.train, data.test, ["m06"])[0].spec, pixels="raw")
    table = options.output / "keras/runs.csv"
    for name, epochs, last in RUNS:
        cell = {"epochs": epochs, "implementation": name}
        seeds = _missing(table, range(1, last + 1), cell)
        for row in IMPLEMENTATIONS[name](replace(spec, epochs=epochs), data, seeds):
            write_csv(pd.concat([_read(table), pd.DataFrame([cell | row])]), table)
    steps = options.output / "keras/steps.csv"
    for seed in _missing(steps, STEP_SEEDS, {}):
        write_csv(pd.concat([_read(steps), pd.DataFrame(compare(spec, data, seed, EVERY))]), steps)
    others = options.output / "keras/models.csv"
    for model, model_spec in models.specs().items():
        seeds = _missing(others, range(1, models.RUNS[model] + 1), {"model": model})
        for row in models.fits(model_spec, data, seeds):
            write_csv(pd.concat([_read(others), pd.DataFrame([{"model": model} | row])]), others)
    text = page(_read(table), _read(steps), _read(others), published_runs())
    write_text(options.output / "keras.md", text)


def _missing(table: Path, seeds: Iterable[int], cell: Mapping[str, object]) -> list[int]:
    """Return the seeds of which `table` has no row with the values of `cell`."""
    done = _read(table)
    for column, value in cell.items() if len(done) else ():
        done = done[done[column] == value]
    return [seed for seed in seeds if not len(done) or seed not in set(done["seed"])]


def _read(table: Path) -> pd.DataFrame:
    return pd.read_csv(table) if table.exists() else pd.DataFrame()


if __name__ == "__main__":
    main(sys.argv[1:])
