"""PyTorch's own answers: what its hooks are handed, and what is alive while it runs."""

from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensorMode

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
