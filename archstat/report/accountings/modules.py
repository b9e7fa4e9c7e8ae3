"""Which class of torch.nn a layer is where a network is written the plain way, as tools that hook modules see it."""

from math import prod
from typing import Any

from archstat.graph import Node
from archstat.ops.linear import Standing
from archstat.pytorch.spelling import spell

NOTE = "for a network of torch.nn's modules; of one that calls functions instead, {} sees less"
"""What is to be said of a tool that hooks modules."""

OWN = ("SelfAttention", "Attend", "DropPath")
"""Modules that torch.nn has not: no tool knows them, but functions and layers inside may be seen."""


def class_of(node: Node) -> str:
    """Return the class's name, without the rank: ``Conv``, ``BatchNorm``.

    Empty where the layer is a function, an operator or a bare nn.Parameter or buffer.
    """
    if node.op.word == "attention" and _multihead(node):
        return "MultiheadAttention"
    if isinstance(node.op, Standing):
        return ""
    spelling = spell(node.op, node.io)
    if not spelling.is_module:
        return ""
    name = spelling.text.partition("(")[0].removeprefix("nn.")
    return name[:-2] if name.endswith(("1d", "2d", "3d")) else name


def has(node: Node, name: str) -> bool:
    """Say whether the layer has the learnable tensor ``name``."""
    return name in node.params()


def own_params(node: Node) -> int:
    """Return the elements of the layer's own learnable tensors, shared or not."""
    return sum(map(prod, node.params().values()))


def bias_adds(node: Node) -> int:
    """Return the additions of a layer's one bias: one per output element."""
    return node.output.numel if has(node, "bias") else 0


def out_proj(node: Node) -> tuple[int, int]:
    """Return the MACs of attention's output projection, which may be a layer of its own, and its bias adds."""
    width, inner = node.params()["out_proj.weight"]
    rows = node.io.x.numel // node.io.x.channels
    return rows * width * inner, rows * width if has(node, "out_proj.bias") else 0


def response_norm(node: Node) -> tuple[str, int]:
    """Return what the functions of local response norm count: mul, mul, add, and a pool along padded channels."""
    op: Any = node.op
    x = node.io.x
    padded = x.numel // x.channels * (x.channels + op.size - 1)
    return "local response norm: 4 per element, with padded channels", 3 * x.numel + padded


def runs_fused(node: Node) -> bool:
    """Say whether PyTorch runs the layer as one fused kernel where no gradient is needed: its fast path.

    Source: torch 2.13.0, torch/nn/modules/activation.py (MultiheadAttention.forward, why_not_fast_path)
    """
    if class_of(node) != "MultiheadAttention" or not has(node, "in_proj_bias"):
        return False
    op: Any = node.op
    heads: int = op.heads
    return heads % 2 == 0 and not getattr(node.op, "causal", False)


def _multihead(node: Node) -> bool:
    """Say whether nn.MultiheadAttention can be this layer: as many keys as queries, and heads that share the width."""
    width, inner = node.params()["out_proj.weight"]
    return width == inner and node.params()["in_proj_weight"][0] == 3 * width
