"""thop's MACs and parameters.

Source: thop 0.1.1.post2209072238, profile.py (register_hooks, profile), vision/basic_hooks.py, vision/calc_func.py
"""

from math import prod

from archstat import passes
from archstat.graph import Graph, Node
from archstat.report.accountings.modules import NOTE, class_of, out_proj, own_params
from archstat.report.accountings.sums import (
    Addends,
    Figure,
    Line,
    Tool,
    from_macs,
    macs_of,
    params,
)

_UPSAMPLING = {"nearest": 1, "linear": 5, "bilinear": 11, "bicubic": 259}

_WITH_PARAMS = (
    "Conv",
    "ConvTranspose",
    "BatchNorm",
    "LayerNorm",
    "InstanceNorm",
    "PReLU",
    "Linear",
)
"""The classes with learnable tensors that thop has a rule for: it counts no others' parameters."""


def _macs(node: Node) -> Addends:
    name, x, y = class_of(node), node.io.x, node.output
    if name in ("BatchNorm", "LayerNorm", "InstanceNorm"):
        yield norm(node)
    elif name == "PReLU":
        yield "PReLU: 1 per element", x.numel
    elif name == "Softmax":
        yield softmax(node)
    elif name == "AvgPool":
        yield "average pools: 1 per output element", y.numel
    elif name == "AdaptiveAvgPool":
        # In floating point, as thop divides: 7/6 * 7/6 may end up below 49/36, and thop cuts off.
        window = prod((a / b for a, b in zip(x.spatial, y.spatial, strict=True)), start=1.0)
        yield (
            "adaptive average pools: the window + 1 per output element",
            int((window + 1) * y.numel),
        )
    elif name == "Upsample":
        yield (
            "upsampling: 1 to 259 per output element, by mode",
            _UPSAMPLING.get(getattr(node.op, "mode", ""), 0) * y.numel,
        )
    elif name == "ConvTranspose":
        weight = node.params()["weight"]
        groups: int = getattr(node.op, "groups", 1)
        theirs = y.numel * (x.channels // groups) * prod(weight[2:])
        yield "a transposed convolution counts outputs, not inputs", theirs - macs_of(node)
    elif name == "SelfAttention":
        yield "attention: only the output projection is seen", out_proj(node)[0] - macs_of(node)
    elif name in ("MultiheadAttention", "Attend"):
        yield "attention isn't seen", -macs_of(node)
    elif not name:
        yield "matrix products aren't seen: they are functions", -macs_of(node)


def norm(node: Node) -> tuple[str, int]:
    """Return what a norm counts, by whether it has learnable tensors."""
    return "norms: 4 per element, 2 without weights", node.io.x.numel * (4 if node.params() else 2)


def softmax(node: Node) -> tuple[str, int]:
    """Return exponentials, additions and divisions of a softmax over n: 3n - 1."""
    return "softmax: 3n - 1 over n elements", 3 * node.io.x.numel - rows_of(node)


def rows_of(node: Node) -> int:
    """Return how many times a softmax runs along its dimension."""
    x, dim = node.io.x, getattr(node.op, "dim", None)
    at = x.channel_dim if dim is None else dim + 1 if dim >= 0 else dim
    return x.numel // x.shape[at]


def _params(graph: Graph) -> list[Line]:
    """Count the tensors of classes with a rule, shared ones in each; the others' not at all."""
    own = passes.params(graph)
    theirs, repeated, unseen = [], [], []
    for node, n in zip(graph.nodes, own, strict=True):
        name, whole = class_of(node) if node.params() else "", own_params(node)
        seen = whole if name in _WITH_PARAMS else _seen(node) if name == "SelfAttention" else 0
        theirs.append(seen)
        unseen.append(whole - seen)
        repeated.append(whole - n)
    lines = [
        Line("shared params count again in each layer", sum(repeated), sum(map(bool, repeated))),
        Line(
            "params of layers without a rule aren't counted", -sum(unseen), sum(map(bool, unseen))
        ),
    ]
    return params(graph) + [line for line in lines if line.amount]


def _seen(node: Node) -> int:
    return sum(prod(s) for name, s in node.params().items() if name.startswith("out_proj."))


TOOL = Tool(
    name="thop",
    version="0.1.1.post2209072238",
    note=NOTE.format("thop"),
    figures=(
        Figure(of="macs", called="profile()'s MACs", lines=from_macs(_macs)),
        Figure(of="params", called="profile()'s parameters", lines=_params),
    ),
)
