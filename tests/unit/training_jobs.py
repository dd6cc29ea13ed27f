"""Small jobs, images and trainers for the tests of the trainer."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
import torch
from numpy.typing import NDArray

from mlpstudy.data.dataset import Dataset
from mlpstudy.spec import Activation, Job, OptimizerName, Spec
from mlpstudy.training.network import Network
from mlpstudy.training.optimizers import optimizer_named
from mlpstudy.training.trainer import Trainer

CLASSES = 10
PIXELS = 36
TRAIN_IMAGES, TEST_IMAGES = 160, 60

ACTIVATIONS = get_args(Activation)
OPTIMIZERS = get_args(OptimizerName)
LOSSES = (("cross_entropy", "exact"), ("kl_divergence", "clipped"), ("kl_divergence", "exact"))

SPEC = vars(Spec(nodes=(17, 9, CLASSES), pixels="unit", epochs=3, validation="holdout"))
JOB: dict[str, Any] = {
    "condition": "tested",
    "model": "m01",
    "fold": "holdout",
    "first": 1,
    "last": 3,
    "seed": 7,
    "data": "digest",
    "subset": None,
    "code": "code",
}


def make_spec(**fields: Any) -> Spec:
    """Return the small spec with `fields` in place of its own."""
    return Spec.from_fields({**SPEC, **fields})


def make_job(**fields: Any) -> Job:
    """Return a small job of replicates 1 to 3; `fields` are the job's or its spec's."""
    own = {name: fields.pop(name) for name in JOB if name in fields}
    return Job(**{**JOB, **own}, spec=make_spec(**fields))


def small_dataset(
    train: int = TRAIN_IMAGES, test: int = TEST_IMAGES, pixels: int = PIXELS
) -> Dataset:
    """Return random images whose brightness in one place tells their class, all classes alike."""
    generator = np.random.default_rng(5)
    labels = np.concatenate([np.arange(train) % CLASSES, np.arange(test) % CLASSES])
    images = generator.integers(0, 200, size=(train + test, pixels))
    images[np.arange(train + test), labels] += 55
    return Dataset(
        name="small",
        classes=tuple(map(str, range(CLASSES))),
        images=images.astype(np.uint8),
        labels=labels.astype(np.uint8),
        train=train,
        test=test,
        height=1,
        width=pixels,
        digest=JOB["data"],
    )


def make_trainer(job: Job, dataset: Dataset | None = None) -> Trainer:
    """Return the trainer of `job` on `dataset`, or on the small one."""
    return Trainer(job, dataset or small_dataset())


def in_float64(trainer: Trainer) -> Trainer:
    """Turn `trainer`, which must not have trained yet, to double precision; return it."""
    like = torch.empty(0, dtype=torch.float64)
    spec = trainer.spec
    trainer.network = Network(spec, trainer.network.inputs, trainer.streams("weights"), like)
    trainer.optimizer = optimizer_named(spec.optimizer, trainer.network.groups, spec.learning_rate)
    return trainer


def replicate_state(trainer: Trainer, replicate: int) -> dict[str, NDArray[np.float32]]:
    """Return all tensors of one replicate by name, moving moments included."""
    index = trainer.job.replicates.index(replicate)
    return {name: t[index].numpy().copy() for name, t in trainer.network.named_tensors().items()}
