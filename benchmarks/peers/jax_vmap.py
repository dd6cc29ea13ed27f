"""JAX with three replicates of a model in one loop, by `vmap`: as many as in a stack of ours."""

from __future__ import annotations

from benchmarks.peers.jax_scan import Jax

CONTENDER = Jax(3)
