"""The MACs and parameters of Ultralytics' thop, which counts attention and products in functions.

Source: ultralytics-thop 2.2.3, profile.py (register_hooks, functional_hooks, profile), vision/basic_hooks.py
"""

from math import prod
from typing import Any

from archstat.graph import Node
from archstat.report.accountings.modules import NOTE, class_of
from archstat.report.accountings.sums import Addends, Figure, Tool, from_macs, params
from archstat.report.accountings.thop import norm, rows_of, softmax

_NORMS = ("BatchNorm", "LayerNorm", "InstanceNorm", "GroupNorm", "RMSNorm")
_UPSAMPLING = {"linear": 5, "bilinear": 11, "bicubic": 259, "trilinear": 31}


def _macs(node: Node) -> Addends:
    op: Any = node.op
    name, x, y = class_of(node), node.io.x, node.output
    if name in _NORMS:
        yield norm(node)
    elif name == "PReLU":
        yield "PReLU: 1 per element", x.numel
    elif name == "Softmax":
        yield softmax(node)
    elif name == "LogSoftmax":
        yield softmax(node)
        yield "log_softmax: 1 more for each softmax", rows_of(node)
    elif name == "AvgPool":
        yield (
            "average pools: 1 per input of each window, 1 per output element",
            _windows(node) + y.numel,
        )
    elif name == "AdaptiveAvgPool":
        read = prod(
            o if i == o else sum(-(-(j + 1) * i // o) - j * i // o for j in range(o))
            for i, o in zip(x.shape, y.shape, strict=True)
        )
        yield "average pools: 1 per input of each window, 1 per output element", read + y.numel
    elif name == "Upsample":
        yield (
            "upsampling: 5 to 259 per output element, by mode",
            _UPSAMPLING.get(op.mode, 0) * y.numel,
        )
    elif name == "MultiheadAttention":
        batch, length = x.numel // (x.shape[-2] * x.channels), x.shape[-2]
        yield "softmax: 3n - 1 over n elements", batch * op.heads * length * (3 * length - 1)


def _windows(node: Node) -> int:
    """Return how many inputs all windows of an average pool hold, padding among them where it counts."""
    op: Any = node.op
    x, y, window = node.io.x, node.output, op.window(node.io.x)
    axes = zip(x.spatial, y.spatial, window.kernel, window.stride, window.padding, strict=True)
    read = x.numel // prod(x.spatial)
    for size, out, k, s, p in axes:
        low, high = (-p, size + p) if op.count_include_pad else (0, size)
        read *= sum(max(min(i * s - p + k, high) - max(i * s - p, low), 0) for i in range(out))
    return read


TOOL = Tool(
    name="ultralytics-thop",
    version="2.2.3",
    note=NOTE.format("ultralytics-thop"),
    figures=(
        Figure(of="macs", called="profile()'s MACs", lines=from_macs(_macs)),
        Figure(of="params", called="profile()'s parameters", lines=params),
    ),
)
