"""A configuration that is wrong: one line of ours before any job starts, and no traceback."""

from __future__ import annotations

import pytest
from project import Project

MODEL = "models:\n  mine:\n    nodes: [8, 10]\n"

# What is written to tiny.yaml or over config/models.yaml, and what the line must name.
CONFIGS = {
    "wrong type": ("replicates: many\n", ["tiny.yaml", "replicates", "whole number"]),
    "misspelt key": ("replicats: 3\n", ["tiny.yaml", "replicats", "replicates"]),
    "no replicates": ("replicates: 0\n", ["tiny.yaml", "replicates", "1"]),
    "unknown field": (
        "conditions:\n  mine: {epocs: 3}\n",
        ["tiny.yaml", "conditions.mine.epocs", "epochs"],
    ),
    "unknown model": (
        "conditions:\n  mine: {models: [m99]}\n",
        ["tiny.yaml", "conditions.mine.models", "m99"],
    ),
    "duplicate key": ("seed: 1\nseed: 2\n", ["tiny.yaml", "seed"]),
}
MODELS = {
    "unknown activation": (MODEL + "    activation: relo\n", ["mine.activation", "relu"]),
    "no hidden layer": ("models:\n  mine:\n    nodes: [10]\n", ["mine.nodes"]),
    "duplicate name": (MODEL + "  mine:\n    nodes: [9, 10]\n", ["mine"]),
    "path-like name": ("models:\n  ../x:\n    nodes: [8, 10]\n", ["../x"]),
    "misspelt field": (MODEL + "    epoch: 3\n", ["mine.epoch", "epochs"]),
}


def refusal(project: Project) -> str:
    """Run the study, which must be refused, and return what the user reads of it."""
    done = project.study()
    assert done.returncode != 0
    said = [
        line
        for line in (done.stdout + done.stderr).splitlines()
        if line and not line.startswith(("Using workflow specific profile", "Config file "))
    ]
    assert len(said) == 1, said
    assert said[0].startswith("error: ")
    assert not (project.folder / "results").exists()
    assert not (project.folder / "resources/data").exists()
    return said[0]


@pytest.mark.parametrize("case", CONFIGS)
def test_a_wrong_configuration_is_one_line(fresh_project: Project, case: str) -> None:
    text, named = CONFIGS[case]
    (fresh_project.folder / "tiny.yaml").write_text(text)
    line = refusal(fresh_project)
    assert [word for word in named if word not in line] == []


@pytest.mark.parametrize("case", MODELS)
def test_a_wrong_model_is_one_line(fresh_project: Project, case: str) -> None:
    text, named = MODELS[case]
    (fresh_project.folder / "config/models.yaml").write_text(text)
    line = refusal(fresh_project)
    assert [word for word in ["config/models.yaml", *named] if word not in line] == []


def test_a_wrong_claim_is_one_line(fresh_project: Project) -> None:
    path = fresh_project.folder / "config/claims.yaml"
    mine = "mine: {statement: So., form: higher, models: [m01], than: [m99]}"
    path.write_text(f"{path.read_text()}\n  {mine}\n")
    line = refusal(fresh_project)
    assert line.startswith("error: config/claims.yaml: claims.mine.than[0]: expected one of m01,")
    assert "got 'm99'" in line
