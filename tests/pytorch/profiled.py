"""What PyTorch's allocator hands out over a step of training that nothing but the profiler watches."""

from collections.abc import Iterator
from math import inf
from typing import Any, NamedTuple

import torch
from torch._C._profiler import _EventType
from torch.profiler import ProfilerActivity, profile

from archstat.graph import Graph
from archstat.ops.tape import Mode
from archstat.pytorch import watch

MAKERS = ("aten::empty", "aten::new_empty", "aten::resize", "aten::zeros", "aten::clone")
"""Ops that allocate for the op that called them."""

KERNELS = ("aten::convolution_backward", "aten::mkldnn_convolution")
"""Ops that no dispatch mode sees the inside of, whatever other ops they call."""


class Block(NamedTuple):
    """An allocation: when it was made and freed, its bytes, and when the op that made it ended."""

    made: int
    freed: float
    nbytes: int
    until: float


def training_peak(graph: Graph, mode: Mode = watch.TRAIN) -> int:
    """Return the most that was alive in a real step without an optimizer, but for the workspaces of kernels.

    A workspace is freed inside of the op that allocates it: no tensor that the step can see has it.
    """
    module = watch.learner(graph)
    with torch.device(mode.device):
        x, labels = watch.ready(module, graph)
    held = [x, *labels, *module.parameters(), *module.buffers()]
    storages = {s._cdata: s.nbytes() for s in (t.untyped_storage() for t in held)}
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen:
        watch.step(module, x, labels, graph, None, mode)
    results: Any = seen.profiler
    changes = sorted(
        change
        for block in blocks(results.kineto_results.experimental_event_tree(), mode.device)
        if block.freed > block.until
        for change in ((block.made, block.nbytes), (block.freed, -block.nbytes))
    )
    alive = peak = 0
    for _, nbytes in changes:
        alive += nbytes
        peak = max(peak, alive)
    return peak + sum(storages.values())


def blocks(roots: list[Any], device: str = "cpu") -> Iterator[Block]:
    """Pair allocations on a device with what frees them."""
    alive: dict[int, tuple[int, int, float]] = {}
    for event, op in sorted(_allocations(roots), key=lambda found: found[0].start_time_ns):
        _, fields = event.typed
        if fields.device.type != device:
            continue
        if fields.alloc_size > 0:
            until = op.end_time_ns if op else -inf
            alive[fields.ptr] = (event.start_time_ns, fields.alloc_size, until)
        elif fields.ptr in alive:
            made, nbytes, until = alive.pop(fields.ptr)
            yield Block(made, event.start_time_ns, nbytes, until)
    for made, nbytes, until in alive.values():
        yield Block(made, inf, nbytes, until)


def _allocations(roots: list[Any]) -> Iterator[tuple[Any, Any]]:
    pending: list[tuple[Any, Any]] = [(root, None) for root in roots]
    while pending:
        event, op = pending.pop()
        if event.tag == _EventType.Allocation:
            yield event, op
        elif event.tag == _EventType.TorchOp and not (
            event.name.startswith(MAKERS) or (op is not None and op.name in KERNELS)
        ):
            op = event
        pending += [(child, op) for child in event.children]
