"""Where a reference is known to count something else: what it counts, and why. Data for verify; imports no torch.

An entry explains a difference only where its rule gives the reference's number exactly.
"""

from collections.abc import Callable
from math import prod

import msgspec

from archstat.graph import Node
from archstat.ops.base import total


class Known(msgspec.Struct, frozen=True):
    """What ``reference`` counts as ``quantity`` for the ops ``words``; ``counts`` gives its number for a node."""

    reference: str
    quantity: str
    words: tuple[str, ...]
    counts: Callable[[Node], int]
    reason: str


def _linear_parts(node: Node) -> int:
    """The MACs of the projections alone: each multiplies a weight matrix with every position."""
    weights = [s for s in node.params().values() if len(s) == 2]
    return node.io.x.numel // node.io.x.channels * sum(map(prod, weights))


def _per_element(with_weight: int, without: int) -> Callable[[Node], int]:
    return lambda node: node.io.x.numel * (with_weight if node.params() else without)


def _batch_norm(node: Node) -> int:
    """Without running statistics it computes its own, as in training, which counts as any other norm."""
    return (_per_element(2, 1) if node.op.buffers(node.io) else _per_element(5, 4))(node)


def _upsampled(node: Node) -> int:
    if len(node.io.x.spatial) != 2:
        return 0
    mode = str(getattr(node.op, "mode", ""))
    if mode == "area":
        return _averaged(node)
    return {"bilinear": 4, "nearest": 1}.get(mode, 0) * node.output.numel


def _averaged(node: Node) -> int:
    """Only in two dimensions: fvcore doesn't know adaptive_avg_pool1d and adaptive_avg_pool3d."""
    return node.io.x.numel if len(node.io.x.spatial) == 2 else 0


def _projections(node: Node) -> int:
    rows = node.io.x.numel // node.io.x.channels
    return rows * sum(s[0] for s in node.params().values() if len(s) == 2)


KNOWN = (
    Known("fvcore", "flops", ("batch_norm",), _batch_norm,
          "fvcore counts 2 per element of a batch norm at inference, 1 without weights, 3 more by its own statistics"),
    Known("fvcore", "flops", ("layer_norm", "group_norm", "instance_norm"), _per_element(5, 4),
          "fvcore counts 5 per element of a norm, 4 without weights; its source calls it a rough estimate"),
    Known("fvcore", "flops", ("attention",), _linear_parts,
          "fvcore counts attention's projections; QK^T and AV it doesn't see inside scaled_dot_product_attention"),
    Known("fvcore", "flops", ("scaled_dot_product",), lambda node: 0,
          "fvcore doesn't know scaled_dot_product_attention and counts 0"),
    Known("fvcore", "flops", ("global_avg_pool", "adaptive_avg_pool"), _averaged,
          "fvcore counts 1 per input element of an adaptive average pool: additions, not MACs"),
    Known("fvcore", "flops", ("interpolate",), _upsampled,
          "fvcore counts 4 per output of a bilinear upsampling, 1 of a nearest one, 1 per input of one by area"),
    Known("fvcore", "activations", ("attention",), _projections,
          "fvcore counts the outputs of attention's two projections, q, k and v among them"),
)  # fmt: skip

OUTPUTS_OF_PRODUCTS = (
    "fvcore's activations are the outputs of convolutions, linear layers and matrix products alone"
)
"""Why fvcore counts no activations for any other op."""

PRODUCTS = ("conv", "conv_transpose", "linear", "matmul", "attention")


def reason(reference: str, quantity: str, node: Node, theirs: int) -> str:
    """Return why ``reference`` gives ``theirs`` for a node, or nothing where it isn't known."""
    for known in KNOWN:
        same = (known.reference, known.quantity) == (reference, quantity)
        if same and node.op.word in known.words and known.counts(node) == theirs:
            return known.reason
    if (reference, quantity, theirs) == (
        "fvcore",
        "activations",
        0,
    ) and node.op.word not in PRODUCTS:
        return OUTPUTS_OF_PRODUCTS
    return ""


def counted(reference: str, quantity: str, node: Node) -> int:
    """Return what ``reference`` counts for a node by these rules: its MACs, unless an entry says otherwise."""
    for known in KNOWN:
        same = (known.reference, known.quantity) == (reference, quantity)
        if same and node.op.word in known.words:
            return known.counts(node)
    return total(node.op.macs(node.io))
