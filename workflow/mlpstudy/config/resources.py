"""The time and memory that a job requests from a scheduler.

Requests are generous: a job that ends early costs nothing, and a job that is killed at its limit
has to queue again. No result depends on them.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from mlpstudy.spec import Job

MNIST_PIXELS = 28 * 28
MNIST_IMAGES = 60_000

# A core of 2021 does about 5e9 to 10e9 of a job's multiplications per second.
_MULTIPLICATIONS_PER_SECOND = 1e9
_MINUTES_TO_START = 10  # importing PyTorch and reading the data from a shared disk under load

# Measured peaks are 300 MB to 450 MB with the data's pages, and 47 bytes per weight and replicate.
_MEGABYTES = 1000
_BYTES_PER_WEIGHT = 60
_MEGABYTES_OF_CUDA = 4000  # host memory of CUDA's libraries: assumed, not measured

_SHORT_MINUTES = 30


def weights(nodes: Sequence[int]) -> int:
    """Return the number of weights of a network with these `nodes`, without the biases."""
    return sum(inputs * units for inputs, units in itertools.pairwise((MNIST_PIXELS, *nodes)))


def work(nodes: Sequence[int], epochs: int, replicates: int) -> int:
    """Return the multiplications per image of training `replicates` networks with these `nodes`."""
    return epochs * weights(nodes) * replicates


def multiplications(job: Job) -> int:
    """Return the multiplications per image of all forward passes of a job."""
    return work(job.spec.nodes, job.spec.epochs, len(job.replicates))


def minutes(job: Job) -> int:
    """Return the minutes to request: about ten times what a core takes."""
    images = job.subset[0] if job.subset else MNIST_IMAGES
    seconds = multiplications(job) * images / _MULTIPLICATIONS_PER_SECOND
    return _MINUTES_TO_START + math.ceil(seconds / 60)


def megabytes(job: Job, gpu: bool = False) -> int:
    """Return the megabytes to request: twice what was measured, and more with a GPU."""
    stacked = weights(job.spec.nodes) * len(job.replicates) * _BYTES_PER_WEIGHT
    return _MEGABYTES + math.ceil(stacked / 1e6) + (_MEGABYTES_OF_CUDA if gpu else 0)


def is_short(job: Job) -> bool:
    """Tell whether a job is too short to wait in a queue on its own."""
    return minutes(job) <= _SHORT_MINUTES
