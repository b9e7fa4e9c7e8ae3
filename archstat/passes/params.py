"""Learnable parameters, and the buffers beside them."""

from collections.abc import Callable
from math import prod

from archstat.graph import Graph
from archstat.ops.base import Terms, total
from archstat.passes.alike import each
from archstat.passes.trace import trained_nodes
from archstat.tensor import BYTES


def params(graph: Graph) -> tuple[int, ...]:
    """Count the elements of all learnable tensors.

    Counts:  weights, biases, norms' scale and shift, learnable tables; a shared tensor once, at its owner
    Ignores: running statistics (they are buffers)
    Unit:    elements
    Source:  torch.nn.Module.parameters
    """
    return _owned(graph, total)


def biases(graph: Graph) -> tuple[int, ...]:
    """Count the learnable tensors that PyTorch names bias, a norm's shift among them.

    Counts:  bias, in_proj_bias, out_proj.bias
    Ignores: everything else
    Unit:    elements
    Source:  torch.nn.Module.named_parameters
    """
    return _owned(
        graph, lambda terms: total({n: s for n, s in terms.items() if n.endswith("bias")})
    )


def weights(graph: Graph) -> tuple[int, ...]:
    """Count the params that are not biases: what ``--no-bias`` shows, and the lecture's tables count.

    Counts:  params less biases
    Ignores: biases
    Unit:    elements
    Source:  CS231n lecture 9, "not counting biases"
    """
    return tuple(p - b for p, b in zip(params(graph), biases(graph), strict=True))


def trainable_params(graph: Graph) -> tuple[int, ...]:
    """Count the params that training changes.

    Counts:  params of the nodes that ``freeze:`` leaves alone
    Ignores: frozen nodes; shared params, if one who shares them is frozen
    Unit:    elements
    Source:  torch.nn.Module.parameters with requires_grad
    """
    trained = trained_nodes(graph)
    return tuple(p if t else 0 for p, t in zip(params(graph), trained, strict=True))


def param_bytes(graph: Graph) -> tuple[int, ...]:
    """Measure the params in memory.

    Counts:  params times the bytes of one element of the graph's type
    Ignores: gradients and optimizer state
    Unit:    bytes
    Source:  torch.Tensor.nbytes
    """
    size = BYTES[graph.dtype]
    return tuple(size * p for p in params(graph))


def buffers(graph: Graph) -> tuple[int, ...]:
    """Count the elements kept in the state dict but not learned.

    Counts:  batch norm's running mean and variance, and its counter of batches
    Ignores: params
    Unit:    elements
    Source:  torch.nn.Module.buffers
    """
    return each(graph, lambda op, io: total(op.buffers(io)))


def buffer_bytes(graph: Graph) -> tuple[int, ...]:
    """Measure the buffers in memory.

    Counts:  buffers times the bytes of one element: of the graph's type, counters and indices of int64
    Ignores: params
    Unit:    bytes
    Source:  torch.nn.Module.buffers
    """
    return each(
        graph,
        lambda op, io: sum(
            BYTES[op.buffer_type(name, graph.dtype)] * prod(shape)
            for name, shape in op.buffers(io).items()
        ),
    )


def _owned(graph: Graph, count: Callable[[Terms], int]) -> tuple[int, ...]:
    """Count each node's learnable tensors; shared ones at their owner alone."""
    counts = each(graph, lambda op, io: count(op.params(io)))
    owners = [node.owner for node in graph.nodes]
    if owners == list(range(len(owners))):
        return counts
    return tuple(
        [n if owner == i else 0 for i, (owner, n) in enumerate(zip(owners, counts, strict=True))]
    )
