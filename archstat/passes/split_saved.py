"""What autograd keeps on each of several devices that divide the channels."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from archstat.graph import Graph, Node
from archstat.ops.base import IO
from archstat.ops.layer_norm import GroupNorm
from archstat.ops.tape import Mode
from archstat.passes.channels import Placed, placed
from archstat.passes.saved import Kept, kept_of
from archstat.passes.trace import Tracing, Value, overwrite, run_node, trained_nodes
from archstat.tensor import Tensor


class Has(NamedTuple):
    """What one device has of a layer's output, and reads of its inputs: channels as bits."""

    own: int
    reads: dict[int, int]


def split_kept(graph: Graph, devices: int, mode: Mode) -> tuple[Kept, ...]:
    """Return what autograd keeps on the device that keeps most, the first of several.

    A layer that reads channels of other devices gathers all that it reads in a tensor of its own, as an all-gather
    does, runs on that, and hands on its device's channels: a response norm works out two maps too many on either side.

    Counts:  distinct storages among the saved tensors of one device
    Ignores: parameters and buffers; the loss
    Unit:    bytes
    Source:  torch.autograd.graph.saved_tensors_hooks, on each device's part of the network
    """
    places = placed(graph, devices)
    found: dict[tuple[object, ...], tuple[Kept, ...]] = {}
    for device in range(devices):
        has = [_of(place, device) for place in places]
        # Devices that have and read as many channels keep as much.
        alike = tuple(
            (one.own.bit_count(), *(_counts(one, node, has)))
            for one, node in zip(has, graph.nodes, strict=True)
        )
        if alike not in found:
            found[alike] = _Device(graph, has, mode).run()
    return max(found.values(), key=lambda kept: sum(one.nbytes for one in kept))


def split_saved_bytes(graph: Graph, devices: int, mode: Mode) -> tuple[int, ...]:
    """Measure what :func:`split_kept` finds, at the layer that is the first to keep it."""
    sums = [0] * len(graph.nodes)
    for one in split_kept(graph, devices, mode):
        sums[one.node] += one.nbytes
    return tuple(sums)


def _of(place: Placed, device: int) -> Has:
    return Has(place.held[device], {at: wanted[device] for at, wanted in place.reads.items()})


def _counts(one: Has, node: Node, has: Sequence[Has]) -> tuple[tuple[int, int, bool], ...]:
    return tuple(
        (at, wanted.bit_count(), bool(wanted & ~has[node.inputs[at]].own))
        for at, wanted in one.reads.items()
    )


class _Device:
    """Runs one device's part of a graph."""

    def __init__(self, graph: Graph, has: Sequence[Has], mode: Mode) -> None:
        self.graph, self.has, self.mode = graph, has, mode
        self.tracing = Tracing()
        self.values: list[Value] = []
        self._gathered: dict[tuple[int, int], Value] = {}

    def run(self) -> tuple[Kept, ...]:
        trained = trained_nodes(self.graph)
        for index, node in enumerate(self.graph.nodes):
            if not node.inputs:
                self.values.append(self.tracing.value(node.output, None, False))
            else:
                self.values.append(self._node(index, node, trained[node.owner]))
        return kept_of(self.tracing.ran, self.tracing.sizes)

    def _node(self, index: int, node: Node, trained: bool) -> Value:
        """Run one layer; return its output as the device has it."""
        own, reads = self.has[index]
        held = [self._read(i, reads.get(at)) for at, i in enumerate(node.inputs)]
        made = held[0].tensor.channels if _works_on_all(node) else own.bit_count()
        op = node.op
        if isinstance(op, GroupNorm):
            groups = max(1, op.groups * made // node.output.channels)
            op = msgspec.structs.replace(op, groups=groups)
        tape = op.tape(
            IO(tuple(value.tensor for value in held), _cut(node.output, made)), self.mode
        )
        y = run_node(self.tracing, index, node, tape, list(held), trained)
        i = node.inputs[0]
        if getattr(op, "inplace", False) and y.storage == self.values[i].storage:
            overwrite(self.values, i, y)
        if made == own.bit_count():
            return y
        return self.tracing.value(_cut(y.tensor, own.bit_count()), y.storage, y.needs_grad)

    def _read(self, i: int, wanted: int | None) -> Value:
        """Return what the device reads of a layer's output: its own, a part of that, or more, gathered."""
        value, own = self.values[i], self.has[i].own
        if wanted is None or wanted == own:
            return value
        tensor = _cut(value.tensor, wanted.bit_count())
        if not wanted & ~own:
            return self.tracing.value(tensor, value.storage, value.needs_grad)
        if (i, wanted) not in self._gathered:
            new = self.tracing.value(tensor, None, value.needs_grad)
            self._gathered[i, wanted] = new
        return self._gathered[i, wanted]


def _works_on_all(node: Node) -> bool:
    """Say whether the layer works out all that it reads, as norms over channels do, and not just the device's own."""
    return not node.op.deep and node.io.x.shape == node.output.shape


def _cut(tensor: Tensor, channels: int) -> Tensor:
    """Return a tensor of so many channels, in the same order in memory."""
    at = tensor.channel_dim
    return tensor.ordered(*tensor.shape[:at], channels, *tensor.shape[at + 1 :])
