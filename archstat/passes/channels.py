"""Which channels of every tensor each device has, and which a layer reads of them.

Which channels an op reads is its rule ``reach``, the one that receptive fields follow.
"""

from collections.abc import Iterator
from functools import reduce
from operator import or_

import msgspec

from archstat.errors import UsageError
from archstat.graph import Graph, Node
from archstat.ops.conv import Conv, ConvTranspose
from archstat.ops.join import Concat
from archstat.ops.layer_norm import GroupNorm
from archstat.ops.reach import EVERYTHING, ITSELF, All, Along, Slide, Taps
from archstat.ops.reshape import Flatten
from archstat.tensor import Tensor

MOST = 2**28
"""Channels that are followed of one layer, over all devices."""

_HINT = "--gpus N divides the batch, of any network"

Sets = tuple[int, ...]
"""For each device channels as bits: bit c is channel c."""


class Blocks(Taps, frozen=True):
    """Channels in blocks: each of ``outputs`` reads the ``inputs`` of its own block, as in a grouped convolution."""

    inputs: int
    outputs: int

    def at(self, i: int) -> range:
        first = i // self.outputs * self.inputs
        return range(first, first + self.inputs)


Read = All | Taps
"""Which input channels an output channel reads."""


class Placed(msgspec.Struct, frozen=True):
    """Where one layer's channels are: ``held`` is what each device has of the output.

    ``reads`` is what each device reads of the inputs, by their position; an input that isn't in there is read by none.
    """

    held: Sets
    reads: dict[int, Sets] = {}


def placed(graph: Graph, devices: int) -> tuple[Placed, ...]:
    """Divide the channels of every layer over ``devices``, in equal blocks, and follow who reads what.

    The input is on all devices. A layer that mixes channels, such as a convolution or a linear layer, has its output
    channels divided; one that takes each channel by itself, such as a pool, leaves them where they are, and a
    concatenation leaves its branches'. Raises a UsageError where channels can't be divided, or it isn't known which of
    them a layer reads.
    """
    held: list[Sets] = []
    found: list[Placed] = []
    for i, node in enumerate(graph.nodes):
        y = node.output
        if y.channels * devices > MOST:
            raise UsageError(f"'{node.path}' has too many channels to follow: {y.channels:,}")
        if i == 0:
            one = Placed((whole(y.channels),) * devices)
        else:
            sets = _kept(node, held) or _divided(node, devices)
            one = Placed(sets, _wanted_by_all(node, sets))
        if len({own.bit_count() for own in one.held}) > 1:
            raise UsageError(
                f"the channels of '{node.path}' are not divided evenly over {devices} devices"
            )
        held.append(one.held)
        found.append(one)
    return tuple(found)


def _wanted_by_all(node: Node, sets: Sets) -> dict[int, Sets]:
    found: dict[int, Sets] = {}
    for at, reads in _reads(node):
        x = node.io.inputs[at]
        wanted = tuple(_wanted(reads, own, x) for own in sets)
        before = found.get(at, (0,) * len(sets))
        found[at] = tuple(a | b for a, b in zip(before, wanted, strict=True))
    return found


def _kept(node: Node, held: list[Sets]) -> Sets | None:
    """Return where the channels stay if each output channel reads one of the input's; ``None`` if they are mixed."""
    if _joins(node):
        moved, start = (0,) * len(held[0]), 0
        for i, x in zip(node.inputs, node.io.inputs, strict=True):
            moved = tuple(m | own << start for m, own in zip(moved, held[i], strict=True))
            start += x.channels
        return moved
    for at, reads in _reads(node):
        if reads == ITSELF and node.io.inputs[at].channels == node.output.channels:
            return held[node.inputs[at]]
        if isinstance(reads, Blocks) and reads.inputs == 1:
            return tuple(_spread(own, reads.outputs) for own in held[node.inputs[at]])
    return None


def _divided(node: Node, devices: int) -> Sets:
    channels = node.output.channels
    if channels % devices:
        raise UsageError(
            f"the {channels:,} channels of '{node.path}' can't be divided over {devices:,} devices",
            hint=f"{channels:,} is no multiple of {devices:,}",
        )
    each = channels // devices
    return tuple(whole(each) << each * device for device in range(devices))


def _reads(node: Node) -> Iterator[tuple[int, Read]]:
    """Yield which input is read, and how its channels are."""
    op, inputs, y = node.op, node.io.inputs, node.output
    if op.deep > 1:
        raise UsageError(
            f"the layers inside '{node.path}' ({op.word}) can't be divided", hint=_HINT
        )
    if _joins(node):
        start = 0
        for at, x in enumerate(inputs):
            yield at, Slide(padding=start)
            start += x.channels
        return
    if isinstance(op, Flatten) and y.is_vector and node.io.x.channels_first:
        yield 0, Blocks(1, y.channels // node.io.x.channels)
        return
    if isinstance(op, (Conv, ConvTranspose, GroupNorm)) and op.groups > 1:
        if isinstance(op, GroupNorm):
            yield 0, ITSELF
        yield 0, Blocks(node.io.x.channels // op.groups, y.channels // op.groups)
        return
    for route in op.reach(node.io):
        x = inputs[route.input]
        reads = route.reads[x.channel_dim]
        if isinstance(reads, Along) and reads.axis == y.channel_dim:
            yield route.input, reads.taps
        elif isinstance(reads, All):
            yield route.input, EVERYTHING
        else:
            raise UsageError(
                f"it isn't known which channels '{node.path}' ({op.word}) reads", hint=_HINT
            )


def _joins(node: Node) -> bool:
    """Say whether the layer puts channels one behind the other."""
    inputs, y = node.io.inputs, node.output
    return isinstance(node.op, Concat) and sum(x.channels for x in inputs) == y.channels


def _wanted(reads: Read, own: int, x: Tensor) -> int:
    """Return the channels of ``x`` that a device reads to work out its ``own`` output channels."""
    everything = whole(x.channels)
    if isinstance(reads, All):
        return everything if own else 0
    if reads == ITSELF:
        return own & everything
    # These taps leave out nothing between the first and the last.
    slides = isinstance(reads, Slide) and reads.stride == reads.dilation == 1
    if not isinstance(reads, Blocks) and not slides:
        raise UsageError("it isn't known which channels a slice with a step reads")
    wanted = 0
    for lo, hi in _runs(own):
        first, last = max(0, reads.at(lo).start), reads.at(hi - 1).stop
        wanted |= whole(max(0, last - first)) << first
    return wanted & everything


def _runs(bits: int) -> Iterator[tuple[int, int]]:
    """Yield the runs of ones, from the lowest.

    >>> list(_runs(0b1100111))
    [(0, 3), (5, 7)]
    """
    start = 0
    while bits:
        zeros = (bits & -bits).bit_length() - 1
        bits >>= zeros
        ones = (~bits & -~bits).bit_length() - 1
        bits >>= ones
        yield start + zeros, start + zeros + ones
        start += zeros + ones


def _spread(bits: int, times: int) -> int:
    """Return the bits, each ``times`` over.

    >>> bin(_spread(0b101, 2))
    '0b110011'
    """
    return reduce(or_, (whole((hi - lo) * times) << lo * times for lo, hi in _runs(bits)), 0)


def whole(n: int) -> int:
    """Return all of ``n`` channels."""
    return (1 << n) - 1
