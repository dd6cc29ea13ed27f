"""Batch normalisation of a stack of replicates (Ioffe and Szegedy 2015), as Keras 2 does it.

Momentum 0.99, ε 1e-3, and the moving variance is that of the batch without Bessel's correction
(Keras's path for two-dimensional input; PyTorch's own layer corrects it).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from mlpstudy.training.workspace import Normalised

MOMENTUM = 0.99
EPSILON = 1e-3


@dataclass
class BatchNorm:
    """One layer's scale and offset, their gradients and moving moments: (replicates, 1, units)."""

    scale: Tensor
    scale_gradient: Tensor
    offset: Tensor
    offset_gradient: Tensor
    moving_mean: Tensor = field(init=False)
    moving_variance: Tensor = field(init=False)

    def __post_init__(self) -> None:
        """Start from scale 1, offset 0, mean 0 and variance 1."""
        self.scale.fill_(1.0)
        self.moving_mean = torch.zeros_like(self.scale)
        self.moving_variance = torch.ones_like(self.scale)

    def forward(self, values: Tensor, room: Normalised, *, training: bool) -> None:
        """Write the normalised `values`, (replicates, rows, units), to `room.output`.

        In training by the batch's own moments, which also move the moving ones; else by those.
        """
        standard, output = room.standard.view, room.output.view
        mean, variance = self.moving_mean, self.moving_variance
        if training:
            mean = values.mean(1, keepdim=True)
        torch.sub(values, mean, out=standard)
        if training:
            # Two plain sums: torch.var_mean takes several times as long over this axis.
            variance = torch.mul(standard, standard, out=output).mean(1, keepdim=True)
            self.moving_mean.lerp_(mean, 1.0 - MOMENTUM)
            self.moving_variance.lerp_(variance, 1.0 - MOMENTUM)
        torch.add(variance, EPSILON, out=room.inverse_deviation).rsqrt_()
        standard.mul_(room.inverse_deviation)
        torch.addcmul(self.offset, standard, self.scale, out=output)

    def backward(self, errors: Tensor, room: Normalised) -> None:
        """Turn the gradient by the output into the gradient by the input, in place.

        With x̂ the standardised input and n rows, it is
        scale / deviation · (errors - Σerrors / n - x̂ · Σ(errors · x̂) / n).
        """
        rows = errors.shape[1]
        standard = room.standard.view
        product = torch.mul(errors, standard, out=room.output.view)  # the output is used up
        torch.sum(product, 1, keepdim=True, out=self.scale_gradient)
        torch.sum(errors, 1, keepdim=True, out=self.offset_gradient)
        errors.sub_(self.offset_gradient / rows)
        errors.addcmul_(standard, self.scale_gradient / rows, value=-1.0)
        errors.mul_(self.scale * room.inverse_deviation)

    def named_tensors(self) -> dict[str, Tensor]:
        """Return what a file keeps of the layer."""
        return {
            "scale": self.scale,
            "offset": self.offset,
            "moving_mean": self.moving_mean,
            "moving_variance": self.moving_variance,
        }
