"""Our trainer, as a job of the study runs it."""

from __future__ import annotations

import itertools

import torch

from benchmarks.contenders import Contender, Data, Train, threads
from mlpstudy.spec import Job, Spec
from mlpstudy.training.trainer import Trainer


class Ours(Contender):
    """A stack of replicates, with the epoch's figures computed from its logits as in the study."""

    packages: tuple[str, ...] = ("torch", "numpy")

    def __init__(self, models: int) -> None:
        self.models = models
        self.label = f"ours, stack of {models}"

    def prepare(self, spec: Spec, data: Data) -> Train:
        """Return the training of one stack."""
        torch.set_num_threads(threads())
        torch.use_deterministic_algorithms(True)
        job = Job(
            condition="benchmark",
            model="benchmark",
            fold=spec.fold_names[0],
            first=1,
            last=self.models,
            seed=0,
            data=data.dataset.digest,
            subset=None,
            code="",
            spec=spec,
        )
        trainer = Trainer(job, data.dataset)
        epochs = itertools.count(1)

        def train(steps: int) -> int:
            epoch = next(epochs)
            rows = trainer.order(epoch)[:, : steps * spec.batch_size]
            trainer.metrics(trainer.train(rows, epoch), rows)
            return steps

        return train
