"""What the PyTorch peers share: the model as a `torch.nn.Sequential`, and its loss."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import torch
from torch import Tensor, nn

from benchmarks.contenders import Data, threads
from mlpstudy.spec import Spec

EPSILON = 1e-7

LossFunction = Callable[[Tensor, Tensor], Tensor]


def model_of(spec: Spec, pixels: int) -> nn.Sequential:
    """Return dense → activation → batch normalisation → dropout, layer by layer."""
    layers: list[nn.Module] = []
    *hidden, last = itertools.pairwise((pixels, *spec.nodes))
    for fan_in, units in hidden:
        layers += [nn.Linear(fan_in, units), _activation(spec)]
        if spec.batch_norm:
            layers.append(nn.BatchNorm1d(units, eps=1e-3, momentum=0.01))
        if spec.dropout:
            layers.append(nn.Dropout(spec.dropout))
    return nn.Sequential(*layers, nn.Linear(*last))


def loss_of(spec: Spec) -> LossFunction:
    """Return the loss of logits (batch, classes) and labels (batch,)."""
    return nn.CrossEntropyLoss() if spec.loss == "cross_entropy" else _clipped_kl


def tensors(data: Data) -> tuple[Tensor, Tensor]:
    """Return float images (images, pixels) and labels (images,), with the threads set."""
    torch.set_num_threads(threads())
    return torch.from_numpy(data.floats), torch.from_numpy(data.labels)


def _clipped_kl(logits: Tensor, labels: Tensor) -> Tensor:
    # Not one_hot, which vmap cannot express.
    target = (labels.unsqueeze(1) == torch.arange(logits.shape[1])).to(logits.dtype)
    target = target.clamp(EPSILON, 1.0)
    softmax = logits.softmax(1).clamp(EPSILON, 1.0)
    return nn.functional.kl_div(softmax.log(), target, reduction="batchmean")


def _activation(spec: Spec) -> nn.Module:
    if spec.activation == "leaky_relu":
        return nn.LeakyReLU(spec.leaky_slope)
    named = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "elu": nn.ELU}
    return named[spec.activation]() if spec.activation in named else nn.GELU()
