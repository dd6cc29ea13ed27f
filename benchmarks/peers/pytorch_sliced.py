"""PyTorch as optimised by an experienced user: tensors in memory, sliced by a permutation.

Adam is fused. Loss and accuracy are summed as tensors, without `.item()` in every step.
"""

from __future__ import annotations

import torch

from benchmarks.contenders import Contender, Data, Train
from benchmarks.peers._torch_models import EPSILON, loss_of, model_of, tensors
from mlpstudy.spec import Spec


class Sliced(Contender):
    """Train on slices `images[permutation[start:end]]`."""

    label = "PyTorch, sliced tensors"
    packages = ("torch",)

    def prepare(self, spec: Spec, data: Data) -> Train:
        """Return the training of one model."""
        images, labels = tensors(data)
        model, loss_function = model_of(spec, images.shape[1]), loss_of(spec)
        optimizer = torch.optim.Adam(
            model.parameters(), spec.learning_rate, eps=EPSILON, fused=True
        )

        def train(steps: int) -> int:
            model.train()
            total, correct = torch.zeros(()), torch.zeros((), dtype=torch.int64)
            permutation = torch.randperm(len(images))[: steps * spec.batch_size]
            for rows in torch.split(permutation, spec.batch_size):
                inputs, targets = images[rows], labels[rows]
                optimizer.zero_grad()
                logits = model(inputs)
                loss = loss_function(logits, targets)
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                total += loss.detach() * len(rows)
                correct += (logits.argmax(1) == targets).sum()
            return steps

        return train


CONTENDER = Sliced()
