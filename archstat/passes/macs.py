"""Multiply-accumulates of one forward pass."""

from archstat.graph import Graph
from archstat.ops.base import total
from archstat.passes.alike import each


def macs(graph: Graph) -> tuple[int, ...]:
    """Count multiply-accumulates, for the whole batch.

    Counts:  convolution, linear, matrix products, attention (QK^T and AV)
    Ignores: bias adds, norms, activations, pooling
    Unit:    MAC (two FLOPs)
    Source:  the "FLOPs" of He et al. 2015, and of torch.utils.flop_counter at half
    """
    return each(graph, lambda op, io: total(op.macs(io)))
