"""The configuration means what was written: the shipped one, and what users make of it."""

from __future__ import annotations

import copy
import time

import pytest
import yaml
from configuring import (
    CONFIG,
    MODELS,
    QUICK,
    REFERENCE,
    configure,
    configured,
    edit,
    planned,
    written,
)

from mlpstudy.config.planning import read_plan
from mlpstudy.config.settings import Classes, Subset
from mlpstudy.spec import in_effect

# Typed again from section 1 of the report: nodes, activation, loss, epochs, validation, whether
# the optimizer is named, whether it was tested in batches.
REPORT = """
1  1_1 128+64+10                                 relu       cross_entropy 15 none    -    -
2  1_2 256+128+32+10                             sigmoid    kl_divergence 20 holdout adam batches
3  1_3 256+128+32+16+10                          tanh       cross_entropy 12 kfold   -    -
4  1_4 256+32+128+32+16+10                       relu       kl_divergence 15 holdout -    -
5  1_5 256+128+64+32+16+10                       relu       kl_divergence 15 holdout -    -
6  1_6 128+64+32+10                              leaky_relu kl_divergence 20 holdout adam batches
7  1_7 256+128+32+16+10                          leaky_relu cross_entropy 12 holdout -    -
8  2_1 1024+512+256+200+128+100+64+50+20+10      relu       cross_entropy 10 holdout -    -
9  2_2 512+256+200+128+100+64+50+20+10           relu       cross_entropy 10 holdout -    -
10 2_3 512+256+200+128+100+64+50+20+10           relu       cross_entropy 10 holdout -    batches
11 4_1 128+64+32+16+10                           leaky_relu cross_entropy 20 holdout adam batches
12 4_2 128+64+32+16+10                           relu       cross_entropy 20 holdout adam batches
13 4_3 128+64+32+16+10                           tanh       cross_entropy 20 holdout adam batches
14 4_4 128+64+32+16+10                           sigmoid    cross_entropy 20 holdout adam batches
15 4_5 128+64+32+10                              relu       kl_divergence 20 none    adam -
16 4_6 128+64+10                                 sigmoid    cross_entropy 15 none    -    -
17 4_7 128+64+10                                 tanh       cross_entropy 15 none    -    -
"""


pytestmark = pytest.mark.usefixtures("project_folder")


# What ships


@pytest.mark.parametrize("line", REPORT.strip().splitlines())
def test_a_model_is_as_section_1_of_the_report_has_it(line: str) -> None:
    number, key, nodes, activation, loss, epochs, validation, optimizer, batches = line.split()
    entry = configure().models[f"m{int(number):02d}"]
    assert entry.report_name == f"Model {number} (Model {key})"
    assert entry.fields["nodes"] == tuple(int(size) for size in nodes.split("+"))
    assert entry.fields["activation"] == activation
    assert entry.fields["loss"] == loss
    assert entry.fields["epochs"] == int(epochs)
    assert entry.fields["validation"] == validation
    assert not {"nodes", "activation", "loss", "epochs", "validation"} & set(entry.assumed)
    assert ("optimizer" in entry.assumed) == (optimizer != "adam")
    assert entry.fields["batch_size"] == (128 if batches == "batches" else 32)
    assert "batch_size" in entry.assumed
    assert entry.fields["dropout"] == (0.2 if number in {"8", "9", "10"} else 0)
    assert ("dropout" in entry.assumed) == (number in {"8", "9", "10"})
    assert entry.fields["batch_norm"] == (number == "10")
    assert entry.fields["kfold_pool"] == ("all" if number == "3" else "train")
    # Keras 2's default where none is named, which is an assumption.
    assert entry.fields["optimizer"] == ("adam" if optimizer == "adam" else "rmsprop")
    assert ("Keras 2 takes RMSprop" in entry.assumed.get("optimizer", "")) == (optimizer == "-")
    assert entry.fields["learning_rate"] == 0.001
    assert entry.fields["leaky_slope"] == 0.3
    assert (entry.fields["pixels"], entry.fields["kl"]) == ("raw", "clipped")


KL_MODELS = ("m02", "m04", "m05", "m06", "m15")


