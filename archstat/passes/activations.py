"""Activations: the outputs that occupy memory of their own."""

from archstat.graph import Graph
from archstat.passes.alike import each


def activations(graph: Graph) -> tuple[int, ...]:
    """Count the elements of the outputs that own their memory, for the whole batch.

    Counts:  every layer's output, and the input as a row of its own
    Ignores: views (flatten, reshape), in-place activations, dropout (at inference it returns its input),
             parameters
    Unit:    elements
    Source:  the memory column of CS231n lecture 9
    """
    return each(graph, lambda op, io: io.y.numel if op.storage(io) is None else 0)


def activation_bytes(graph: Graph) -> tuple[int, ...]:
    """Measure the activations in memory, each in its own element type.

    Counts:  as activations
    Ignores: as activations
    Unit:    bytes
    Source:  torch.Tensor.nbytes
    """
    return each(graph, lambda op, io: io.y.nbytes if op.storage(io) is None else 0)
