"""What the configuration must not be: each mistake is one line of ours that names file and key."""

from __future__ import annotations

from pathlib import Path

import pytest
from configuring import CONFIG, FIELDS, configured, edit, refused, settle, written

COUNT = "a whole number from 1 to 100000"
ALL_FIELDS = ", ".join(FIELDS)
NAME = "a name of at most 64 letters, digits and _ that begins with a letter"
CLASS = "one line of 1 to 100 characters"
LABEL = "one line of 1 to 60 characters"
CONDITION = "a mapping of fields to values, {} for none, or null to drop the condition"
FOLDER = "a folder (not empty, of letters, digits and the characters _ . / + @ % = , : -)"
FILE = "a file (not empty, without braces, control characters or a leading ~)"
SOURCE = "exactly one of folder: PATH, url: ADDRESS and debian: {package, folder}"

IN_CONFIG = [
    ("replicates: 0", f"replicates: expected {COUNT}, got 0"),
    (
        "replicate: 5",
        "replicate: unknown key, expected one of seed, replicates, replicates_per_job, trial, "
        "classes, margin, results, models, claims, device, when_gpus_are_taken, conditions, "
        "dataset (did you mean 'replicates'?)",
    ),
    ("trial: yes", "trial: expected true or false, got 'yes'"),
    ("seed: 1:30", "seed: expected a whole number from 0 to 4294967295, got '1:30'"),
    ("device: metal", "device: expected one of auto, cpu, cuda, got 'metal'"),
    (
        "conditions: {fast: {momentum: 0.9}}",
        "conditions.fast.momentum: unknown key, expected one of label, models, where, "
        f"{ALL_FIELDS}",
    ),
    (
        "conditions: {corrected: {pixls: unit}}",
        "conditions.corrected.pixls: unknown key, expected one of label, models, where, "
        f"{ALL_FIELDS} (did you mean 'pixels'?)",
    ),
    (
        "conditions: {corrected: {epochs: '5'}}",
        f"conditions.corrected.epochs: expected {COUNT}, got '5'",
    ),
    (
        "conditions: {other: {nodes: [8, 3]}}",
        "conditions.other.nodes: expected a last layer of 10 nodes, one for each of "
        "dataset.classes, got 3",
    ),
    (
        "conditions: {other: {models: [m01, m3]}}",
        "conditions.other.models[1]: expected one of m01, m02, m03, m04, m05, m06, m07, m08, m09, "
        "m10, m11, m12, m13, m14, m15, m16, m17, got 'm3' (did you mean 'm13'?)",
    ),
    (
        "conditions: {other: {models: []}}",
        "conditions.other.models: expected a list of different model names, at least one, got []",
    ),
    (
        "conditions: {other: {where: {activation: relo}}}",
        "conditions.other.where.activation: expected one of sigmoid, tanh, relu, leaky_relu, gelu, "
        "elu, got 'relo' (did you mean 'relu'?)",
    ),
    (
        "conditions: {other: {where: {models: [m01]}}}",
        f"conditions.other.where.models: unknown key, expected one of {ALL_FIELDS} (did you mean "
        "'nodes'?)",
    ),
    ("conditions: {other: 5}", f"conditions.other: expected {CONDITION}, got 5"),
    ("conditions: {a/b: {}}", f"conditions.'a/b': expected {NAME}"),
    (
        "conditions: {as_reported: null, corrected: null, unit_pixels: null, exact_kl: null}",
        "conditions: expected at least one condition that is not null",
    ),
    (
        "classes: {medium: 0.8}",
        "classes.medium: expected less than classes.superior, which is 0.8, got 0.8",
    ),
    (
        "classes: {superior: 80}",
        "classes.superior: expected a number above 0 and at most 1, got 80",
    ),
    ("results: 2024", f"results: expected {FOLDER}, got 2024 (quote it)"),
    ("results: ''", f"results: expected {FOLDER}, got ''"),
    ("results: my study", f"results: expected {FOLDER}, got 'my study'"),
    ("results: ~/study", f"results: expected {FOLDER}, got '~/study'"),
    ("results: a;b", f"results: expected {FOLDER}, got 'a;b'"),
    ("results: $HOME", f"results: expected {FOLDER}, got '$HOME'"),
    ('results: "a\\nb"', f"results: expected {FOLDER}, got 'a\\nb'"),
    ('results: "a\\n"', f"results: expected {FOLDER}, got 'a\\n'"),
    ("models: 'a{b}'", f"models: expected {FILE}, got 'a{{b}}'"),
    ("dataset: {sources: []}", "dataset.sources: expected a list of sources, at least one, got []"),
    (
        "dataset: {sources: [{folder: a, url: 'http://b'}]}",
        f'dataset.sources[0]: expected {SOURCE}, got {{"folder": "a", "url": "http://b"}}',
    ),
    (
        "dataset: {sources: [{url: 'ftp://b'}]}",
        "dataset.sources[0].url: expected an address that begins with http:// or https://, got "
        "'ftp://b'",
    ),
    (
        "dataset: {files: {test_labels: {sha256: 0402A9}}}",
        "dataset.files.test_labels.sha256: expected 64 lower-case hexadecimal digits, got '0402A9'",
    ),
    (
        "dataset: {files: {test_labels: {name: ../x}}}",
        "dataset.files.test_labels.name: expected a file name of letters, digits, ., - and _ (no "
        "folder), got '../x'",
    ),
    (
        "dataset: {files: {test_labels: {name: train-labels-idx1-ubyte}}}",
        "dataset.files.test_labels.name: expected another name than that of "
        "dataset.files.train_labels, got 'train-labels-idx1-ubyte'",
    ),
    (
        "dataset: {subset: {train: 10}}",
        "dataset.subset.test: missing, expected a whole number from 1 to 100000000",
    ),
    (
        "dataset: {subset: {train: 30, test: 10}}",
        "dataset.subset.train: expected enough images for one of each class inside and outside a "
        "hold-out of 0.2 (model m02 under as_reported), got 30",
    ),
    (
        "dataset: {subset: {train: 55, test: 1}}\nconditions: {as_reported: {folds: 6, validation: "
        "kfold, kfold_pool: train}, corrected: null}",
        "dataset.subset.train: expected at least 60 images for 6 folds (model m01 under "
        "as_reported), got 55",
    ),
    (
        "dataset: {classes: [0, 1]}",
        f"dataset.classes[0]: expected {CLASS}, got 0 (quote it) (and 1 more)",
    ),
    ('dataset: {classes: ["a\\nb", c]}', f"dataset.classes[0]: expected {CLASS}, got 'a\\nb'"),
    ('dataset: {classes: ["a\\n", c]}', f"dataset.classes[0]: expected {CLASS}, got 'a\\n'"),
    ('dataset: {classes: ["a\\0b", c]}', f"dataset.classes[0]: expected {CLASS}, got 'a\\x00b'"),
    (
        "conditions: {fast: {label: 5}}",
        f"conditions.fast.label: expected {LABEL}, got 5 (quote it)",
    ),
    ("conditions: {fast: {label: ' '}}", f"conditions.fast.label: expected {LABEL}, got ' '"),
    (
        "conditions: {fast: {label: Corrected}}",
        "conditions.fast.label: expected a label other than that of condition corrected, got "
        "'Corrected'",
    ),
    (
        "conditions: {one: {label: both of us}, both_of_us: {}}",
        "conditions.one.label: expected a label other than that of condition both_of_us, got "
        "'both of us'",
    ),
    ('dataset: {classes: ["\\L", c]}', f"dataset.classes[0]: expected {CLASS}, got '\\u2028'"),
]


