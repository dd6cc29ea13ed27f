"""Hostile inputs: the configuration and the models file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from configuring import MODELS, configure, edit, written
from hostile_case import Case, refusal


def config(text: str) -> Callable[[], str]:
    return lambda: refusal(lambda: configure(written(text)))


def raw_config(content: bytes) -> Callable[[], str]:
    def say() -> str:
        Path("mine.yaml").write_bytes(content)
        return refusal(lambda: configure(given=("models=mine.yaml",)))

    return say


def models(text: str) -> Callable[[], str]:
    return raw_config(text.encode())


def model(name: str, fields: str = "nodes: [8, 10]") -> Callable[[], str]:
    return models(f"models:\n  {name}: {{{fields}}}\n")


def given(argument: str) -> Callable[[], str]:
    """Something is wrong on the command line."""
    return lambda: refusal(lambda: configure(given=(argument,)))


def edited(path: Path, before: str, after: str) -> Callable[[], str]:
    def say() -> str:
        edit(path, before, after)
        return refusal(configure)

    return say


BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{two}: &{two} [{', '.join([f'*{one}'] * 10)}]\n"
    for one, two in zip("abcdefgh", "bcdefghi", strict=True)
)
THOUSAND = "models:\n" + "".join(f"  x{n}: {{nodes: [8, 10]}}\n" for n in range(1000))
ANCHORS = "models:\n  one: &one {nodes: [8, 10]}\n  two: {<<: *one, epochs: 2}\n"

CONFIGURATION = [
    Case("a key misspelt", config("replicats: 3")),
    Case("a wrong type", config("replicates: many")),
    Case("a number out of range", config("replicates: 0")),
    Case("a key that stands twice", config("seed: 1\nseed: 2")),
    Case("`yes` for `true`", config("trial: yes")),
    Case("`on` as a name", config("conditions: {on: {}}")),
    Case("text that is no YAML", models("models: [1, 2")),
    Case("an empty file", raw_config(b"")),
    Case("bytes that are no UTF-8", raw_config(b"models: {\xff: 1}")),
    Case("a control character", models("models: {a: \x07}")),
    Case("a list in place of a mapping", models("- a")),
    Case("an object of Python", models("models: !!python/name:os.system x")),
    Case("brackets nested 100,000 deep", models("models: " + "[" * 100_000)),
    Case("anchors and merge keys", models(ANCHORS)),
    Case("an anchor that contains itself", models("models: &m\n  a: *m")),
    Case("anchors that unfold to 10⁹ values", models(BOMB)),
    Case("1,000 models", models(THOUSAND)),
    Case("a model called `../x`", model("../x")),
    Case("a model called `größe`", model("größe")),
    Case("a model called `模型`", model("模型")),
    Case("a model called `nan`", model("nan")),
    Case("a name of 65 letters", model("x" * 65)),
    Case(
        "two models that differ by case",
        models("models: {a: {nodes: [8, 10]}, A: {nodes: [8, 10]}}"),
    ),
    Case("no hidden layer", model("mine", "nodes: [10]")),
    Case("as many outputs as there are no classes", model("mine", "nodes: [8, 9]")),
    Case("an activation that does not exist", model("mine", "nodes: [8, 10], activation: relo")),
    Case(
        "a learning rate that is not a number", model("mine", "nodes: [8, 10], learning_rate: .nan")
    ),
    Case(
        "a condition for a model that does not exist", config("conditions: {mine: {models: [m99]}}")
    ),
    Case(
        "no condition left",
        config(
            "conditions: {as_reported: null, corrected: null, unit_pixels: null, exact_kl: null}"
        ),
    ),
    Case("fewer images than folds need", config("dataset: {subset: {train: 20, test: 10}}")),
    Case("a checksum cut short", config("dataset: {files: {test_labels: {sha256: 0402A9}}}")),
    Case(
        "names of classes that together are too long for a command",
        config(f"dataset: {{classes: [{', '.join(f'{n}{chr(27169) * 97}' for n in range(256))}]}}"),
    ),
    Case("a file name that is a path", config("dataset: {files: {test_labels: {name: ../x}}}")),
    Case("an address of another kind", config("dataset: {sources: [{url: 'ftp://b'}]}")),
    Case("a models file that is not there", given("models=nowhere.yaml")),
    Case("a wrong value on the command line", given("replicates=few")),
    Case("a number as a folder's name on the command line", given("results=2024")),
    Case("a file in place of the results' folder", given("results=config/config.yaml")),
    Case("several mistakes", config("seed: x\nclasses: {medium: x}")),
    Case("a repeated model in the shipped file", edited(MODELS, "  m02:", "  m01:")),
]
