"""Floating-point operations of one forward pass."""

from archstat.graph import Graph
from archstat.ops.base import total
from archstat.passes.alike import each


def flops(graph: Graph) -> tuple[int, ...]:
    """Count floating-point operations at inference, for the whole batch.

    Counts:  2 per MAC, 1 per bias add, and norms, activations, pooling, softmax and elementwise work by
             the formula each op states
    Ignores: copies, views, index arithmetic, dropout
    Unit:    FLOP
    Source:  each op's docstring
    """
    return each(graph, lambda op, io: total(op.flops(io)))
