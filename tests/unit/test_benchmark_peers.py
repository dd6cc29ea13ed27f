"""The benchmark's JAX and vmap peers do the work of a training step.

JAX is only in the benchmark's environment, where `make bench` runs this file before it measures.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.func import functional_call

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("OMP_NUM_THREADS", "1")

from benchmarks.peers._torch_models import loss_of, model_of  # noqa: E402
from benchmarks.study import read_models  # noqa: E402

jax = pytest.importorskip("jax")

from benchmarks.peers import _jax_models  # noqa: E402

PIXELS = 784


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("m01", {}),
        ("m06", {}),  # leaky ReLU, clipped KL divergence
        ("m10", {"dropout": 0.0, "batch_size": 32}),  # batch normalisation
        ("m14", {}),  # sigmoid
    ],
)
def test_two_steps_of_jax_are_those_of_autograd(name, changes):
    spec = replace(read_models(ROOT, 60_000, 10_000, [name])[0].spec, **changes)
    generator = np.random.default_rng(1)
    inputs = generator.random((2, spec.batch_size, PIXELS), np.float32)
    labels = generator.integers(0, 10, (2, spec.batch_size), np.int32)
    state = _jax_models.initial_state(spec, PIXELS, seed=3)
    model, total = model_of(spec, PIXELS).double(), 0.0
    parameters = _torch_parameters(model, state)
    moments = dict.fromkeys(parameters, (0.0, 0.0))
    for number, (images, truth) in enumerate(zip(inputs, labels, strict=True), 1):
        state = jax.jit(_jax_models.step, static_argnums=0)(spec, state, images, truth)
        logits = functional_call(model, parameters, (torch.from_numpy(images).double(),))
        loss = loss_of(spec)(logits, torch.from_numpy(truth).long())
        gradients = torch.autograd.grad(loss, list(parameters.values()))
        total += loss.item() * spec.batch_size
        for (key, value), gradient in zip(parameters.items(), gradients, strict=True):
            first, second = moments[key]
            first, second = 0.9 * first + 0.1 * gradient, 0.999 * second + 0.001 * gradient**2
            moments[key] = first, second
            # Keras's Adam: ε is added to the root of the moment that is not corrected.
            rate = spec.learning_rate * (1 - 0.999**number) ** 0.5 / (1 - 0.9**number)
            with torch.no_grad():
                value -= rate * first / (second.sqrt() + 1e-7)
    assert float(state["loss"]) == pytest.approx(total, rel=1e-5)
    assert float(state["steps"]) == 2
    for key, value in _torch_parameters(model, state).items():
        difference = (value - parameters[key]).abs()
        # Where a gradient is near zero, the sign of Adam's first step is rounding: up to two rates.
        assert difference.median() < 1e-3 * spec.learning_rate
        assert (difference > 0.05 * spec.learning_rate).double().mean() < 0.01
    if spec.batch_norm:
        mean = dict(model.named_buffers())["2.running_mean"].numpy()
        assert np.allclose(state["moving"][0][0], mean, atol=1e-5)


def test_jax_draws_dropout_at_its_rate():
    spec = read_models(ROOT, 60_000, 10_000, ["m09"])[0].spec
    masks = _jax_models._kept(spec, jax.random.key(1), 128)
    assert [mask.shape for mask in masks] == [(128, units) for units in spec.nodes[:-1]]
    kept = np.concatenate([np.asarray(mask).ravel() for mask in masks])
    assert kept.mean() == pytest.approx(1 - spec.dropout, abs=5 * 0.4 / len(kept) ** 0.5)


@pytest.mark.parametrize("peer", ["jax_scan", "jax_vmap", "pytorch_vmap"])
def test_a_peer_learns(peer):
    from benchmarks.contenders import contender_named

    spec = read_models(ROOT, 60_000, 10_000, ["m01"])[0].spec
    contender = contender_named(peer)
    train = contender.prepare(spec, _Separable())
    train(20)
    first = contender.loss
    train(60)
    assert contender.loss < first / 2


class _Separable:
    """Images of ten classes, each with bright pixels of its own."""

    def __init__(self) -> None:
        generator = np.random.default_rng(5)
        self.labels = generator.integers(0, 10, 4096)
        pixels = generator.integers(0, 100, (4096, PIXELS))
        pixels[np.arange(PIXELS) % 10 == self.labels[:, None]] += 100
        self.dataset = type("Images", (), {"images": pixels.astype(np.uint8), "train": 4096})
        self.floats = pixels.astype(np.float32) / 255


def _torch_parameters(model: torch.nn.Module, state: dict) -> dict[str, torch.Tensor]:
    """Return JAX's parameters in double precision, under the names of PyTorch's."""
    arrays = []
    for layer in state["layers"]:
        arrays.append(np.asarray(layer["kernel"]).T)
        arrays += [layer[key] for key in ("bias", "scale", "offset") if key in layer]
    names = [name for name, _ in model.named_parameters()]
    return {
        name: torch.tensor(np.asarray(array), dtype=torch.float64, requires_grad=True)
        for name, array in zip(names, arrays, strict=True)
    }
