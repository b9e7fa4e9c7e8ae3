"""PyTorch's own answers: what its hooks are handed, and what is alive while it runs."""

import weakref
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from archstat.graph import Graph
from archstat.pytorch import lower


def saved_for_backward(graph: Graph, *, training: bool = True, input_grad: bool = False) -> int:
    """Sum the distinct storages that reach saved_tensors_hooks, without parameters and buffers."""
    module = lower(graph).train(training)
    with FakeTensorMode():
        materialise(module)
        x = arriving(graph, input_grad)
        return saved(module, (x,))


def arriving(graph: Graph, input_grad: bool = False) -> Any:
    x = torch.zeros(graph.input.shape, dtype=getattr(torch, graph.input.dtype))
    return x.requires_grad_(input_grad)


def materialise(module: torch.nn.Module) -> None:
    """Put CPU tensors in place of the meta ones, shared where those are."""
    made: dict[int, Any] = {}
    for part in module.modules():
        for name, p in part._parameters.items():
            if p is not None:
                if id(p) not in made:
                    made[id(p)] = torch.nn.Parameter(
                        torch.empty(p.shape, dtype=p.dtype), p.requires_grad
                    )
                part._parameters[name] = made[id(p)]
        for name, b in part._buffers.items():
            if b is not None:
                part._buffers[name] = torch.empty(b.shape, dtype=b.dtype)


def saved(run: Any, inputs: tuple[Any, ...], own: Any = None) -> int:
    """Run and sum what the hooks are handed."""
    own = own if own is not None else run
    parameters = [*own.parameters(), *own.buffers()] if isinstance(own, torch.nn.Module) else []
    excluded = {t.untyped_storage()._cdata for t in parameters}
    held: dict[int, Any] = {}

    def pack(t: Any) -> Any:
        key = t.untyped_storage()._cdata
        if key not in excluded:
            held[key] = t
        return t

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
        y = run(*inputs)
    total = sum(t.untyped_storage().nbytes() for t in held.values())
    del y
    return total


class Tracker(TorchDispatchMode):
    """Follows every storage from the op that makes it to its end; ``peak`` is the most that was alive."""

    def __init__(self, *held: Any) -> None:
        super().__init__()
        self.live: dict[int, int] = {}
        self.total = self.peak = 0
        self.where = ""
        self.refs: dict[int, Any] = {}
        for t in held:
            self.add(t)
        self.peak = self.total

    def add(self, t: Any) -> None:
        storage = t.untyped_storage()
        key = storage._cdata
        if key in self.live:
            return
        self.live[key] = storage.nbytes()
        self.total += self.live[key]

        def gone(_: Any) -> None:
            self.total -= self.live.pop(key)
            self.refs.pop(key)

        self.refs[key] = weakref.ref(storage, gone)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        for t in tree_leaves(out):
            if isinstance(t, torch.Tensor):
                self.add(t)
        if self.total > self.peak:
            self.peak, self.where = self.total, str(func)
        return out


def inference_peak(graph: Graph) -> int:
    """Return the most that was alive in a forward pass without gradients, without parameters and buffers."""
    module = lower(graph).eval()
    with FakeTensorMode():
        materialise(module)
        return peak_of(module, (arriving(graph),), module)


def peak_of(run: Any, inputs: tuple[Any, ...], own: Any) -> int:
    """Run without gradients and return the most that was alive, without parameters and buffers."""
    static = [*own.parameters(), *own.buffers()]
    sizes = {t.untyped_storage()._cdata: t.untyped_storage().nbytes() for t in static}
    with torch.no_grad(), Tracker(*inputs, *static) as tracker:
        y = run(*inputs)
    del y
    return tracker.peak - sum(sizes.values())
