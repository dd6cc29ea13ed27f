"""Three replicates trained at once by `jax.vmap`."""

from __future__ import annotations

from benchmarks.peers.jax_scan import Scan

CONTENDER = Scan(3)
