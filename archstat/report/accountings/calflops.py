"""calflops' FLOPs, MACs and parameters.

Source: calflops 0.3.2, pytorch_ops.py (the functions that are replaced), calculate_pipline.py

It replaces functions of torch.nn.functional, which torch.nn's modules call, and methods of tensors; operators
(``+``, ``*``, ``@``) and scaled_dot_product_attention it doesn't see.
"""

from math import prod
from typing import Any

from archstat.graph import Graph, Node
from archstat.report.accountings.modules import bias_adds, class_of, response_norm
from archstat.report.accountings.sums import (
    Addends,
    Figure,
    Line,
    Tool,
    from_macs,
    gathered,
    macs_of,
    trainable,
    twice,
)

_ACTIVATIONS = ("ReLU", "PReLU", "ELU", "LeakyReLU", "SiLU", "GELU", "Softmax")
_POOLS = ("MaxPool", "AvgPool", "AdaptiveMaxPool", "AdaptiveAvgPool")


def _macs(node: Node) -> Addends:
    name = class_of(node)
    if name in ("MultiheadAttention", "SelfAttention"):
        yield "attention: QK^T and AV aren't seen", _projections(node) - macs_of(node)
    elif name == "Attend":
        yield "attention: QK^T and AV aren't seen", -macs_of(node)
    elif name == "ConvTranspose":
        groups: int = getattr(node.op, "groups", 1)
        channels = node.params()["weight"][1]
        seen = macs_of(node) // channels * (channels // groups)
        yield "transposed convolutions divide by the groups twice", seen - macs_of(node)
    elif not name:
        yield "matrix products aren't seen: they are operators", -macs_of(node)


def _rest(node: Node) -> Addends:
    """Yield what the FLOPs have beside two per MAC that it counts."""
    name, x, learns = class_of(node), node.io.x, bool(node.params())
    if name == "Conv":
        yield "biases of convolutions: 1 per output element", bias_adds(node)
    elif name == "ConvTranspose":
        yield (
            "biases of transposed convolutions, with the output that a convolution would have",
            _transposed_bias(node),
        )
    elif name == "BatchNorm" and node.op.buffers(node.io):
        yield "batch norms: 2 per element, 1 without weights", x.numel * (2 if learns else 1)
    elif name in ("BatchNorm", "LayerNorm", "GroupNorm", "InstanceNorm"):
        # A batch norm without running statistics computes its own, as in training.
        yield (
            "norms by their own statistics: 5 per element, 4 without weights",
            x.numel * (5 if learns else 4),
        )
    elif name in _ACTIVATIONS:
        yield "activations: 1 per element", x.numel
    elif name in _POOLS:
        yield "pools: 1 per input element", x.numel
    elif name == "Upsample":
        yield (
            "upsampling: 1 per input element, or the numbers of the size multiplied",
            _resized(node),
        )
        if getattr(node.op, "mode", "") == "area":
            yield "pools: 1 per input element", x.numel
    elif name == "LocalResponseNorm":
        yield response_norm(node)


def _projections(node: Node) -> int:
    rows = node.io.x.numel // node.io.x.channels
    return rows * sum(prod(s) for s in node.params().values() if len(s) == 2)


def _resized(node: Node) -> int:
    size: int | tuple[int, ...] | None = getattr(node.op, "size", None)
    if size is None:
        return node.io.x.numel
    return prod(size) if isinstance(size, tuple) else size


def _transposed_bias(node: Node) -> int:
    if "bias" not in node.params():
        return 0
    op: Any = node.op
    kernel, stride, padding, dilation, _ = op.axes(node.io.x)
    axes = zip(node.io.x.spatial, kernel, stride, padding, dilation, strict=True)
    positions = prod((n + 2 * p - (d * (k - 1) + 1)) // s + 1 for n, k, s, p, d in axes)
    return int(node.params()["weight"][1] * node.io.x.batch * positions)


def _flops(graph: Graph) -> list[Line]:
    unseen = gathered(graph, _macs)
    doubled = [Line(f"{line.label}, x 2", 2 * line.amount, line.layers) for line in unseen]
    return twice(graph) + doubled + gathered(graph, _rest)


TOOL = Tool(
    name="calflops",
    version="0.3.2",
    figures=(
        Figure(of="macs", called="MACs", lines=from_macs(_macs)),
        Figure(of="flops", called="FLOPs", lines=_flops),
        Figure(of="params", called="params", lines=trainable),
    ),
)
