"""JAX as an expert writes it: all steps of a call are one compiled loop, on one model.

The loop is a `fori_loop` instead of a `scan` because its number of steps may change without
compiling again. The state is donated, so that it is updated in place.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from benchmarks.contenders import Contender, Data, Train, threads

# XLA reads these when it starts. It has as many threads as the process is pinned to cores.
os.environ["JAX_PLATFORMS"] = "cpu"
if threads() == 1:
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"

import jax
import jax.numpy as jnp
from jax import lax

from benchmarks.peers._jax_models import Array, State, initial_state, step
from mlpstudy.spec import Spec


class Jax(Contender):
    """Train one model or, by `vmap`, several at once, each with batches of its own."""

    packages = ("jax", "jaxlib")

    def __init__(self, models: int) -> None:
        self.models = models
        self.loss = np.float32(0.0)  # mean over the examples of the latest call
        self._arrays: tuple[Array, Array] | None = None
        self.label = "JAX" if models == 1 else f"JAX, vmap of {models}"

    def prepare(self, spec: Spec, data: Data) -> Train:
        """Return the training of one model, or of several."""
        if self._arrays is None:  # shared by all models
            images = jnp.asarray(data.dataset.images[: data.dataset.train])
            self._arrays = images, jnp.asarray(data.labels.astype(np.int32))
        images, labels = self._arrays
        states = [initial_state(spec, images.shape[1], seed) for seed in range(self.models)]
        state: State = states[0]
        if self.models > 1:
            state = jax.tree.map(lambda *leaves: jnp.stack(leaves), *states)
        generator = np.random.default_rng(0)
        epoch = jax.jit(self._epoch_of(spec), donate_argnums=0)

        def train(steps: int) -> int:
            nonlocal state
            orders = [generator.permutation(len(labels)) for _ in range(self.models)]
            order = np.squeeze(np.stack(orders).astype(np.int32))
            zeros = {name: jnp.zeros_like(state[name]) for name in ("loss", "correct")}
            state = epoch(state | zeros, images, labels, order, steps)
            # NumPy's copy waits for the computation, which a call of JAX only starts.
            self.loss = np.asarray(state["loss"]).mean() / (steps * spec.batch_size)
            return steps

        return train

    def _epoch_of(self, spec: Spec) -> Any:
        """Return a function of the state, the data, the order of the rows and the steps."""

        def one_step(state: State, images: Array, labels: Array, order: Array, at: Array) -> State:
            rows = lax.dynamic_slice(order, (at * spec.batch_size,), (spec.batch_size,))
            inputs, targets = (a.at[rows].get(mode="promise_in_bounds") for a in (images, labels))
            return step(spec, state, inputs.astype(jnp.float32) * (1.0 / 255.0), targets)

        stepped = one_step if self.models == 1 else jax.vmap(one_step, (0, None, None, 0, None))

        def epoch(state: State, images: Array, labels: Array, order: Array, steps: Array) -> State:
            looped: State = lax.fori_loop(
                0, steps, lambda at, s: stepped(s, images, labels, order, at), state
            )
            return looped

        return epoch


CONTENDER = Jax(1)
