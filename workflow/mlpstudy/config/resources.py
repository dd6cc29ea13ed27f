"""What a job is likely to need, for schedulers that want to know before it starts.

A request is meant to be too large: a job that ends early costs nothing, one that is killed for its
limit waits in the queue again. Nothing of a result depends on it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from mlpstudy.spec import Job

MNIST_PIXELS = 28 * 28
MNIST_IMAGES = 60_000

# A core of 2021 does some 5e9 to 10e9 of a job's multiplications a second.
_MULTIPLICATIONS_A_SECOND = 1e9
_MINUTES_TO_START = 10  # importing PyTorch and reading the data from a shared disk under load

# Measured peaks are 300 MB to 450 MB with the data's pages, and 47 bytes a weight and replicate.
_MEGABYTES = 1000
_BYTES_A_WEIGHT = 60
_MEGABYTES_OF_CUDA = 4000  # what its libraries take of the host's memory: assumed, not measured

_SHORT_MINUTES = 30


def weights(nodes: Sequence[int]) -> int:
    """Return the number of weights of a network of these `nodes`, biases apart."""
    return sum(inputs * units for inputs, units in itertools.pairwise((MNIST_PIXELS, *nodes)))


def work(nodes: Sequence[int], epochs: int, replicates: int) -> int:
    """Return the multiplications an image of training `replicates` networks of these `nodes`."""
    return epochs * weights(nodes) * replicates


def multiplications(job: Job) -> int:
    """Return the multiplications an image that a job's forward passes do over all its epochs."""
    return work(job.spec.nodes, job.spec.epochs, len(job.replicates))


def minutes(job: Job) -> int:
    """Return the time to ask for: some ten times what a core takes."""
    images = job.subset[0] if job.subset else MNIST_IMAGES
    seconds = multiplications(job) * images / _MULTIPLICATIONS_A_SECOND
    return _MINUTES_TO_START + math.ceil(seconds / 60)


def megabytes(job: Job, gpu: bool = False) -> int:
    """Return the memory to ask for: twice what was measured, and more with a GPU."""
    stacked = weights(job.spec.nodes) * len(job.replicates) * _BYTES_A_WEIGHT
    return _MEGABYTES + math.ceil(stacked / 1e6) + (_MEGABYTES_OF_CUDA if gpu else 0)


def is_short(job: Job) -> bool:
    """Say whether a job had better not wait in a queue alone."""
    return minutes(job) <= _SHORT_MINUTES
