"""A physical floor: the arithmetic and the data movement that no trainer can avoid.

- The floating-point operations of all matrix products of a step, at the best rate that this machine
  reaches for one of these shapes: forward, and the gradients of weights and hidden layers.
- The bytes that must move: each parameter and both of its moments are read and written once, and
  the batch's images are read once, as bytes. They move as fast as in one pass over a vector that is
  as large, so at the speed of the cache that holds it.

Nothing else is in it: no gradients in memory, activations, loss, dropout, batch normalisation or
calls.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence

import torch
from torch import Tensor

from benchmarks.contenders import Contender, Data, Train, threads
from mlpstudy.spec import Spec

Product = tuple[Tensor, Tensor, Tensor]
TRIES = 200  # timings of each product, of which the shortest counts


class Floor(Contender):
    """Does as many operations with the best product, and moves as many bytes, as a step needs."""

    label = "floor"
    packages = ("torch",)

    def prepare(self, spec: Spec, data: Data) -> Train:
        """Return the two parts of one training step."""
        torch.set_num_threads(threads())
        pixels = data.dataset.images.shape[1]
        products = products_of(spec, pixels)
        left, right, out = max(_orders(products), key=_rate)
        repetitions = sum(map(operations, products)) / operations((left, right, out))
        # One pass in place reads and writes every element, so 4 bytes here are 8 bytes moved.
        moved = torch.ones(bytes_of(spec, pixels) // 8)

        def train(steps: int) -> int:
            for _ in range(round(steps * repetitions)):
                torch.mm(left, right, out=out)
            for _ in range(steps):
                moved.mul_(1.0)
            return steps

        return train


def products_of(spec: Spec, pixels: int) -> list[Product]:
    """Return all matrix products of a step as (left, right, out), layer by layer."""
    products: list[Product] = []
    batch = spec.batch_size
    for inputs, units in itertools.pairwise((pixels, *spec.nodes)):
        values, kernel = torch.rand(batch, inputs), torch.randn(inputs, units) * inputs**-0.5
        errors = torch.rand(batch, units)
        products.append((values, kernel, torch.zeros(batch, units)))
        products.append((values.t(), errors, torch.zeros(inputs, units)))
        if len(products) > 2:  # the images need no gradient
            products.append((errors, kernel.t(), torch.zeros(batch, inputs)))
    return products


def operations(product: Product) -> int:
    """Return the floating-point operations of a product."""
    left, right, _ = product
    return 2 * left.shape[0] * left.shape[1] * right.shape[1]


def bytes_of(spec: Spec, pixels: int) -> int:
    """Return the bytes that a step must move: Adam's state both ways, and a batch of images."""
    layers = itertools.pairwise((pixels, *spec.nodes))
    parameters = sum((inputs + 1) * units for inputs, units in layers)
    parameters += 2 * sum(spec.nodes[:-1]) * spec.batch_norm
    return 2 * 3 * 4 * parameters + spec.batch_size * pixels


def _orders(products: Sequence[Product]) -> list[Product]:
    """Return each product as it is, and transposed as a whole: one of them may be faster."""
    transposed = [(r.t(), left.t(), torch.zeros_like(out.t())) for left, r, out in products]
    return [*products, *transposed]


def _rate(product: Product) -> float:
    """Return the operations per second of a product, by the shortest of several timings."""
    left, right, out = product
    times = []
    for _ in range(TRIES):
        started = time.perf_counter()
        torch.mm(left, right, out=out)
        times.append(time.perf_counter() - started)
    return operations(product) / min(times)


CONTENDER = Floor()
