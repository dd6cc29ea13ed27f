"""What a checked configuration consists of, as plain frozen data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

Fields = Mapping[str, Any]


@dataclass(frozen=True)
class Default:
    """What models have in a field that they do not write.

    `basis` is assumed or stated, `why` its reason; `used_by` names the models that rely on it.
    """

    value: object
    basis: str
    why: str
    used_by: tuple[str, ...]


@dataclass(frozen=True)
class ModelEntry:
    """One model: `fields` holds every field with its value, defaults included, `nodes` a tuple.

    The fields in effect are either `stated` by the model's source or `assumed` for a reason.
    """

    name: str
    report_name: str
    fields: Fields
    assumed: Mapping[str, str]
    stated: tuple[str, ...]


@dataclass(frozen=True)
class Condition:
    """A named set of overrides, and the names of the models that it applies to.

    `label` is what readers see in place of `name`; it is no part of a job.
    """

    name: str
    label: str
    overrides: Fields
    models: tuple[str, ...]


@dataclass(frozen=True)
class Dataset:
    """The images: names of the classes by label, files with checksums, sources in their order.

    `files` maps train_images, train_labels, test_images and test_labels to name and sha256. A
    source is one of `{folder: PATH}`, `{url: ADDRESS}` (without a slash at its end) and
    `{debian: {package, folder}}`. `subset` is the number of first images taken of train and test.
    """

    name: str
    classes: tuple[str, ...]
    files: Mapping[str, Mapping[str, str]]
    sources: tuple[Mapping[str, object], ...]
    subset: Mapping[str, int] | None

    def to_dict(self) -> dict[str, object]:
        """Give plain dictionaries and lists, as in config.yaml."""
        plain = asdict(self)
        return {**plain, "classes": list(self.classes), "sources": list(plain["sources"])}


@dataclass(frozen=True)
class Settings:
    """The whole configuration, checked and complete.

    `classes` maps superior and medium to the test accuracy (a fraction) from which they hold,
    `margin` is the difference of accuracies below which models are equivalent;
    `defaults`, `models` and `conditions` are in the order of the files, fields in the schema's.
    """

    results: Path
    models_file: Path
    seed: int
    replicates: int
    replicates_per_job: int
    device: str
    when_gpus_are_taken: str
    trial: bool
    classes: Mapping[str, float]
    margin: float
    claims_file: Path | None
    dataset: Dataset
    defaults: Mapping[str, Default]
    models: Mapping[str, ModelEntry]
    conditions: Mapping[str, Condition]
