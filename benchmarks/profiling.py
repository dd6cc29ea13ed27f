"""`python -m benchmarks.profiling`: what a training step of ours spends its time on, by operation.

PyTorch's profiler gives the time inside each operation; the rest of a step's time, measured without
the profiler, is Python and the calls. As everywhere here, the figures of a few steps are taken off
those of many, so that what a call costs once does not count.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path

import pandas as pd
import torch
from torch.profiler import ProfilerActivity, profile
from tqdm import tqdm

from benchmarks import ROOT, markdown
from benchmarks.contenders import Data, Train
from benchmarks.machine import load_average, machine_line
from benchmarks.ours import Ours
from benchmarks.study import Model, read_models
from benchmarks.worker import SHORT_STEPS, Prepared
from mlpstudy.files import write_text

DEPTH, STEPS = 3, 200

# Parts of a step and the operations that they consist of; all other operations are OTHER.
PARTS = {
    "matrix products": ("bmm", "baddbmm", "mm", "addmm"),
    "optimizer": ("_fused_adam_",),
    "gather, bytes to floats": ("index_select", "copy_"),
}
OTHER, PYTHON = "activations, loss, dropout and others", "Python and calls"


def part_of(operation: str) -> str:
    """Return the part of a step that an operation, as the profiler names it, belongs to."""
    name = operation.removeprefix("aten::")
    return next((part for part, names in PARTS.items() if name in names), OTHER)


def profiled(train: Train, steps: int) -> dict[str, float]:
    """Return the microseconds inside operations of `steps` steps, by part."""
    times: dict[str, float] = defaultdict(float)
    with profile(activities=[ProfilerActivity.CPU]) as seen:
        train(steps)
    for event in seen.key_averages():
        times[part_of(event.key)] += event.self_cpu_time_total
    return times


def step_of(model: Model, data: Data) -> dict[str, float]:
    """Return the milliseconds of a step of one replicate, by part."""
    train = Ours(DEPTH).prepare(model.spec, data)
    most = data.dataset.train * 8 // 10 // model.spec.batch_size - SHORT_STEPS
    whole = Prepared(train, most).measure(0.5) * 1e3 / DEPTH
    steps = min(STEPS, most)
    few, many = profiled(train, SHORT_STEPS), profiled(train, SHORT_STEPS + steps)
    parts = {
        part: max(many[part] - few[part], 0.0) / steps / 1e3 / DEPTH for part in (*PARTS, OTHER)
    }
    return {**parts, PYTHON: max(whole - sum(parts.values()), 0.0)}


def page(table: pd.DataFrame, models: Sequence[Model], machine: str) -> str:
    """Return the shares as Markdown; `table` has milliseconds, a row a model, a column a part."""
    weights = pd.Series({model.name: model.steps for model in models})
    study = table.mul(weights, axis=0).sum() / weights.sum()
    names = {model.name: f"{model.name} · {model.description}" for model in models}
    rows = [_row(names[str(name)], row) for name, row in table.to_dict("index").items()]
    rows.append(_row("**Whole study, weighted**", study.to_dict()))
    parts = [
        "# What a training step is spent on",
        f"{machine}.",
        f"A step of one replicate in a stack of {DEPTH}, and the share of each part in it.",
        markdown.table(["model", "ms", *table.columns], rows),
    ]
    return "\n\n".join(parts) + "\n"


def _row(title: str, parts: Mapping[Hashable, float]) -> list[str]:
    whole = sum(parts.values())
    return [title, f"{whole:.3f}", *(f"{value / whole:.0%}" for value in parts.values())]


def main(arguments: Sequence[str]) -> None:
    """Profile every model on one core, and write profile.md."""
    parser = argparse.ArgumentParser("python -m benchmarks.profiling", description=__doc__)
    prepared = ROOT / "resources" / "data" / "fashion-mnist" / "prepared"
    parser.add_argument("--data", type=Path, default=prepared, help="folder of prepared data")
    parser.add_argument("--output", type=Path, default=ROOT / "results" / "benchmark")
    options = parser.parse_args(arguments)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    load, data = load_average(), Data(options.data)
    models = read_models(ROOT, data.dataset.train, data.dataset.test)
    rows = {model.name: step_of(model, data) for model in tqdm(models, unit="model")}
    table = pd.DataFrame.from_dict(rows, orient="index")
    text = page(table, models, machine_line({"torch": torch.__version__}, load))
    write_text(options.output / "profile.md", text)
    print(text)


if __name__ == "__main__":
    main(sys.argv[1:])
