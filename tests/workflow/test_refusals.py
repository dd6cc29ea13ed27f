"""A configuration that is wrong: one line of ours before any job starts, and no traceback.

What the line says of which mistake is tested in tests/unit.
"""

from __future__ import annotations

import pytest
from project import Project

MINE = "models:\n  mine:\n    nodes: [8, 10]\n"
MODELS, CLAIMS = "config/models.yaml", "config/claims.yaml"


@pytest.mark.parametrize(
    ("path", "text", "named"),
    [
        ("tiny.yaml", "conditions:\n  mine: {epocs: 3}\n", "conditions.mine.epocs: unknown"),
        ("tiny.yaml", "seed: 1\nseed: 2\n", "seed"),
        (MODELS, MINE + "    activation: relo\n", "mine.activation: expected"),
        (MODELS, "models:\n  ../x:\n    nodes: [8, 10]\n", "../x"),
        (CLAIMS, "claims: {mine: {statement: So., form: higher, models: [m01], than: [m99]}}\n",
         "claims.mine.than[0]: expected one of m01,"),
    ],
    ids=["unknown field", "duplicate key", "unknown activation", "path-like name", "claim"],
)  # fmt: skip
def test_a_mistake_is_one_line(fresh_project: Project, path: str, text: str, named: str) -> None:
    (fresh_project.folder / path).write_text(text)
    (line,) = [
        line
        for line in fresh_project.refused().splitlines()
        if line and not line.startswith(("Using workflow specific profile", "Config file "))
    ]
    assert line.startswith(f"error: {path}: ")
    assert named in line
    assert not (fresh_project.folder / "results").exists()
    assert not (fresh_project.folder / "resources/data").exists()
