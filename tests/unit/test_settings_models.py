"""What a models file must not be: each mistake is one line of ours that names file and key."""

from __future__ import annotations

from pathlib import Path

import pytest
from configuring import FIELDS, MODELS, edit, refused, settle

COUNT = "a whole number from 1 to 100000"
ACTIVATIONS = "sigmoid, tanh, relu, leaky_relu, gelu, elu"
SIZES = "a list of at least 2 layer sizes (one hidden layer and the output, such as [128, 64, 10])"
ALL_FIELDS = ", ".join(FIELDS)

IN_MODELS = [
    (
        "activation: tanh",
        "activation: relo",
        f"models.m03.activation: expected one of {ACTIVATIONS}, got 'relo' (did you mean 'relu'?)",
    ),
    (
        "activation: tanh",
        "activaton: tanh",
        f"models.m03.activaton: unknown key, expected one of report_name, assumed, {ALL_FIELDS} "
        "(did you mean 'activation'?)",
    ),
    (
        "epochs: 15",
        "epochs: many",
        f"models.m01.epochs: expected {COUNT}, got 'many'",
    ),
    (
        "epochs: 15",
        "epochs: 3.0",
        f"models.m01.epochs: expected {COUNT}, got 3.0",
    ),
    (
        "epochs: 15",
        "epochs: true",
        f"models.m01.epochs: expected {COUNT}, got true",
    ),
    (
        "epochs: 15",
        "epochs: 010",
        f"models.m01.epochs: expected {COUNT}, got '010'",
    ),
    (
        "epochs: 15",
        "dropout: 1",
        "models.m01.dropout: expected a number of at least 0 and below 1, got 1",
    ),
    (
        "epochs: 15",
        "dropout: .nan",
        "models.m01.dropout: expected a number of at least 0 and below 1, got NaN",
    ),
    (
        "epochs: 15",
        "learning_rate: .inf",
        "models.m01.learning_rate: expected a number above 0 and at most 1000, got Infinity",
    ),
    ("epochs: 15", "batch_norm: yes", "models.m01.batch_norm: expected true or false, got 'yes'"),
    ("nodes: [128, 64, 10]", "nodes: [10]", f"models.m01.nodes: expected {SIZES}, got [10]"),
    ("nodes: [128, 64, 10]", "nodes: 10", f"models.m01.nodes: expected {SIZES}, got 10"),
    (
        "nodes: [128, 64, 10]",
        "nodes: [128, 0, 10]",
        "models.m01.nodes[1]: expected a whole number from 1 to 65536, got 0",
    ),
    (
        "nodes: [128, 64, 10]",
        "nodes: [128, 64, 9]",
        "models.m01.nodes: expected a last layer of 10 nodes, one for each of dataset.classes, "
        "got 9",
    ),
    ("    nodes: [128, 64, 10]\n", "", f"models.m01.nodes: missing, expected {SIZES}"),
    (
        "  m02:",
        "  ../x:",
        "models.'../x': expected a name of at most 64 letters, digits and _ that begins with a "
        "letter",
    ),
    (
        "  m02:",
        "  M01:",
        "models.M01: expected names that differ by more than their case, got m01 too",
    ),
    (
        "  m02:",
        "  pairs:",
        "models.pairs: expected another name: the pages have a part called so",
    ),
    (
        "      kfold_pool: >-",
        "      batch_size: >-",
        "models.m03.assumed.batch_size: expected a field that the model itself writes",
    ),
    (
        "  leaky_slope:\n    value: 0.3",
        "  leaky_slope:\n    value: steep",
        "defaults.leaky_slope.value: expected a number of at least 0 and below 1, got 'steep'",
    ),
    (
        "    basis: assumed",
        "    basis: guessed",
        "defaults.leaky_slope.basis: expected one of assumed, stated, got 'guessed'",
    ),
    (
        "models:\n",
        "model:\n",
        "model: unknown key, expected one of defaults, models (did you mean 'models'?) (and "
        "1 more)",
    ),
]


@pytest.fixture(autouse=True)
def project_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(tmp_path, monkeypatch)


@pytest.mark.parametrize(("old", "new", "message"), IN_MODELS)
def test_a_mistake_in_the_models_is_named(old: str, new: str, message: str) -> None:
    edit(MODELS, old, new)
    assert refused() == f"config/models.yaml: {message}"


def test_a_missing_models_file_is_named() -> None:
    message = refused(given=("models=nowhere.yaml",))
    assert message == (
        "--config: models: expected the file with the models, got 'nowhere.yaml': no such file"
    )
