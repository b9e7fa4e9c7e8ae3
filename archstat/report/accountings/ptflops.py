"""ptflops' MACs and parameters, by its PyTorch backend, the default.

Source: ptflops 0.7.5, pytorch_engine.py (patch_functional, patch_tensor_ops), pytorch_ops.py (MODULES_MAPPING)

It hooks modules and replaces functions, and a module of both kinds counts twice: nn.ReLU calls F.relu. What modules
count is divided by the batch, what functions count is not.
"""

from fractions import Fraction
from math import prod
from typing import Any

from archstat.graph import Graph, Node
from archstat.report.accountings.modules import (
    NOTE,
    bias_adds,
    class_of,
    has,
    out_proj,
    response_norm,
)
from archstat.report.accountings.sums import (
    Addends,
    Figure,
    Line,
    Tool,
    gathered,
    macs,
    macs_of,
    trainable,
)

_POOLS = ("MaxPool", "AvgPool", "AdaptiveMaxPool", "AdaptiveAvgPool")
_HOOKED = ("ReLU", "PReLU", "ELU", "LeakyReLU", "ReLU6", "GELU")
_REPLACED = ("ReLU", "PReLU", "ELU", "GELU", "SiLU", "Softmax", *_POOLS)


def _modules(node: Node) -> Addends:
    """Yield what the module's hook counts, less archstat's MACs."""
    name, x, y = class_of(node), node.io.x, node.output
    if name in ("Conv", "ConvTranspose", "Linear"):
        yield "biases: 1 per output element", bias_adds(node)
    elif name in ("BatchNorm", "InstanceNorm", "GroupNorm"):
        yield "norms: 2 per element, 1 without weights", x.numel * (2 if node.params() else 1)
    elif name == "LayerNorm":
        yield "layer norms: 1 per element", x.numel
    elif name in _HOOKED:
        yield "activations: 1 per element", y.numel
    elif name in _POOLS:
        yield "pools: 1 per input element", x.numel
    elif name == "Upsample":
        yield "upsampling: 1 per output element of the first sample", y.numel // y.shape[0]
    elif name == "MultiheadAttention":
        yield from _attention(node)
    elif name == "SelfAttention":
        seen, adds = out_proj(node)
        yield "attention: only the output projection is seen", seen - macs_of(node)
        yield "biases: 1 per output element", adds
    elif name == "Attend":
        yield "attention isn't seen", -macs_of(node)
    elif not name:
        yield "matrix products aren't seen: they are operators", -macs_of(node)


def _attention(node: Node) -> Addends:
    op: Any = node.op
    x, heads = node.io.x, op.heads
    length = x.shape[-2]
    yield "attention: q is scaled, 1 per element", x.numel
    yield "attention: softmax, 1 per element", x.numel // x.channels * length * heads
    # The output projection has a bias even where there is none.
    yield "biases: 1 per output element", x.numel * (4 if has(node, "in_proj_bias") else 1)


def _functions(node: Node) -> Addends:
    """Yield what the functions that it replaces count, called by the modules above or by others."""
    name, x = class_of(node), node.io.x
    if name in ("SiLU", "Softmax"):
        yield "activations: 1 per element", x.numel
    elif name in _REPLACED:
        what = "pools" if name in _POOLS else "activations"
        yield f"{what} again: the module is hooked, and the function that it calls", x.numel
    elif name == "Upsample":
        yield (
            "upsampling again: the module is hooked, and the function that it calls",
            _resized(node),
        )
        if getattr(node.op, "mode", "") == "area":
            yield "upsampling by area calls an adaptive pool: 1 per input element", x.numel
    elif name == "LocalResponseNorm":
        yield response_norm(node)


def _resized(node: Node) -> int | Fraction:
    x, size, scale = node.io.x, getattr(node.op, "size", None), getattr(node.op, "scale", None)
    if size is not None:
        return node.output.numel
    if isinstance(scale, tuple):
        return x.numel * prod(map(int, scale))
    return x.numel * Fraction(scale or 1) ** len(x.spatial)


def _macs(graph: Graph) -> list[Line]:
    own, modules = macs(graph), gathered(graph, _modules)
    functions = gathered(graph, _functions)
    batch = graph.input.batch
    hooked = sum(line.amount for line in own + modules)
    whole = hooked + sum(line.amount for line in functions)
    mean = int(hooked / batch + sum(line.amount for line in functions))
    divided = "what modules count is divided by the batch, what functions count isn't"
    return own + modules + functions + ([Line(divided, mean - whole, 0)] if mean != whole else [])


TOOL = Tool(
    name="ptflops",
    version="0.7.5",
    note=NOTE.format("ptflops"),
    figures=(
        Figure(of="macs", called="computational complexity: MACs", lines=_macs),
        Figure(of="params", called="number of parameters", lines=trainable),
    ),
)
