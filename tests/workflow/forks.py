"""Programs in forks of a process that has already imported the libraries they need.

Most of the time that Snakemake takes to start goes into imports. The package itself is not
imported before the fork: every copy of the workflow has its own.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
SECONDS = 900
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(
    [
        *("snakemake.cli", "snakemake.report.html_reporter", "snakemake.storage"),
        *("snakemake_logger_plugin_rich", "snakemake_executor_plugin_slurm", "yte", "requests"),
        *("numpy", "pandas", "pydantic", "scipy.stats", "jinja2", "typer", "matplotlib.figure"),
    ]
)


def python_m(
    module: str,
    arguments: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    packages: Sequence[Path] = (),
) -> subprocess.CompletedProcess[str]:
    """Run `python -m module` in `folder`, with `packages` at the beginning of the path."""
    path = [*map(str, packages), str(folder), *filter(_is_installed, sys.path)]
    with tempfile.TemporaryDirectory() as scratch:
        streams = [Path(scratch, name) for name in ("stdout", "stderr")]
        process = CONTEXT.Process(
            target=_run, args=(module, list(arguments), folder, dict(environment), path, streams)
        )
        process.start()
        process.join(SECONDS)
        if process.exitcode is None:
            process.kill()
            raise subprocess.TimeoutExpired([module, *arguments], SECONDS)
        return subprocess.CompletedProcess(
            [module, *arguments], process.exitcode, *(stream.read_text() for stream in streams)
        )


def _is_installed(entry: str) -> bool:
    """Tell whether an entry of the path is not one that the tests have added."""
    return not any(Path(entry).is_relative_to(ROOT / part) for part in ("workflow", "tests"))


def _run(
    module: str,
    arguments: list[str],
    folder: Path,
    environment: dict[str, str],
    path: list[str],
    streams: list[Path],
) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for number, stream in enumerate(streams, start=1):
        os.dup2(os.open(stream, os.O_CREAT | os.O_WRONLY | os.O_APPEND), number)
    sys.path[:] = path
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
