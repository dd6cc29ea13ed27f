"""`python -m benchmarks`: measure all contenders, write tables and plots."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks import ROOT
from benchmarks.contenders import peer_names
from benchmarks.machine import load_average, machine_line
from benchmarks.measuring import measure, pooled
from benchmarks.plots import draw_over_floor
from benchmarks.report import page
from benchmarks.study import Model, read_models
from benchmarks.summary import FLOOR, OURS, summarise
from benchmarks.targets import run_by_run, verdicts
from mlpstudy.data import dataset
from mlpstudy.errors import StudyError
from mlpstudy.files import write_csv, write_text

QUICK_MODELS = ("m01", "m05", "m10")


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options of the command line."""
    prepared = ROOT / "resources" / "data" / "fashion-mnist" / "prepared"
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__)
    parser.add_argument("--data", type=Path, default=prepared, help="folder of prepared data")
    parser.add_argument("--output", type=Path, default=ROOT / "results" / "benchmark")
    parser.add_argument("--models", type=_names, help="comma-separated; all if not given")
    parser.add_argument(
        "--contenders",
        type=_names,
        default=[FLOOR, OURS, "ours-3", "ours-1", *peer_names()],
        help="comma-separated: floor, ours-N with N replicates stacked, and the files in peers/",
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--runs", type=int, default=1, help="times over, with new processes each")
    parser.add_argument("--seconds", type=float, default=0.3, help="of a measurement")
    parser.add_argument("--quick", action="store_true", help="three models, short measurements")
    options = parser.parse_args(arguments)
    if options.quick:
        options.models = options.models or list(QUICK_MODELS)
        options.rounds, options.seconds = 2, 0.1
    known = ["floor", *peer_names()]
    for name in options.contenders:
        if name not in known and not re.fullmatch(r"ours-[1-9]\d*", name):
            parser.error(f"--contenders: expected ours-N or one of {', '.join(known)}, got {name}")
    if min(options.rounds, options.runs) < 1 or options.seconds <= 0:
        parser.error("--rounds, --runs and --seconds: expected numbers above 0")
    return options


def main(arguments: Sequence[str]) -> int:
    """Measure, and return the process's exit status."""
    options = parse(arguments)
    load = load_average()
    try:
        data = dataset.load(options.data)
        models = read_models(ROOT, data.train, data.test, options.models or [])
        _compare(options, models, load)
    except StudyError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _compare(options: argparse.Namespace, models: Sequence[Model], load: float) -> None:
    runs = []
    for _ in range(options.runs):
        runs.append(
            measure(
                options.data.resolve(), models, options.contenders, options.rounds, options.seconds
            )
        )
        measured = pooled(runs)
        write_csv(measured.rows, options.output / "results.csv")
    steps = {model.name: model.steps for model in models}
    summary = summarise(measured.rows, steps)
    study = f"These {len(models)} models" if options.models else "Whole study"
    found = verdicts(measured.rows, steps, measured.labels, study)
    machine = machine_line(measured.versions, load)
    repeats = run_by_run(runs, steps, study) if len(runs) > 1 else ""
    text = page(summary, measured, models, found, machine, study, repeats)
    write_csv(summary, options.output / "summary.csv")
    write_text(options.output / "summary.md", text)
    if FLOOR in options.contenders:
        draw_over_floor(summary, measured.labels, models, study, options.output)
    print(text)


def _names(text: str) -> list[str]:
    return [name for name in text.split(",") if name]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
