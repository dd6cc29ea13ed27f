"""JAX as an expert would write it: a whole epoch's steps in one jitted loop."""

from __future__ import annotations

import os

from benchmarks.contenders import Contender, Data, Train, threads

os.environ.setdefault("JAX_PLATFORMS", "cpu")
if threads() == 1:
    os.environ["XLA_FLAGS"] = " ".join(
        [
            os.environ.get("XLA_FLAGS", ""),
            "--xla_cpu_multi_thread_eigen=false",
        ]
    )

import itertools  # noqa: E402
from functools import partial  # noqa: E402

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402
from jax import lax  # noqa: E402

from mlpstudy.spec import Spec  # noqa: E402

EPSILON = 1e-7
BETAS = (0.9, 0.999)
MOMENTUM, NORM_EPSILON = 0.99, 1e-3


def initial(spec: Spec, pixels: int, generator: np.random.Generator):
    layers = []
    for fan_in, units in itertools.pairwise((pixels, *spec.nodes)):
        limit = np.sqrt(6.0 / (fan_in + units))
        kernel = generator.uniform(-limit, limit, (fan_in, units)).astype(np.float32)
        layer = {"kernel": kernel, "bias": np.zeros(units, np.float32)}
        if spec.batch_norm and len(layers) < len(spec.nodes) - 1:
            layer |= {"scale": np.ones(units, np.float32), "offset": np.zeros(units, np.float32)}
        layers.append(layer)
    moments = [
        (np.zeros(units, np.float32), np.ones(units, np.float32))
        for units in spec.nodes[:-1] * spec.batch_norm
    ]
    return layers, moments


def activation(spec: Spec):
    return {
        "relu": jax.nn.relu,
        "leaky_relu": partial(jax.nn.leaky_relu, negative_slope=spec.leaky_slope),
        "sigmoid": jax.nn.sigmoid,
        "tanh": jnp.tanh,
        "elu": jax.nn.elu,
        "gelu": jax.nn.gelu,
    }[spec.activation]


def forward(spec: Spec, layers, moments, inputs, key):
    act = activation(spec)
    values, moved = inputs, []
    for index, layer in enumerate(layers[:-1]):
        values = act(values @ layer["kernel"] + layer["bias"])
        if spec.batch_norm:
            mean, variance = values.mean(0), values.var(0)
            values = (values - mean) * (
                lax.rsqrt(variance + NORM_EPSILON) * layer["scale"]
            ) + layer["offset"]
            moved.append(
                tuple(
                    old * MOMENTUM + new * (1.0 - MOMENTUM)
                    for old, new in zip(moments[index], (mean, variance), strict=True)
                )
            )
        if spec.dropout:
            bits = jax.random.bits(jax.random.fold_in(key, index), values.shape, jnp.uint16)
            keep = bits >= round(spec.dropout * 2**16)
            values = jnp.where(keep, values / (1.0 - spec.dropout), 0.0)
    return values @ layers[-1]["kernel"] + layers[-1]["bias"], moved


def losses(spec: Spec, logits, labels):
    targets = jax.nn.one_hot(labels, logits.shape[-1])
    if spec.loss == "cross_entropy":
        return -(targets * jax.nn.log_softmax(logits)).sum(-1)
    targets = jnp.clip(targets, EPSILON, 1.0)
    return (targets * jnp.log(targets / jnp.clip(jax.nn.softmax(logits), EPSILON, 1.0))).sum(-1)


def step(spec: Spec, state, inputs, labels):
    def loss_of(layers):
        key = jax.random.fold_in(state["key"], state["step"])
        logits, moved = forward(spec, layers, state["moving"], inputs, key)
        each = losses(spec, logits, labels)
        return each.mean(), (each.sum(), (logits.argmax(-1) == labels).sum(), moved)

    gradients, (loss, correct, moved) = jax.grad(loss_of, has_aux=True)(state["layers"])
    count = state["step"] + 1
    b1, b2 = BETAS
    t = count.astype(jnp.float32)
    rate = spec.learning_rate * jnp.sqrt(1.0 - b2**t) / (1.0 - b1**t)
    first = jax.tree.map(lambda m, g: m + (g - m) * (1.0 - b1), state["first"], gradients)
    second = jax.tree.map(lambda v, g: v + (g * g - v) * (1.0 - b2), state["second"], gradients)
    layers = jax.tree.map(
        lambda w, m, v: w - rate * m / (jnp.sqrt(v) + EPSILON), state["layers"], first, second
    )
    new = dict(
        layers=layers, first=first, second=second, moving=moved, step=count, key=state["key"],
        loss=state["loss"] + loss, correct=state["correct"] + correct,
    )  # fmt: skip
    return new


class Scan(Contender):
    packages = ("jax", "jaxlib")

    def __init__(self, models: int) -> None:
        self.models = models
        self.label = "JAX, jit" if models == 1 else f"JAX, vmap of {models}"
        self._arrays = None

    def prepare(self, spec: Spec, data: Data) -> Train:
        generator = np.random.default_rng(0)
        if self._arrays is None:
            images = data.floats if os.environ.get("JAX_IMAGES") != "bytes" else data.dataset.images[: data.dataset.train]
            self._arrays = jnp.asarray(images), jnp.asarray(data.labels.astype(np.int32))
        images, labels = self._arrays
        states = []
        for number in range(self.models):
            layers, moving = initial(spec, images.shape[1], generator)
            zeros = jax.tree.map(np.zeros_like, layers)
            states.append(
                dict(
                    layers=layers, first=zeros, second=zeros, moving=moving,
                    step=np.int32(0), key=jax.random.key(number, impl=os.environ.get("JAX_PRNG", "threefry2x32")),
                    loss=np.float32(0), correct=np.int32(0),
                )  # fmt: skip
            )
        batch = spec.batch_size
        if self.models == 1:
            state = jax.tree.map(jnp.array, states[0])
        else:
            state = jax.tree.map(lambda *a: jnp.stack(a), *states)

        def one(state, images, labels, order, index):
            rows = lax.dynamic_slice(order, (index * batch,), (batch,))
            inputs = images.at[rows].get(mode="promise_in_bounds")
            if inputs.dtype == jnp.uint8:
                inputs = inputs.astype(jnp.float32) * np.float32(1 / 255)
            return step(spec, state, inputs, labels.at[rows].get(mode="promise_in_bounds"))

        if self.models > 1:
            one = jax.vmap(one, (0, None, None, 0, None))

        @partial(jax.jit, donate_argnums=0)
        def epoch(state, images, labels, order, steps):
            zero = jax.tree.map(jnp.zeros_like, (state["loss"], state["correct"]))
            state = state | {"loss": zero[0], "correct": zero[1]}
            return lax.fori_loop(
                0, steps, lambda i, s: one(s, images, labels, order, i), state
            )

        def train(steps: int) -> int:
            nonlocal state
            orders = [
                generator.permutation(len(labels)).astype(np.int32) for _ in range(self.models)
            ]
            order = orders[0] if self.models == 1 else np.stack(orders)
            state = epoch(state, images, labels, order, steps)
            self.last = np.asarray(state["loss"]) / (steps * batch), np.asarray(state["correct"]) / (steps * batch)
            return steps

        return train


CONTENDER = Scan(1)
