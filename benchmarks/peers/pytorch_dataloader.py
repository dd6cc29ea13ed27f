"""Plain PyTorch as its tutorials write it: TensorDataset, DataLoader, Adam with its defaults.

It has no worker processes: for batches of a few kilobytes they cost more time than they save.
"""

from __future__ import annotations

import itertools

import torch
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.contenders import Contender, Data, Train
from benchmarks.peers._torch_models import EPSILON, loss_of, model_of, tensors
from mlpstudy.spec import Spec


class Loader(Contender):
    """Train and keep count of loss and accuracy, batch by batch."""

    label = "PyTorch, DataLoader"
    packages = ("torch",)

    def prepare(self, spec: Spec, data: Data) -> Train:
        """Return the training of one model."""
        images, labels = tensors(data)
        loader = DataLoader(TensorDataset(images, labels), spec.batch_size, shuffle=True)
        model, loss_function = model_of(spec, images.shape[1]), loss_of(spec)
        optimizer = torch.optim.Adam(model.parameters(), spec.learning_rate, eps=EPSILON)

        def train(steps: int) -> int:
            model.train()
            total, correct = 0.0, 0
            for inputs, targets in itertools.islice(loader, steps):
                optimizer.zero_grad()
                logits = model(inputs)
                loss = loss_function(logits, targets)
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                total += loss.item() * len(targets)
                correct += int((logits.argmax(1) == targets).sum().item())
            return steps

        return train


CONTENDER = Loader()
