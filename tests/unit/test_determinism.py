"""The same run, bit for bit: run again, and whichever replicates it shares its stack with."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from training_jobs import (
    ACTIVATIONS,
    LOSSES,
    OPTIMIZERS,
    make_job,
    make_trainer,
    replicate_state,
    small_dataset,
)

DATA = [small_dataset(train=130, test=47, pixels=pixels) for pixels in (36, 784)]

# Every activation with every loss; the other choices take turns.
TURNS: dict[str, tuple[Any, ...]] = {
    "optimizer": OPTIMIZERS,
    "batch_size": (7, 32, 33, 100, 1),
    "nodes": ((17, 10), (5, 64, 10), (64, 17, 10, 10), (32, 5, 16, 10), (10, 128, 10)),
    "batch_norm": (False, True, True),
    "dropout": (0.0, 0.2),
    "pixels": ("raw", "unit", "unit", "raw"),
    "data": (0, 1, 0, 1, 0, 1, 1),
}
CASES = [
    {"activation": activation, "loss": loss, "kl": kl}
    | {name: values[number % len(values)] for name, values in TURNS.items()}
    for number, (activation, (loss, kl)) in enumerate(itertools.product(ACTIVATIONS, LOSSES))
]


def bits(first: int, last: int, data: int, **fields: Any) -> dict[str, bytes]:
    """All that is left of replicate 2 after two epochs, as bytes."""
    job = make_job(first=first, last=last, **fields)
    trainer = make_trainer(job, DATA[data])
    rows = [row for epoch in (1, 2) for row in trainer.run_epoch(epoch)]
    history = [list(row.values()) for row in rows if row["replicate"] == 2]
    logits = trainer.predict([split.test for split in trainer.splits])
    found: dict[str, NDArray[Any]] = {
        **replicate_state(trainer, 2),
        "history": np.array(history, dtype=np.float64),
        "logits": logits[job.replicates.index(2)].numpy(),
    }
    return {name: array.tobytes() for name, array in found.items()}


@pytest.mark.skipif(
    not torch.backends.mkl.is_available(),  # type: ignore[no-untyped-call]
    reason="products are reproducible across stack depths with MKL only",
)
@pytest.mark.parametrize("fields", CASES, ids=lambda fields: "-".join(map(str, fields.values())))
def test_a_replicate_is_the_same_bits_in_any_stack(fields: dict[str, Any]) -> None:
    alone = bits(2, 2, **fields)
    for first, last in ((1, 3), (1, 5)):
        stacked = bits(first, last, **fields)
        assert stacked.keys() == alone.keys()
        assert [name for name in alone if alone[name] != stacked[name]] == []
