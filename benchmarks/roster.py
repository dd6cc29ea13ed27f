"""Where the contender of a name is found.

A contender is a module or object with the attributes of `Contender`: `floor`, `ours-N` (our
trainer with N replicates stacked), or a file in peers/ by its name.
"""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import cast

from benchmarks.contenders import Contender
from benchmarks.ours import Ours


def peer_names() -> list[str]:
    """Return the names of the files in peers/; those with a leading underscore are helpers."""
    files = (Path(__file__).parent / "peers").glob("[!_]*.py")
    return sorted(file.stem for file in files)


def contender_named(name: str) -> Contender:
    """Return the contender of that name, importing what it needs."""
    if stack := re.fullmatch(r"ours-(\d+)", name):
        return Ours(int(stack[1]))
    module = "benchmarks.floor" if name == "floor" else f"benchmarks.peers.{name}"
    return cast(Contender, importlib.import_module(module).CONTENDER)
