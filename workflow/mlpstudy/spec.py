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
    """Name those of a model's `fields` that its training depends on, in their order.

    A ReLU model, for example, has a leaky_slope, but its training does not depend on it.
    """
    return tuple(
        field
        for field in fields
        if field not in _ONLY_WITH or fields[_ONLY_WITH[field][0]] == _ONLY_WITH[field][1]
    )


@dataclass(frozen=True, kw_only=True)
class Spec:
    """All hyper-parameters of one model under one condition; labels are not among them.

    A field that is not in effect has its default here, whatever the configuration says. `nodes`
    counts every dense layer with the output, as the report does. Values are those that the schema
    of config/models.yaml allows; they are checked when the configuration is read.
    """

    nodes: tuple[int, ...]
    activation: str
    leaky_slope: float = 0.0
    loss: Literal["cross_entropy", "kl_divergence"]
    kl: Literal["clipped", "exact"] = "exact"
    pixels: Literal["raw", "unit"]
    optimizer: str
    learning_rate: float
    epochs: int
    batch_size: int
    validation: Literal["none", "holdout", "kfold"]
    holdout_fraction: float = 0.0
    folds: int = 0
    kfold_pool: Literal["train", "all"] = "train"
    dropout: float
    batch_norm: bool

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
