"""Lightning: a LightningModule and `Trainer.fit`, with everything optional switched off.

Loss and accuracy are summed by the module itself: `self.log` would cost more.
"""

from __future__ import annotations

import logging
import warnings

import lightning
import torch
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.contenders import Contender, Data, Train
from benchmarks.peers._torch_models import EPSILON, loss_of, model_of, tensors
from mlpstudy.spec import Spec


class Module(lightning.LightningModule):  # type: ignore[misc, unused-ignore]
    """One model with its loss and its optimizer."""

    def __init__(self, spec: Spec, pixels: int) -> None:
        super().__init__()
        self.spec = spec
        self.model, self.loss_function = model_of(spec, pixels), loss_of(spec)
        self.total, self.correct = torch.zeros(()), torch.zeros((), dtype=torch.int64)

    def training_step(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        """Return the loss of a batch."""
        inputs, targets = batch
        logits = self.model(inputs)
        loss = self.loss_function(logits, targets)
        self.total += loss.detach() * len(targets)
        self.correct += (logits.argmax(1) == targets).sum()
        return loss

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Return Adam with its defaults."""
        return torch.optim.Adam(self.parameters(), self.spec.learning_rate, eps=EPSILON)


class Lightning(Contender):
    """Train with `Trainer.fit`, limited to a number of batches."""

    label = "Lightning"
    packages = ("lightning", "torch")

    def prepare(self, spec: Spec, data: Data) -> Train:
        """Return the training of one model."""
        warnings.filterwarnings("ignore")
        logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
        images, labels = tensors(data)
        loader = DataLoader(TensorDataset(images, labels), spec.batch_size, shuffle=True)
        module = Module(spec, images.shape[1])

        def train(steps: int) -> int:
            trainer = lightning.Trainer(
                accelerator="cpu",
                devices=1,
                max_epochs=1,
                limit_train_batches=steps,
                logger=False,
                enable_checkpointing=False,
                enable_progress_bar=False,
                enable_model_summary=False,
            )
            trainer.fit(module, loader)
            return steps

        return train


CONTENDER = Lightning()
