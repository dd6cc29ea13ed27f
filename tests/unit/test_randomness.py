"""Random streams and what is drawn from them; the same run bit for bit in any stack."""

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
    make_spec,
    make_trainer,
    replicate_state,
    small_dataset,
)

from mlpstudy.randomness import (
    MaskGenerator,
    Purpose,
    mask_seeds,
    scramble,
    stream,
    word_offsets,
)
from mlpstudy.training.network import Block, Network

PURPOSES: tuple[Purpose, ...] = ("split", "weights", "order", "dropout")


def test_streams_are_the_ones_that_published_results_came_from() -> None:
    # Whoever changes these numbers changes every result: they were drawn once and written down.
    assert stream(42, 1, "all", "split").integers(2**32) == 829362488
    assert stream(42, 1, "holdout", "weights").uniform() == 0.5791719788341544
    assert stream(42, 7, "3", "order", 9).permutation(8).tolist() == [5, 0, 3, 6, 7, 4, 1, 2]
    dropout = stream(0, 2, "5", "dropout", 1)
    assert int(dropout.bit_generator.random_raw()) == 3895624708842085706


def test_distinct_keys_give_distinct_streams() -> None:
    keys = list(
        itertools.product((0, 1, 42), (1, 2, 30), ("all", "1", "2"), PURPOSES, (0, 1, 2, 100))
    )
    drawn = {stream(*key).bytes(16) for key in keys}
    assert len(drawn) == len(keys)
    assert {stream(*key).bytes(16) for key in keys} == drawn


def test_splits_orders_and_weights_depend_on_seed_and_replicate_and_not_on_the_model() -> None:
    one, other_seed = make_trainer(make_job()), make_trainer(make_job(seed=8))
    other_model = make_trainer(
        make_job(nodes=(17, 5, 10), condition="other", model="m02", batch_size=7, code="x")
    )
    for first, second in zip(one.splits, other_model.splits, strict=True):
        assert (first.train == second.train).all()
    assert torch.equal(one.order(2), other_model.order(2))
    assert not torch.equal(one.order(2), other_seed.order(2))
    kernel = one.network.layers[0].kernel  # of the same width in both models
    assert torch.equal(kernel, other_model.network.layers[0].kernel)
    assert not torch.equal(kernel, other_seed.network.layers[0].kernel)
    assert not torch.equal(kernel[0], kernel[1])


def test_every_epoch_visits_each_training_row_once_in_its_own_order() -> None:
    trainer = make_trainer(make_job())
    first, second = trainer.order(1).tolist(), trainer.order(2).tolist()
    for own, other, split in zip(first, second, trainer.splits, strict=True):
        assert sorted(own) == sorted(other) == split.train.tolist()
        assert own != other
    assert len({tuple(order) for order in first}) == 3


def masked_block(rate: float, replicates: int = 3, rows: int = 400) -> Block:
    spec = make_spec(dropout=rate, nodes=(50, 40, 10))
    network = Network(
        spec, 4, [np.random.default_rng(r) for r in range(replicates)], torch.empty(0)
    )
    return network.block(rows, steps=1, training=True)


def drawn(masks: MaskGenerator, block: Block) -> list[NDArray[np.float32]]:
    block.set_masks(torch.from_numpy(masks.draw(block.hidden_size)))
    layers = block.batches[0].layers
    return [layer.mask.numpy().copy() for layer in layers if layer.mask is not None]


def masks_of(rate: float, epoch: int = 1) -> MaskGenerator:
    streams = [stream(7, replicate, "all", "dropout", epoch) for replicate in (1, 2, 3)]
    return MaskGenerator(mask_seeds(streams), rate)


def test_random_words_are_those_of_splitmix64() -> None:
    # The first outputs for the seed 1234567, from other implementations (rosettacode.org).
    expected = [6457827717110365317, 3203168211198807973, 9817491932198370423]
    expected += [4593380528125082431, 16408922859458223821]
    words = 1234567 + word_offsets(4 * len(expected))
    tensor = torch.from_numpy(words.copy())  # which a GPU computes with
    scramble(words)
    scramble(tensor)
    assert words.view(np.uint64).tolist() == expected
    assert tensor.numpy().view(np.uint64).tolist() == expected


def test_one_draw_goes_on_where_the_last_one_ended() -> None:
    sizes = (40, 40, 12)
    whole, parts = masks_of(0.5), masks_of(0.5)
    together = np.concatenate([parts.draw(size) for size in sizes], axis=1)
    assert (together == whole.draw(sum(sizes))).all()


@pytest.mark.parametrize("rate", [0.05, 0.5, 0.9])
def test_dropout_keeps_its_share_and_scales_the_rest(rate: float) -> None:
    masks = drawn(masks_of(rate), masked_block(rate))
    assert len(masks) == 2
    for mask in masks:
        assert set(np.unique(mask)) == {np.float32(0), np.float32(1 / (1 - rate))}
        for one in mask:
            bound = 5 * np.sqrt(rate * (1 - rate) / one.size)
            assert abs((one > 0).mean() - (1 - rate)) < bound
            assert abs((one > 0).mean(0) - (1 - rate)).max() < bound * np.sqrt(len(one)) * 1.2


@pytest.mark.parametrize("rate", [1e-3, 1e-5, 7e-6, 1e-9])
def test_hardly_any_dropout_drops_hardly_any(rate: float) -> None:
    for mask in drawn(masks_of(rate), masked_block(rate)):
        assert (mask > 0).mean() > 0.99


def test_masks_are_independent_of_each_other() -> None:
    rate = 0.5
    batch, masks = masked_block(rate), masks_of(rate)
    steps = [drawn(masks, batch), drawn(masks, batch)]
    next_epoch = drawn(masks_of(rate, epoch=2), batch)
    # 400 rows of 40 units from each layer, replicate, step and epoch.
    parts = [mask[r, :, :40].ravel() > 0 for step in steps for mask in step for r in range(3)]
    parts += [next_epoch[0][r, :, :40].ravel() > 0 for r in range(3)]
    parts += [np.roll(parts[0], 1), np.roll(parts[0], 40)]  # neighbours in a row and a column
    correlations = np.corrcoef(np.array(parts, float))
    off_diagonal = correlations[~np.eye(len(parts), dtype=bool)]
    assert abs(off_diagonal).max() < 5 / np.sqrt(parts[0].size)


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
