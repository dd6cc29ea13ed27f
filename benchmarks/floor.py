"""The floor: what no trainer of one model at this batch size can do without, each part alone.

The matrix products (forward, both gradients; not the one by the images), one fused Adam step over
all parameters in one vector, and the gather of the batch from bytes. Everything is written into
memory that is already there; nothing is stacked; activations, loss, biases, masks and batch
normalisation cost nothing here.
"""

from __future__ import annotations

import itertools

import torch
from torch import Tensor

from benchmarks.contenders import Contender, Data, Train, threads
from mlpstudy.spec import Spec
from mlpstudy.training.layers import ParameterGroup
from mlpstudy.training.optimizers import Adam

Product = tuple[Tensor, Tensor, Tensor]


class Floor(Contender):
    """The three parts one after the other, each many times, so that their times add up."""

    label = "floor"
    packages = ("torch",)

    def prepare(self, spec: Spec, data: Data) -> Train:
        """Return the parts of one training step."""
        torch.set_num_threads(threads())
        images = torch.from_numpy(data.dataset.images)
        orders = torch.split(torch.randperm(data.dataset.train), spec.batch_size)[:-1]
        gathered = images.new_empty(spec.batch_size, images.shape[1])
        inputs = torch.rand(gathered.shape)
        products = _products(inputs, spec)
        parameters = torch.randn(_parameter_count(images.shape[1], spec)) * 0.05
        gradients = torch.randn_like(parameters) * 1e-3
        whole = ParameterGroup(0, parameters, gradients)
        optimizer = Adam([whole], spec.learning_rate)

        def train(steps: int) -> int:
            for _ in range(steps):
                for left, right, out in products:
                    torch.mm(left, right, out=out)
            for _ in range(steps):
                optimizer.begin_step()
                optimizer.update(whole)
            for rows in itertools.islice(itertools.cycle(orders), steps):
                torch.index_select(images, 0, rows, out=gathered)
                inputs.copy_(gathered)
            return steps

        return train


def _products(inputs: Tensor, spec: Spec) -> list[Product]:
    """Return all matrix products of a step as (left, right, out), in their order.

    The output layer is written class by class, (units, batch): products with ten columns take up
    to four times as long as those with ten rows, so a trainer need not do with them.
    """
    forward: list[Product] = []
    backward: list[Product] = []
    batch, values = inputs.shape[0], inputs
    for units in spec.nodes[:-1]:
        kernel = torch.randn(values.shape[1], units) * values.shape[1] ** -0.5
        output, errors = torch.zeros(batch, units), torch.rand(batch, units)
        forward.append((values, kernel, output))
        if values is not inputs:
            backward.insert(0, (errors, kernel.t(), torch.zeros_like(values)))
        backward.insert(0, (values.t(), errors, torch.zeros_like(kernel)))
        values = output
    kernel = torch.randn(spec.nodes[-1], values.shape[1]) * values.shape[1] ** -0.5
    errors = torch.rand(spec.nodes[-1], batch)
    forward.append((kernel, values.t(), torch.zeros_like(errors)))
    gradients = (errors, values, torch.zeros_like(kernel))
    return [*forward, gradients, (errors.t(), kernel, torch.zeros_like(values)), *backward]


def _parameter_count(pixels: int, spec: Spec) -> int:
    widths = (pixels, *spec.nodes)
    dense = sum((fan_in + 1) * units for fan_in, units in itertools.pairwise(widths))
    return dense + 2 * sum(spec.nodes[:-1]) * spec.batch_norm


CONTENDER = Floor()
