"""The same run, bit for bit: again, and whoever it shares its stack with."""

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

from mlpstudy.data.dataset import Dataset

Bits = dict[str, bytes]

# Every activation with every loss; the other choices go round, so that each meets each.
ROUND = zip(
    itertools.product(ACTIVATIONS, LOSSES),
    itertools.cycle(OPTIMIZERS),
    itertools.cycle((7, 32, 33, 100, 1)),
    itertools.cycle(((17, 10), (5, 64, 10), (64, 17, 10, 10), (32, 5, 16, 10), (10, 128, 10))),
    itertools.cycle((False, True, True)),
    itertools.cycle((0.0, 0.2)),
    itertools.cycle(("raw", "unit", "unit", "raw")),
    strict=False,
)
CASES: list[dict[str, Any]] = [
    {
        "activation": activation,
        "loss": loss,
        "kl": kl,
        "optimizer": optimizer,
        "batch_size": batch_size,
        "nodes": nodes,
        "batch_norm": batch_norm,
        "dropout": dropout,
        "pixels": pixels,
    }
    for (activation, (loss, kl)), optimizer, batch_size, nodes, batch_norm, dropout, pixels in ROUND
]
SMALL = small_dataset(train=210, test=47, pixels=36)
WIDE = small_dataset(train=210, test=47, pixels=784)


def bits(data: Dataset, first: int, last: int, fields: dict[str, Any]) -> Bits:
    """All that is left of replicate 2 after two epochs, as bytes."""
    job = make_job(first=first, last=last, **fields)
    trainer = make_trainer(job, data)
    rows = [row for epoch in (1, 2) for row in trainer.run_epoch(epoch)]
    history = [list(row.values()) for row in rows if row["replicate"] == 2]
    logits = trainer.predict([split.test for split in trainer.splits])
    found: dict[str, NDArray[Any]] = {
        **replicate_state(trainer, 2),
        "history": np.array(history, dtype=np.float64),
        "logits": logits[job.replicates.index(2)].numpy(),
    }
    return {name: array.tobytes() for name, array in found.items()}


def differing(one: Bits, two: Bits) -> list[str]:
    assert one.keys() == two.keys()
    return [name for name in one if one[name] != two[name]]


@pytest.mark.skipif(
    not torch.backends.mkl.is_available(),  # type: ignore[no-untyped-call]
    reason="products are reproducible across stack depths with MKL only",
)
@pytest.mark.parametrize("data", [SMALL, WIDE], ids=["36-pixels", "784-pixels"])
@pytest.mark.parametrize("fields", CASES, ids=lambda fields: "-".join(map(str, fields.values())))
def test_a_replicate_is_the_same_bits_in_any_stack(fields: dict[str, Any], data: Dataset) -> None:
    alone = bits(data, 2, 2, fields)
    assert differing(alone, bits(data, 1, 3, fields)) == []
    assert differing(alone, bits(data, 1, 5, fields)) == []


@pytest.mark.parametrize("fields", CASES[::3], ids=lambda fields: fields["activation"])
def test_a_job_is_the_same_bits_when_it_is_run_again(fields: dict[str, Any]) -> None:
    assert differing(bits(SMALL, 1, 3, fields), bits(SMALL, 1, 3, fields)) == []


@pytest.mark.parametrize("name", ["seed", "replicate"])
def test_another_seed_or_replicate_is_another_run(name: str) -> None:
    one = bits(SMALL, 1, 3, {})
    if name == "seed":
        other = bits(SMALL, 1, 3, {"seed": 8})
    else:
        trainer = make_trainer(make_job())
        other = one | {name: t.tobytes() for name, t in replicate_state(trainer, 3).items()}
    # Biases may agree by chance in no element: all tensors but the padding differ.
    assert set(differing(one, other)) >= {"dense_1.kernel", "dense_2.kernel", "dense_3.kernel"}
