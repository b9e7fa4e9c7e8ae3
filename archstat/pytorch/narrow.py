"""A network a few channels wide, on a longer input: it sees the same positions, and takes little time to run.

Imports no torch.
"""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from archstat.errors import SpecError
from archstat.graph import Builder, Graph
from archstat.ops.activation import ReLU
from archstat.ops.arithmetic import Mean
from archstat.ops.base import Op
from archstat.ops.conv import Conv
from archstat.ops.pool import AdaptiveAvgPool, AvgPool, GlobalAvgPool
from archstat.tensor import Shape, Tensor

WIDTH = 4


def narrow(graph: Graph, shape: Shape) -> tuple[Graph, dict[int, int]]:
    """Return the network on an input of ``shape``, and where in it the nodes are: index -> index.

    What doesn't fit any more (a linear layer over a longer sequence's positions, a slice of channels) is left out,
    and what depends on it. Max pools are averages, whose gradient reaches the whole window.
    """
    dtype = "float64" if graph.input.is_floating else graph.input.dtype
    arriving = Tensor(shape, dtype, graph.input.channel_dim)
    builder = Builder(graph.name, arriving, dtype="float64")
    at = {0: 0}
    for index, node in enumerate(graph.nodes[1:], 1):
        if not all(i in at for i in node.inputs):
            continue
        inputs = tuple(at[i] for i in node.inputs)
        try:
            op = narrowed(node.op, node.io.x, builder.nodes[inputs[0]].output)
            at[index] = builder.add(node.path, op, inputs)
        except SpecError:
            continue
    outputs = tuple(at[i] for i in graph.outputs if i in at)
    return builder.build(outputs or (len(builder.nodes) - 1,)), at


def narrowed(op: Any, before: Tensor, x: Tensor) -> Op:
    """Return ``op`` for a narrow input ``x`` in place of ``before``: the same positions, other channels."""
    change = _CHANGES.get(op.word)
    made: Op = change(op, before, x) if change else op
    return made


def _conv(op: Any, before: Tensor, x: Tensor) -> Op:
    if op.groups == before.channels > 1:
        return _changed(op, groups=x.channels, channels=x.channels)
    return _changed(op, groups=1, channels=WIDTH)


def _averaged(op: Any, before: Tensor, x: Tensor) -> Op:
    window = op.window(before)
    if set(window.dilation) == {1}:
        return AvgPool(kernel=window.kernel, stride=window.stride, padding=window.padding,
                       ceil_mode=op.ceil_mode)  # fmt: skip
    return Conv(channels=x.channels, groups=x.channels, kernel=window.kernel, stride=window.stride,
                padding=window.padding, dilation=window.dilation)  # fmt: skip


def _parameter(op: Any, before: Tensor, x: Tensor) -> Op:
    option = "shape" if op.tokens is None else "tokens"
    at = op.output(before).channel_dim - 1
    sizes = tuple(WIDTH if d == at and n > 1 else n for d, n in enumerate(getattr(op, option)))
    return _changed(op, **{option: sizes})


def _pad(op: Any, before: Tensor, x: Tensor) -> Op:
    pairs = [(0, 0) if d == before.channel_dim else p for d, p in enumerate(op.pairs(before))]
    sides = tuple(side for pair in reversed(pairs[1:]) for side in pair)
    return _changed(op) if isinstance(op.sides, int) else _changed(op, sides=sides)


def _set(**options: Any) -> Callable[[Any, Tensor, Tensor], Op]:
    return lambda op, before, x: _changed(op, **options)


def _changed(op: Any, **options: Any) -> Op:
    made: Op = replace(op, **options)
    return made


_CHANGES: Mapping[str, Callable[[Any, Tensor, Tensor], Op]] = {
    "conv": _conv,
    "conv_transpose": _conv,
    "linear": _set(features=WIDTH),
    "embedding": _set(features=WIDTH),
    "parameter": _parameter,
    "buffer": _parameter,
    "pad": _pad,
    "attention": _set(heads=1, kv_heads=None, head_dim=None),
    "scaled_dot_product": _set(heads=1, kv_heads=None),
    "group_norm": _set(groups=1),
    "prelu": _set(num_parameters=1),
    "channel_shuffle": _set(groups=1),
    "max_pool": _averaged,
    "adaptive_max_pool": lambda op, before, x: AdaptiveAvgPool(size=op.size),
    "global_max_pool": lambda op, before, x: GlobalAvgPool(),
    "amax": lambda op, before, x: Mean(dim=op.dim, keepdim=op.keepdim),
    "threshold": lambda op, before, x: ReLU(),
}
"""What changes of an op; all others are as they are."""