def test_the_study_is_that_of_the_design() -> None:
    study, config = configure(), configured()
    assert list(study.models) == [f"m{number:02d}" for number in range(1, 18)]
    assert (config.results, config.models) == ("results", str(MODELS))
    assert (study.seed, study.replicates, study.replicates_per_job) == (2021, 3, 3)
    assert (config.device, study.trial) == ("auto", False)
    assert (study.superior, study.medium) == (0.8, 0.5)
    assert {name: each.overrides for name, each in study.conditions.items()} == {
        "as_reported": {},
        "corrected": {"pixels": "unit", "kl": "exact"},
        "unit_pixels": {"pixels": "unit"},
        "exact_kl": {"kl": "exact"},
    }
    for name, condition in study.conditions.items():
        alone = name in ("unit_pixels", "exact_kl")
        assert condition.models == (KL_MODELS if alone else tuple(study.models))
    assert config.dataset.to_dict() == yaml.safe_load(CONFIG.read_text())["dataset"]


def test_the_quick_look_keeps_models_and_conditions() -> None:
    study, quick = configure(), configure(QUICK)
    assert quick.models == study.models
    assert (configured(QUICK).results, quick.trial) == ("results/quick", True)
    assert (quick.replicates, quick.replicates_per_job) == (2, 2)
    assert quick.dataset.subset == Subset(train=4000, test=1000)
    assert list(quick.conditions) == ["as_reported", "corrected"]
    assert all(condition.models == tuple(study.models) for condition in quick.conditions.values())
    assert quick.conditions["corrected"].overrides == {"kl": "exact", "pixels": "unit", "epochs": 2}


def test_without_a_configuration_the_defaults_are_those_of_the_shipped_one() -> None:
    assert read_plan([]) == planned()


def test_a_field_without_consequence_is_not_assumed() -> None:
    models = configure().models
    for entry in models.values():
        assert set(entry.assumed) <= set(in_effect(entry.fields))
        assert all(entry.assumed.values())
    assert "leaky_slope" in models["m06"].assumed
    assert "kl" in models["m05"].assumed


def test_the_reference_study_asks_for_adam_where_rmsprop_is_assumed() -> None:
    study = configure(REFERENCE)
    assumed = [name for name, model in study.models.items() if "optimizer" in model.assumed]
    assert study.conditions["adam"].overrides == {"optimizer": "adam"}
    assert list(study.conditions["adam"].models) == assumed


# What users do


def test_five_lines_add_a_model() -> None:
    with MODELS.open("a") as file:
        file.write("  wide:\n    nodes: [512, 10]\n    activation: gelu\n    epochs: 3\n")
        file.write("    learning_rate: 1e-2\n")
    study = configure()
    wide = study.models["wide"]
    assert wide.report_name == "wide"
    assert wide.fields["learning_rate"] == 0.01
    assert wide.fields["loss"] == "cross_entropy"
    assert wide.assumed["loss"]
    assert wide.fields["optimizer"] == "adam"
    assert "outside the report" in wide.assumed["optimizer"]
    # All but those of models with KL divergence.
    having = [name for name, each in study.conditions.items() if "wide" in each.models]
    assert having == ["as_reported", "corrected"]


def test_a_condition_overrides_fields_of_some_models() -> None:
    text = "conditions: {slow: {models: [m03, m01], learning_rate: 1e-4}, corrected: null}"
    conditions = configure(written(text)).conditions
    assert list(conditions) == ["as_reported", "unit_pixels", "exact_kl", "slow"]
    assert conditions["slow"].overrides == {"learning_rate": 0.0001}
    assert conditions["slow"].models == ("m01", "m03")


@pytest.mark.parametrize(
    ("restriction", "models"),
    [
        ("where: {activation: leaky_relu}", ("m06", "m07", "m11")),
        ("where: {activation: leaky_relu, batch_size: 128}", ("m06", "m11")),
        ("where: {activation: leaky_relu}, models: [m07, m01]", ("m07",)),
        ("where: {learning_rate: 0.001, nodes: [128, 64, 10]}", ("m01", "m16", "m17")),
        ("where: {epochs: 99}", ()),
    ],
)
def test_a_condition_is_for_models_that_have_some_values(
    restriction: str, models: tuple[str, ...]
) -> None:
    condition = configure(written(f"conditions: {{it: {{{restriction}}}}}")).conditions["it"]
    assert condition.models == models
    assert condition.overrides == {}