@pytest.fixture(autouse=True)
def project_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(tmp_path, monkeypatch)


@pytest.mark.parametrize(("text", "message"), IN_CONFIG)
def test_a_mistake_in_a_configuration_file_is_named(text: str, message: str) -> None:
    assert refused(written(text)) == f"mine.yaml: {message}"


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        (
            "replicates=0",
            f"replicates: expected {COUNT}, got 0",
        ),
        (
            "replicates=few",
            f"replicates: expected {COUNT}, got 'few'",
        ),
        ("conditions=slow", "conditions: expected a mapping of keys to values, got 'slow'"),
        (
            "conditions={corrected: {epochs: none}}",
            f"conditions.corrected.epochs: expected {COUNT}, got 'none'",
        ),
        (
            "results=2024",
            f"results: expected {FOLDER}, got 2024 (write it as ./2024)",
        ),
        (
            "models=True",
            f"models: expected {FILE}, got true (write it as ./True)",
        ),
        (
            "results=config/config.yaml",
            "results: expected a folder, got 'config/config.yaml': config/config.yaml is a file",
        ),
        (
            "results=config/config.yaml/a",
            "results: expected a folder, got 'config/config.yaml/a': config/config.yaml is a file",
        ),
    ],
)
def test_a_mistake_on_the_command_line_is_named(argument: str, message: str) -> None:
    assert refused(given=(argument,)) == f"--config: {message}"


def test_a_folder_may_be_called_like_a_number() -> None:
    assert configured(given=("results=./2024",)).results == "./2024"
    assert configured(written('results: "2024"')).results == "2024"


def test_the_wrong_key_is_sought_in_the_file_that_set_it() -> None:
    later = written("seed: 7", "later.yaml")
    assert refused(written("replicates: -1"), later).startswith("mine.yaml: replicates: ")
    edit(CONFIG, "medium: 0.50", "medium: high")
    assert refused(later).startswith("config/config.yaml: classes.medium: ")


def test_several_mistakes_are_counted_and_the_deepest_is_told() -> None:
    edit(CONFIG, "seed: 2021", "seed: x")
    edit(CONFIG, "medium: 0.50", "medium: x")
    edit(CONFIG, "pixels: unit", "pixels: halves")
    message = refused()
    assert message.startswith("config/config.yaml: conditions.corrected.pixels: ")
    assert message.endswith(" (and 2 more)")
