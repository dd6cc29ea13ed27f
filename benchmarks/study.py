"""The models that are measured, and how much each of them weighs in the whole study."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlpstudy.config.planning import read_plan
from mlpstudy.errors import StudyError
from mlpstudy.spec import Spec

# Every contender trains on the same pixels, and these are the ones that cost our trainer most: it
# scales bytes in every step, where peers keep floats that were scaled beforehand. They also keep
# all models learning, so no contender is slowed down by denormal numbers of a dead network. All
# contenders take steps of Adam.
FIXED = {"pixels": "unit", "kl": "clipped", "optimizer": "adam"}


@dataclass(frozen=True)
class Model:
    """One model of the study under the benchmark's condition, and its weight.

    `steps` is the number of training steps of one replicate in the whole study: steps an epoch,
    times epochs, times folds.
    """

    name: str
    spec: Spec
    steps: int

    @property
    def description(self) -> str:
        """What distinguishes the model's cost, in a few words."""
        return self._described("-".join(map(str, self.spec.nodes)))

    @property
    def brief(self) -> str:
        """The description, with the middle of many layers left out."""
        nodes = [str(units) for units in self.spec.nodes]
        kept = nodes if len(nodes) <= 6 else [*nodes[:2], "…", nodes[-1]]
        return self._described("-".join(kept))

    def _described(self, layers: str) -> str:
        spec = self.spec
        loss = {"cross_entropy": "CE", "kl_divergence": "KL"}[spec.loss]
        parts = [layers, spec.activation, loss, f"batch {spec.batch_size}"]
        parts += [f"dropout {spec.dropout:g}"] * (spec.dropout > 0)
        return " · ".join(parts + ["batch norm"] * spec.batch_norm)


def training_steps(spec: Spec, train: int, test: int) -> int:
    """Return the steps that one replicate takes over all epochs and folds.

    `train` and `test` are the numbers of images of the dataset.
    """
    folds: list[int] = [train]
    if spec.validation == "holdout":
        folds = [train - math.ceil(train * spec.holdout_fraction)]
    elif spec.validation == "kfold":
        pool = train + test if spec.kfold_pool == "all" else train
        folds = [pool - pool // spec.folds - (k < pool % spec.folds) for k in range(spec.folds)]
    return spec.epochs * sum(math.ceil(examples / spec.batch_size) for examples in folds)


def read_models(root: Path, train: int, test: int, wanted: Sequence[str] = ()) -> list[Model]:
    """Return the models of the configuration in `root`, all or those `wanted`.

    Raises:
        StudyError: the configuration is wrong, or has no model of a wanted name.
    """
    config = root / "config" / "config.yaml"
    given = {"models": str(root / "config" / "models.yaml"), "claims": None}
    entries = read_plan([config], given).study.models
    unknown = [name for name in wanted if name not in entries]
    if unknown:
        raise StudyError(f"--models: expected names of {', '.join(entries)}, got {unknown[0]}")
    specs = {name: _spec(entries[name].fields) for name in wanted or entries}
    return [Model(name, spec, training_steps(spec, train, test)) for name, spec in specs.items()]


def _spec(fields: Mapping[str, object]) -> Spec:
    return Spec.from_fields({**fields, **FIXED})
