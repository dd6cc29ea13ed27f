"""A pretend CUDA device: it computes on the CPU, obeys CUDA's rules and counts what slows a GPU.

Its tensors say `cuda:0` and hold a tensor of the CPU, on which every operation is computed. Errors
are: an operation on tensors of both devices; waiting for the device while a graph is recorded; the
replay of a graph after memory that it uses has been freed. A graph does nothing while it is
recorded, and repeats its operations in the same memory when it is replayed.

What it cannot show: the kernels that a GPU has, how they round, and how fast they are.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar
from unittest import mock

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

aten = torch.ops.aten
NO_KERNEL = {aten.detach.default, aten.lift_fresh.default, aten.alias.default}
CUDA = torch.device("cuda", 0)


class OnDevice(Tensor):
    """A tensor that says it is on the device; its values are in `inner`."""

    inner: Tensor

    @staticmethod
    def __new__(cls, inner: Tensor) -> OnDevice:
        # Wrapped as of the device "meta", of which every build of PyTorch has all that this needs.
        wrapper = torch.Tensor._make_wrapper_subclass(
            cls, inner.shape, strides=inner.stride(), storage_offset=inner.storage_offset(),
            dtype=inner.dtype, device="meta",
        )  # fmt: skip
        wrapper.inner = inner
        return wrapper

    @property
    def device(self) -> torch.device:
        return CUDA

    def data_ptr(self) -> int:
        return self.inner.data_ptr()

    def tolist(self) -> Any:
        return self.cpu().tolist()

    def __repr__(self) -> str:
        return f"OnDevice({self.inner!r})"

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return PretendDevice.current.run(func, args, kwargs or {})


class PretendDevice(TorchDispatchMode):
    """The device: what is done under it is counted.

    Attributes:
        waits: how often the host waited for the device.
        to_device, to_host: copies between their memories.
        launches: kernels and graphs that were started.
    """

    current: ClassVar[PretendDevice]

    def __init__(self) -> None:
        super().__init__()
        self.waits = self.to_device = self.to_host = self.launches = 0
        self.graph: Graph | None = None  # that is being recorded

    def counts(self) -> Counter[str]:
        """Return the counters by name."""
        names = ("waits", "to_device", "to_host", "launches")
        return Counter({name: getattr(self, name) for name in names})

    def wait(self, *_: object) -> None:
        """Wait for the device."""
        if self.graph is not None:
            raise RuntimeError("operation not permitted when stream is capturing")
        self.waits += 1

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return self.run(func, args, kwargs or {})

    def run(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Do one operation, on the host, on the device or between them."""
        tensors = _tensors((args, kwargs))
        here = [tensor for tensor in tensors if isinstance(tensor, OnDevice)]
        device = torch.device(kwargs.get("device") or (CUDA if here else "cpu"))
        if func is aten._to_copy.default:
            return self._to(args[0], device, kwargs)
        if device.type == "cpu":
            return func(*tree_map(_inner, args), **kwargs)
        if func is aten._local_scalar_dense.default:
            self.wait()
            self.to_host += 1
            return func(args[0].inner)
        if func is aten.copy_.default and len(here) == 1:
            return self._copy(*args)
        # An operation may take a number from the host, as a tensor without axes.
        strangers = [tensor for tensor in tensors if not isinstance(tensor, OnDevice)]
        written = kwargs.get("out", kwargs.get("grad_input"))
        if any(t.dim() or t is written or "_fused" in func.name() for t in strangers):
            raise RuntimeError(f"Expected all tensors to be on the same device: {func}")
        return self._compute(func, args, kwargs)

    def _to(self, source: Tensor, device: torch.device, kwargs: dict[str, Any]) -> Tensor:
        """Do `source.to(device)`."""
        there, own = isinstance(source, OnDevice), dict(kwargs, device=torch.device("cpu"))
        if there == (device.type == "cuda"):
            if there:
                return self._compute(aten._to_copy.default, (source,), own)
            return aten._to_copy.default(source, **own)
        if there:
            self.wait()
            self.to_host += 1
            return aten._to_copy.default(source.inner, **own)
        self._count_to_device(source, own.pop("non_blocking", False))
        return OnDevice(aten._to_copy.default(source, **own).clone())

    def _copy(self, target: Tensor, source: Tensor, non_blocking: bool = False) -> Tensor:
        """Do `target.copy_(source)` between the device and the host."""
        if isinstance(target, OnDevice):
            self._count_to_device(source, non_blocking)
            target.inner.copy_(source)
        else:
            self.wait()
            self.to_host += 1
            target.copy_(source.inner)
        return target

    def _count_to_device(self, source: Tensor, non_blocking: bool) -> None:
        self.to_device += 1
        if self.graph is not None or not (non_blocking and getattr(source, "pinned", False)):
            self.wait()

    def _compute(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        inner_args, inner_kwargs = tree_map(_inner, args), tree_map(_inner, kwargs)
        known = {id(t.inner): t for t in _tensors((args, kwargs)) if isinstance(t, OnDevice)}
        if self.graph is not None:
            self.graph.keep([tensor.inner for tensor in known.values()])
        result = func(*inner_args, **inner_kwargs)
        if self.graph is not None:
            self.graph.record(func, inner_args, inner_kwargs, result)
        elif not func.is_view and func not in NO_KERNEL:
            self.launches += 1

        def wrapped(leaf: Any) -> Any:
            if not isinstance(leaf, Tensor):
                return leaf
            return known[id(leaf)] if id(leaf) in known else OnDevice(leaf)

        return tree_map(wrapped, result)


class Graph:
    """What `torch.cuda.CUDAGraph` is to the device."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, Any, Any, list[Tensor]]] = []
        self._before: dict[int, tuple[Tensor, Tensor]] = {}  # the values, to be put back
        self._memory: dict[int, tuple[torch.UntypedStorage, int]] = {}

    def keep(self, tensors: Sequence[Tensor]) -> None:
        """Remember the values in memory that was there before the recording."""
        own = {_address(tensor) for *_, results in self.calls for tensor in results}
        for tensor in tensors:
            if _address(tensor) not in self._before and _address(tensor) not in own:
                everything = torch.empty(0, dtype=torch.uint8).set_(tensor.untyped_storage())
                self._before[_address(tensor)] = (everything, everything.clone())

    def record(self, func: Any, args: Any, kwargs: Any, result: Any) -> None:
        """Record an operation, with tensors of the graph's own that share the memory."""
        call = tree_map(lambda x: x.detach() if isinstance(x, Tensor) else x, (args, kwargs))
        self.calls.append((func, *call, [tensor.detach() for tensor in _tensors(result)]))

    def finish(self) -> None:
        """End the recording: put all values back, and note who else uses the memory."""
        for everything, values in self._before.values():
            everything.copy_(values)
        outside, self._before = set(self._before), {}
        used = [tensor for _, *call in self.calls for tensor in _tensors(call)]
        uses = Counter(map(_address, used))
        self._memory = {
            _address(tensor): (tensor.untyped_storage(), uses[_address(tensor)] + 1)
            for tensor in used
            if _address(tensor) in outside
        }

    def replay(self) -> None:
        """Repeat every operation in the memory that it was recorded with."""
        PretendDevice.current.launches += 1
        for storage, own_uses in self._memory.values():
            if torch._C._storage_Use_Count(storage._cdata) <= own_uses:
                raise RuntimeError("an illegal memory access was encountered")
        for func, args, kwargs, results in self.calls:
            for old, new in zip(results, _tensors(func(*args, **kwargs)), strict=True):
                if old.data_ptr() != new.data_ptr():
                    old.copy_(new)


@contextlib.contextmanager
def _recording(graph: Graph) -> Iterator[None]:
    device = PretendDevice.current
    device.wait()
    device.graph = graph
    try:
        yield
    finally:
        device.graph = None
        graph.finish()


@contextlib.contextmanager
def pretend_cuda() -> Iterator[PretendDevice]:
    """Give PyTorch the pretend device `cuda:0` in the block."""
    with contextlib.ExitStack() as stack:
        for name, value in (
            ("synchronize", lambda *args: PretendDevice.current.wait(*args)),
            ("CUDAGraph", Graph),
            ("graph", _recording),
            ("_lazy_init", lambda: None),
        ):
            stack.enter_context(mock.patch.object(torch.cuda, name, value))
        stack.enter_context(mock.patch.object(Tensor, "pin_memory", _pinned))
        PretendDevice.current = PretendDevice()
        yield stack.enter_context(PretendDevice.current)


def _pinned(tensor: Tensor) -> Tensor:
    """Return a copy in memory of the host from which the device copies without a wait."""
    copy = tensor.clone()
    copy.pinned = True
    return copy


def _inner(leaf: Any) -> Any:
    if isinstance(leaf, torch.device) or leaf == "cuda:0":
        return torch.device("cpu")
    return leaf.inner if isinstance(leaf, OnDevice) else leaf


def _tensors(value: Any) -> list[Tensor]:
    return [leaf for leaf in tree_leaves(value) if isinstance(leaf, Tensor)]


def _address(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()
