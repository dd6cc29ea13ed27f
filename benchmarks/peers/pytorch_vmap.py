"""PyTorch with three replicates of a model in one step, by `torch.func.vmap`.

Tensors in memory and fused Adam, as in pytorch_sliced.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.func import functional_call, grad, stack_module_state, vmap

from benchmarks.contenders import Contender, Data, Train
from benchmarks.peers._torch_models import EPSILON, loss_of, model_of, tensors
from mlpstudy.spec import Spec

Tensors = dict[str, Tensor]


class Vmap(Contender):
    """Train a stack of models, each on its own batches."""

    label = "PyTorch, vmap of 3"
    packages = ("torch",)
    models = 3
    loss = 0.0  # mean over the examples of the latest call

    def prepare(self, spec: Spec, data: Data) -> Train:
        """Return the training of all models."""
        images, labels = tensors(data)
        modules = [model_of(spec, images.shape[1]) for _ in range(self.models)]
        parameters, buffers = stack_module_state(modules)
        loss_function = loss_of(spec)
        optimizer = torch.optim.Adam(
            parameters.values(), spec.learning_rate, eps=EPSILON, fused=True
        )

        def loss_of_one(
            own: Tensors, moving: Tensors, inputs: Tensor, targets: Tensor
        ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
            logits = functional_call(modules[0], (own, moving), (inputs,))
            loss = loss_function(logits, targets)
            return loss, (loss.detach(), (logits.argmax(1) == targets).sum())

        gradients_of = vmap(grad(loss_of_one, has_aux=True), randomness="different")

        def train(steps: int) -> int:
            total = torch.zeros(self.models)
            correct = torch.zeros(self.models, dtype=torch.int64)
            orders = torch.stack([torch.randperm(len(images)) for _ in range(self.models)])
            for rows in torch.split(orders[:, : steps * spec.batch_size], spec.batch_size, 1):
                gradients, (losses, right) = gradients_of(
                    parameters, buffers, images[rows], labels[rows]
                )
                for name, parameter in parameters.items():
                    parameter.grad = gradients[name]
                optimizer.step()
                total += losses * rows.shape[1]
                correct += right
            self.loss = float(total.mean()) / (steps * spec.batch_size)
            return steps

        return train


CONTENDER = Vmap()
