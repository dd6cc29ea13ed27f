"""Training steps of other tools on a GPU: plain PyTorch, torch.func and JAX, each in a few lines.

Each builder returns a function that does STEPS steps. Data lies on the device, and each step takes
the same rows: gathering them costs the same as gathering others.
"""

from __future__ import annotations

import importlib.util
import itertools
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mlpstudy.spec import Spec

STEPS = 50

Run = Callable[[], object]


def perceptron(spec: Spec, inputs: int) -> nn.Sequential:
    """Return the network of `spec`, with ReLU, as one writes it in PyTorch."""
    layers: list[nn.Module] = []
    for units in spec.nodes[:-1]:
        layers += [nn.Linear(inputs, units), nn.ReLU()]
        if spec.batch_norm:  # without moving moments, which vmap cannot update
            layers.append(nn.BatchNorm1d(units, track_running_stats=False))
        if spec.dropout:
            layers.append(nn.Dropout(spec.dropout))
        inputs = units
    return nn.Sequential(*layers, nn.Linear(inputs, spec.nodes[-1]))


def torch_runs(spec: Spec, images: Tensor, labels: Tensor, depth: int) -> dict[str, Run]:
    """Return plain PyTorch (one model) and torch.func (`depth` models), launched and recorded."""
    runs = {"vmap": _torch_step(spec, images, labels, depth)}
    if depth == 1:
        runs["plain"] = _torch_step(spec, images, labels, None)
    return {
        f"{name} {way}": build(step)
        for name, step in runs.items()
        for way, build in (("launched", _launched), ("recorded", _recorded))
        if way == "launched" or images.is_cuda
    }


def _torch_step(spec: Spec, images: Tensor, labels: Tensor, depth: int | None) -> Run:
    """Return a step with Adam; with autograd alone, or with vmap over `depth` models."""
    model = perceptron(spec, images.shape[1]).to(images.device)
    rows = torch.zeros((depth or 1, spec.batch_size), dtype=torch.int64, device=images.device)
    parameters: dict[str, Tensor] = dict(model.named_parameters())
    if depth is not None:
        parameters = {
            name: value.detach().expand(depth, *value.shape).clone().requires_grad_()
            for name, value in parameters.items()
        }
    optimizer = torch.optim.Adam(
        list(parameters.values()), lr=1e-3, fused=True, capturable=images.is_cuda
    )

    def apply(own: dict[str, Tensor], batch: Tensor) -> Tensor:
        return torch.func.functional_call(model, own, (batch,))  # type: ignore[no-any-return]

    stacked = torch.func.vmap(apply, randomness="different")

    def step() -> None:
        optimizer.zero_grad(set_to_none=False)
        batch = images[rows]
        logits = model(batch[0])[None] if depth is None else stacked(parameters, batch)
        targets = labels[rows].flatten()
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), targets, reduction="sum")
        torch.autograd.backward(loss / spec.batch_size)
        optimizer.step()

    return step


def _launched(step: Run) -> Run:
    def run() -> None:
        for _ in range(STEPS):
            step()

    return run


def _recorded(step: Run) -> Run:
    side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return _launched(graph.replay)


def jax_runs(
    spec: Spec, images: NDArray[np.float32], labels: NDArray[np.int64], depth: int
) -> dict[str, Run]:
    """Return JAX: `depth` models by vmap, STEPS steps by scan; nothing without JAX.

    Models with batch normalisation or dropout are left out.
    """
    if importlib.util.find_spec("jax") is None or spec.batch_norm or spec.dropout:
        return {}
    jax = importlib.import_module("jax")
    jnp = jax.numpy
    sizes = (images.shape[1], *spec.nodes)
    key = np.random.default_rng(0)
    drawn = [
        (key.normal(size=(depth, a, b)).astype(np.float32) * 0.05, np.zeros((depth, b), np.float32))
        for a, b in itertools.pairwise(sizes)
    ]
    parameters = jax.tree.map(jnp.asarray, drawn)
    x, y = jnp.asarray(images[: spec.batch_size]), jnp.asarray(labels[: spec.batch_size])

    def loss(own):  # type: ignore[no-untyped-def]
        values = x
        for kernel, bias in own[:-1]:
            values = jax.nn.relu(values @ kernel + bias)
        logits = jax.nn.log_softmax(values @ own[-1][0] + own[-1][1])
        return -jnp.take_along_axis(logits, y[:, None], 1).mean()

    def step(state, _):  # type: ignore[no-untyped-def]
        own, first, second, count = state
        gradients = jax.vmap(jax.grad(loss))(own)
        first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradients)
        second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradients)
        count += 1
        rate = 1e-3 * jnp.sqrt(1 - 0.999**count) / (1 - 0.9**count)
        own = jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v) + 1e-7), own, first, second)
        return (own, first, second, count), None

    with jax.default_matmul_precision("highest"):
        steps = jax.jit(lambda state: jax.lax.scan(step, state, length=STEPS)[0])
        zeros = jax.tree.map(jnp.zeros_like, parameters)
        state = (parameters, zeros, zeros, jnp.float32(0))
        compiled = steps.lower(state).compile()
    return {"JAX vmap scan": lambda: jax.block_until_ready(compiled(state))}
