"""What the JAX peers share: the state of one model, and one training step of it.

The forms are Keras's, as in our trainer: Adam, batch normalisation and the clipped KL divergence.
"""

from __future__ import annotations

import itertools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from mlpstudy.spec import Spec

EPSILON = 1e-7
BETAS = (0.9, 0.999)
MOMENTUM, NORM_EPSILON = 0.99, 1e-3

Array = Any  # JAX is not installed where types are checked
State = dict[str, Any]


def initial_state(spec: Spec, pixels: int, seed: int) -> State:
    """Return weights, moments, random key and running sums of a model that has not trained."""
    generator = np.random.default_rng(seed)
    layers, moving = [], []
    for fan_in, units in itertools.pairwise((pixels, *spec.nodes)):
        limit = np.sqrt(6.0 / (fan_in + units))
        kernel = generator.uniform(-limit, limit, (fan_in, units)).astype(np.float32)
        layers.append({"kernel": kernel, "bias": np.zeros(units, np.float32)})
    if spec.batch_norm:
        for layer in layers[:-1]:
            zeros, ones = np.zeros_like(layer["bias"]), np.ones_like(layer["bias"])
            layer |= {"scale": ones, "offset": zeros}
            moving.append((zeros, ones))
    zeros_of = jax.tree.map(np.zeros_like, layers)
    return {
        "layers": layers,
        "first": zeros_of,
        "second": zeros_of,
        "moving": moving,
        "steps": np.int32(0),
        "key": jax.random.key(seed),
        "loss": np.float32(0.0),
        "correct": np.int32(0),
    }


def step(spec: Spec, state: State, inputs: Array, labels: Array) -> State:
    """Return the state after a step on `inputs` (batch, pixels) and `labels` (batch,)."""

    def mean_loss(layers: list[dict[str, Array]]) -> tuple[Array, Any]:
        kept = _kept(spec, jax.random.fold_in(state["key"], state["steps"]), len(labels))
        logits, moving = _forward(spec, layers, state["moving"], inputs, kept)
        losses = _losses(spec, logits, labels)
        return losses.mean(), (losses.sum(), (logits.argmax(1) == labels).sum(), moving)

    gradients, (loss, correct, moving) = jax.grad(mean_loss, has_aux=True)(state["layers"])
    steps = state["steps"] + 1
    first_beta, second_beta = BETAS
    rate = spec.learning_rate * jnp.sqrt(1.0 - second_beta**steps) / (1.0 - first_beta**steps)
    first = _moved(state["first"], gradients, first_beta)
    second = _moved(state["second"], jax.tree.map(jnp.square, gradients), second_beta)

    def updated(weight: Array, m: Array, v: Array) -> Array:
        return weight - rate * m / (jnp.sqrt(v) + EPSILON)

    return state | {
        "layers": jax.tree.map(updated, state["layers"], first, second),
        "first": first,
        "second": second,
        "moving": moving,
        "steps": steps,
        "loss": state["loss"] + loss,
        "correct": state["correct"] + correct,
    }


def _forward(
    spec: Spec, layers: list[Any], moving: list[Any], values: Array, kept: list[Array]
) -> tuple[Array, list[Any]]:
    """Return the logits (batch, classes) and the new moving moments."""
    new_moving = []
    for number, layer in enumerate(layers[:-1]):
        values = _activated(spec, values @ layer["kernel"] + layer["bias"])
        if spec.batch_norm:
            moments = values.mean(0), values.var(0)
            deviation = jnp.sqrt(moments[1] + NORM_EPSILON)
            values = (values - moments[0]) / deviation * layer["scale"] + layer["offset"]
            new_moving.append(_moved(moving[number], moments, MOMENTUM))
        if spec.dropout:
            values = jnp.where(kept[number], values / (1.0 - spec.dropout), 0.0)
    return values @ layers[-1]["kernel"] + layers[-1]["bias"], new_moving


def _activated(spec: Spec, values: Array) -> Array:
    if spec.activation == "leaky_relu":
        return jax.nn.leaky_relu(values, spec.leaky_slope)
    return getattr(jax.nn, spec.activation)(values)


def _kept(spec: Spec, key: Array, rows: int) -> list[Array]:
    """Return the dropout mask of each hidden layer; a unit takes 16 of the 32 bits of a word."""
    if not spec.dropout:
        return []
    ends = rows * np.cumsum(spec.nodes[:-1])
    words = jax.random.bits(key, (-(-int(ends[-1]) // 2),), jnp.uint32)
    # Without the barrier, XLA draws the words anew wherever a mask is used.
    words = lax.optimization_barrier(words)
    halves = lax.bitcast_convert_type(words, jnp.uint16).reshape(-1)[: ends[-1]]
    masks = jnp.split(halves >= round(spec.dropout * 2**16), ends[:-1])
    return [mask.reshape(rows, -1) for mask in masks]


def _losses(spec: Spec, logits: Array, labels: Array) -> Array:
    """Return the loss of each example, (batch,)."""
    targets = jax.nn.one_hot(labels, logits.shape[1])
    if spec.loss == "cross_entropy":
        return -(targets * jax.nn.log_softmax(logits)).sum(1)
    targets, softmax = (jnp.clip(p, EPSILON, 1.0) for p in (targets, jax.nn.softmax(logits)))
    return (targets * jnp.log(targets / softmax)).sum(1)


def _moved(average: Any, values: Any, momentum: float) -> Any:
    """Return the exponential moving averages after new `values`, leaf by leaf."""
    return jax.tree.map(lambda a, v: a + (v - a) * (1.0 - momentum), average, values)