def test_one_and_one_point_zero_are_the_same_learning_rate() -> None:
    text = "conditions: {a: {learning_rate: 1}, b: {learning_rate: 1.0}}"
    conditions = configure(written(text)).conditions
    assert repr(conditions["a"].overrides) == repr(conditions["b"].overrides)


def test_a_defaults_entry_reaches_the_models_without_the_field() -> None:
    edit(MODELS, "    value: 1e-3\n", "    value: 0.01\n")
    assert configure().models["m01"].fields["learning_rate"] == 0.01


def test_the_order_of_the_keys_does_not_matter_but_for_the_models() -> None:
    before = configure()
    document = yaml.safe_load(MODELS.read_text())
    document["defaults"] = dict(reversed(document["defaults"].items()))
    document["models"] = {
        name: dict(reversed(entry.items())) for name, entry in document["models"].items()
    }
    MODELS.write_text(yaml.safe_dump(document, sort_keys=False))
    assert repr(configure()) == repr(before)


def test_anchors_and_merge_keys_work() -> None:
    written(
        "models:\n"
        "  nested: {nodes: &sizes [64, 10], assumed: &reasons {nodes: A guess.}}\n"
        "  base: &base {nodes: *sizes, epochs: 3, assumed: *reasons}\n"
        "  variant: {<<: *base, epochs: 4}\n"
        "  other: {<<: *base, assumed: {<<: *reasons, nodes: Because.}}\n"
    )
    models = configure(given=("models=mine.yaml",)).models
    assert models["variant"].fields["nodes"] == (64, 10)
    assert models["variant"].fields["epochs"] == 4
    assert models["variant"].assumed["nodes"] == "A guess."
    assert models["other"].assumed["nodes"] == "Because."


def test_text_may_be_in_any_script() -> None:
    edit(MODELS, "Model 1 (Model 1_1)", "Modèle n° 1, 模型")
    assert configure().models["m01"].report_name == "Modèle n° 1, 模型"


def test_the_dataset_is_configuration() -> None:
    files = {
        kind: {"name": f"{kind}.idx", "sha256": digit * 64}
        for kind, digit in zip(
            ("train_images", "train_labels", "test_images", "test_labels"), "0123", strict=True
        )
    }
    classes = [str(digit) for digit in range(10)]
    dataset = {"name": "mnist", "classes": classes, "files": files}
    sources = [{"url": "https://example.org/mnist/"}]
    path = written(yaml.safe_dump({"dataset": {**dataset, "sources": sources}}))
    assert configured(path).dataset.to_dict() == {
        **dataset,
        "sources": [{"url": "https://example.org/mnist"}],
        "subset": None,
    }


@pytest.mark.parametrize(
    ("argument", "attribute", "value"),
    [
        ("replicates=5", "replicates", 5),
        ("trial=true", "trial", True),
        ("trial=True", "trial", True),
        ("device=cpu", "device", "cpu"),
        ("results=elsewhere", "results", "elsewhere"),
        ("classes={superior: 0.9}", "classes", Classes(superior=0.9, medium=0.5)),
    ],
)
def test_the_command_line_has_the_last_word(argument: str, attribute: str, value: object) -> None:
    assert getattr(configured(given=(argument,)), attribute) == value


def test_nested_values_of_the_command_line_are_read_as_yaml() -> None:
    study = configure(
        given=(
            "dataset={subset: {train: 200, test: 50}}",
            "conditions={small: {nodes: [8, 10], learning_rate: 1e-2}, corrected: null}",
        )
    )
    assert study.dataset.subset == Subset(train=200, test=50)
    assert study.dataset.name == "fashion-mnist"
    assert list(study.conditions) == ["as_reported", "unit_pixels", "exact_kl", "small"]
    assert study.conditions["small"].overrides == {"nodes": (8, 10), "learning_rate": 0.01}


def test_a_thousand_models_are_read_in_two_seconds() -> None:
    entry = yaml.safe_load(MODELS.read_text())["models"]["m03"]
    document = {"models": {f"model_{number}": entry for number in range(1000)}}
    written(yaml.dump(copy.deepcopy(document), Dumper=_NoAliases))
    start = time.process_time()
    study = configure(given=("models=mine.yaml",))
    assert len(study.models) == 1000
    assert time.process_time() - start < 2


class _NoAliases(yaml.SafeDumper):
    def ignore_aliases(self, _: object) -> bool:
        return True
