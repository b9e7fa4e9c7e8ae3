"""What one of several devices has of a layer's tensors, whose output channels are divided."""

from math import prod

from archstat.graph import Node
from archstat.ops.base import Terms
from archstat.ops.conv import ConvTranspose
from archstat.ops.linear import Standing
from archstat.passes.split import Part
from archstat.tensor import Shape


def piece_numel(shape: Shape, node: Node, part: Part) -> int:
    """Return how many numbers a device has of a tensor: its channels', or all where there is none for each channel."""
    n, channels = prod(shape), node.output.channels
    return n if n % channels else n * part.channels // channels


def pieces(node: Node, part: Part) -> Terms:
    """Return the shapes of a layer's learnable tensors on one device; one whose shape isn't known is left out."""
    found = {name: _piece(shape, node, part) for name, shape in node.params().items()}
    return {name: shape for name, shape in found.items() if shape}


def _piece(shape: Shape, node: Node, part: Part) -> Shape:
    channels = node.output.channels
    if part.whole or prod(shape) % channels:
        return shape
    at = _channel_axis(shape, node)
    return () if at is None else (*shape[:at], part.channels, *shape[at + 1 :])


def _channel_axis(shape: Shape, node: Node) -> int | None:
    """Return the axis on which a tensor has the output's channels."""
    op, channels = node.op, node.output.channels
    if isinstance(op, ConvTranspose) and op.groups > 1 and len(shape) > 1:
        return None  # a device has some of the groups, or a part of one: both axes are divided
    axes = [i for i, n in enumerate(shape) if n == channels]
    if len(axes) < 2:
        return axes[0] if axes else None
    if isinstance(op, Standing):
        return node.output.channel_dim - 1
    # PyTorch's weights have the output's channels first, but for a transposed convolution's.
    return 1 if isinstance(op, ConvTranspose) else 0
