"""The networks that training starts from, shown some training images before the first step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from mlpstudy.data.dataset import Dataset
from mlpstudy.spec import Job
from mlpstudy.training.evaluation import DEAD_DERIVATIVE, dead_units
from mlpstudy.training.job import split_rows
from mlpstudy.training.trainer import PROBE_ROWS, Trainer
from mlpstudy.training.workspace import Batch


@dataclass(frozen=True)
class HiddenLayer:
    """What a hidden layer makes of the images, a figure a replicate, each of shape (replicates,).

    Attributes:
        scale: root mean square of what the layer passes on.
        saturated: share of (image, unit) at which the activation's slope is below 1e-3.
        dead: share of units with no steeper slope for any image, as in history.csv.
    """

    units: int
    scale: NDArray[np.float64]
    saturated: NDArray[np.float64]
    dead: NDArray[np.float64]


@dataclass(frozen=True)
class FirstLook:
    """What a job's untrained networks make of training images.

    Attributes:
        logits: shape (replicates, images, classes), as computed in single precision.
        labels: true classes, shape (replicates, images).
        layers: the hidden layers, lowest first.
    """

    logits: NDArray[np.float64]
    labels: NDArray[np.int64]
    layers: list[HiddenLayer]


def first_look(job: Job, dataset: Dataset, rows: int = PROBE_ROWS) -> FirstLook:
    """Return what the networks of `job` make of their first `rows` training images.

    They see the images as in training: batch normalisation goes by the images' own moments, since
    the moving ones have not moved yet. Dropout alone is left out, as it would add its chance.
    """
    job = replace(job, spec=replace(job.spec, dropout=0.0))
    splits = split_rows(job, dataset)
    trainer = Trainer(job, dataset.images, dataset.labels, splits)
    probes = torch.from_numpy(np.stack([split.train[:rows] for split in splits]))
    batch = trainer.network.batch(probes.shape[1], training=job.spec.batch_norm)
    trainer.feeder.fill(batch, probes)
    trainer.network.forward(batch)
    return FirstLook(
        batch.logits.mT.double().numpy(),
        trainer.feeder.labels[probes].numpy(),
        list(_layers(trainer, batch)),
    )


def _layers(trainer: Trainer, batch: Batch) -> Iterator[HiddenLayer]:
    activation, leaky = trainer.network.activation, trainer.spec.leaky_slope
    dead = np.array(dead_units(batch, activation, leaky))
    for index, room in enumerate(batch.rooms):
        slope = torch.ones_like(room.kept.view)
        activation.backward(slope, room.kept.view, leaky, slope)
        flat = (slope.abs() < DEAD_DERIVATIVE).double().flatten(1)
        yield HiddenLayer(
            units=slope.shape[-1],
            scale=room.output.view.double().square().flatten(1).mean(1).sqrt().numpy(),
            saturated=flat.mean(1).numpy(),
            dead=dead[:, index],
        )
