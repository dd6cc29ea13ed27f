"""The training step as one recorded CUDA graph: on a GPU, starting operations costs the most.

A step of these networks is some dozens of operations of a few microseconds each. Recorded once for
each size of batch and replayed as a whole, they start without Python and the driver in between.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import torch

from mlpstudy.training.workspace import Batch

WARM_UP = 3  # calls before the recording, in which libraries choose kernels and allocate

Step = Callable[[Batch], object]
Recorder = Callable[[Callable[[], object]], Callable[[], object]]


class Replayed:
    """`step`, done as it is for the first batches of a size and by replaying a recording after.

    All that `step` reads and changes must lie in the same memory in every call with the same batch:
    a recording knows addresses, and of numbers that are not tensors only the value they had.
    `record(call)` must do nothing but record `call()` and return what replays it.
    """

    def __init__(self, step: Step, record: Recorder | None = None) -> None:
        self.step = step
        self._record = record or _record_graph
        self._calls: Counter[Batch] = Counter()
        self._replays: dict[Batch, Callable[[], object]] = {}

    def __call__(self, batch: Batch) -> None:
        """Do one step on `batch`."""
        self._calls[batch] += 1
        if self._calls[batch] <= WARM_UP:
            self.step(batch)
            return
        if batch not in self._replays:
            self._replays[batch] = self._record(lambda: self.step(batch))
        self._replays[batch]()


def _record_graph(call: Callable[[], object]) -> Callable[[], object]:
    torch.cuda.synchronize()  # nothing of the calls before may still be running on another stream
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):  # operations are recorded, on a stream of its own, and not done
        call()
    return graph.replay
