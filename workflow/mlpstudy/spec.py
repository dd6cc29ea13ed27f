"""A model under a condition, and the job that trains a block of its replicates.

A job's identity is everything that its results depend on, as one canonical JSON text: Snakemake
compares it, checkpoints are keyed by it, and it is written beside the outputs as `spec.json`.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Activation = Literal["sigmoid", "tanh", "relu", "leaky_relu", "gelu", "elu"]
LossName = Literal["cross_entropy", "kl_divergence"]
OptimizerName = Literal["adam", "sgd", "rmsprop", "adamw"]
FoldName = str  # "all", "holdout", or "1", "2", …

# Fields that have an effect only where another field has a certain value.
_ONLY_WITH = {
    "leaky_slope": ("activation", "leaky_relu"),
    "kl": ("loss", "kl_divergence"),
    "holdout_fraction": ("validation", "holdout"),
    "folds": ("validation", "kfold"),
    "kfold_pool": ("validation", "kfold"),
}


def in_effect(fields: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of those `fields` of a model that its training depends on, in their order.

    A ReLU model, for example, has a leaky_slope, but its training does not depend on it.
    """
    return tuple(
        field
        for field in fields
        if field not in _ONLY_WITH or fields[_ONLY_WITH[field][0]] == _ONLY_WITH[field][1]
    )


def _parameter(default: Any = dataclasses.MISSING, **limits: Any) -> Any:
    """Return a field whose metadata holds its limits, in the words of `pydantic.Field`."""
    return dataclasses.field(default=default, metadata=limits)


@dataclass(frozen=True, kw_only=True)
class Spec:
    """All hyper-parameters of one model under one condition; labels are not among them.

    This is the only list of hyper-parameters: the keys of models, conditions and defaults in the
    YAML files, with their limits and descriptions, are made from it. The limits are checked when
    the configuration is read, not here. A field that is not in effect has its default value,
    whatever the configuration says.
    """

    nodes: tuple[int, ...] = _parameter(
        min_length=2,
        max_length=100,
        items={"ge": 1, "le": 65536},
        expected="a list of at least 2 layer sizes (one hidden layer and the output, such as "
        "[128, 64, 10])",
        examples=[[128, 64, 10], [512, 10]],
    )
    """The sizes of all layers after the input, the output included, as the report counts them; the
    last is the number of classes."""

    activation: Activation = "relu"
    """The function after each hidden layer."""

    leaky_slope: float = _parameter(0.3, ge=0, lt=1)
    """The slope of leaky_relu below zero; the other activations ignore it."""

    loss: LossName = "cross_entropy"
    """The loss after the softmax."""

    kl: Literal["clipped", "exact"] = "clipped"
    """How kl_divergence is computed; cross_entropy ignores it. clipped: targets and probabilities
    are clipped to [1e-7, 1], as Keras 2 does; exact: from the log-softmax."""

    pixels: Literal["raw", "unit"] = "raw"
    """The input of the network. raw: the bytes from 0 to 255; unit: the bytes / 255."""

    optimizer: OptimizerName = "adam"
    """The optimizer."""

    learning_rate: float = _parameter(0.001, gt=0, le=1000)
    """The step size of the optimizer."""

    epochs: int = _parameter(15, ge=1, le=100_000)
    """The number of passes over the training images."""

    batch_size: int = _parameter(32, ge=1, le=1_000_000)
    """Images per training step; the last, smaller batch of an epoch is used too."""

    validation: Literal["none", "holdout", "kfold"] = "none"
    """none: train and test; holdout: a part of the training images is held out for validation;
    kfold: the model is trained once per fold, and the fold left out validates and tests it."""

    holdout_fraction: float = _parameter(0.2, gt=0, lt=1)
    """The fraction of the training images that `validation: holdout` holds out."""

    folds: int = _parameter(5, ge=2, le=100)
    """The number of folds of `validation: kfold`."""

    kfold_pool: Literal["train", "all"] = "train"
    """The images that the folds are cut from. train: the training images; all: the test images
    too."""

    dropout: float = _parameter(0.0, ge=0, lt=1)
    """The fraction of each hidden layer's outputs that is dropped in training; 0 for none."""

    batch_norm: bool = False
    """Whether batch normalisation follows the activation of each hidden layer."""

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Spec:
        """Return the spec of those `fields` that are in effect; their nodes may be a list."""
        effective = {name: fields[name] for name in in_effect(fields)}
        return cls(**{**effective, "nodes": tuple(fields["nodes"])})

    @property
    def fold_names(self) -> tuple[FoldName, ...]:
        """The folds that one replicate trains: one, or each of a k-fold validation."""
        if self.validation == "kfold":
            return tuple(str(number) for number in range(1, self.folds + 1))
        return ("holdout",) if self.validation == "holdout" else ("all",)


@dataclass(frozen=True, kw_only=True)
class Job:
    """The replicates `first` to `last` of one model, condition and fold, trained as one stack.

    `data` is the checksum of the dataset, `subset` (training images, test images) or None for all
    of them, and `code` the fingerprint of the training code.
    """

    condition: str
    model: str
    fold: FoldName
    first: int
    last: int
    seed: int
    data: str
    subset: tuple[int, int] | None
    code: str
    spec: Spec

    @property
    def replicates(self) -> range:
        """The replicates' numbers, counted from 1."""
        return range(self.first, self.last + 1)

    @property
    def folder(self) -> str:
        """Where the job writes, under `results/runs`."""
        block = f"replicates-{self.first}-{self.last}"
        return f"{self.condition}/{self.model}/fold-{self.fold}/{block}"

    @property
    def label(self) -> str:
        """A short name for logs."""
        return f"{self.condition} {self.model} fold {self.fold} {self.first}-{self.last}"

    def identity(self) -> str:
        """Return the job as canonical JSON: equal texts, equal results on the same machine.

        Of the hyper-parameters, it holds those in effect.
        """
        fields = dataclasses.asdict(self)
        fields["spec"] = {name: fields["spec"][name] for name in in_effect(fields["spec"])}
        return json.dumps(fields, sort_keys=True)

    @classmethod
    def from_identity(cls, text: str) -> Job:
        """Return the job that `identity` wrote."""
        fields = json.loads(text)
        subset = fields.pop("subset")
        return cls(
            **{**fields, "spec": Spec.from_fields(fields["spec"])},
            subset=tuple(subset) if subset is not None else None,
        )


def blocks(replicates: int, per_job: int) -> tuple[tuple[int, int], ...]:
    """Return the (first, last) replicates of each job, on a fixed grid: 1 to n, n + 1 to 2n ….

    The grid does not move with `replicates`, so raising it by whole blocks only adds jobs.
    """
    starts = range(1, replicates + 1, per_job)
    return tuple((first, min(first + per_job - 1, replicates)) for first in starts)
