"""Learnable parameters, and the buffers beside them."""

from math import prod

from archstat.graph import Graph, Node
from archstat.ops.base import Terms, total
from archstat.passes.trace import trained_nodes
from archstat.tensor import BYTES


def params(graph: Graph) -> tuple[int, ...]:
    """Count the elements of all learnable tensors.

    Counts:  weights, biases, norms' scale and shift, learnable tables; a shared tensor once, at its owner
    Ignores: running statistics (they are buffers)
    Unit:    elements
    Source:  torch.nn.Module.parameters
    """
    return tuple(total(_owned(i, node)) for i, node in enumerate(graph.nodes))


def biases(graph: Graph) -> tuple[int, ...]:
    """Count the learnable tensors that PyTorch names bias, a norm's shift among them.

    Counts:  bias, in_proj_bias, out_proj.bias
    Ignores: everything else
    Unit:    elements
    Source:  torch.nn.Module.named_parameters
    """
    return tuple(
        sum(prod(shape) for name, shape in _owned(i, node).items() if name.endswith("bias"))
        for i, node in enumerate(graph.nodes)
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
    return tuple(total(node.op.buffers(node.io)) for node in graph.nodes)


def buffer_bytes(graph: Graph) -> tuple[int, ...]:
    """Measure the buffers in memory.

    Counts:  buffers times the bytes of one element; a scalar counter is an int64
    Ignores: params
    Unit:    bytes
    Source:  torch.nn.Module.buffers
    """
    size, counter = BYTES[graph.dtype], BYTES["int64"]
    return tuple(
        sum(size * prod(shape) if shape else counter for shape in node.op.buffers(node.io).values())
        for node in graph.nodes
    )


def _owned(index: int, node: Node) -> Terms:
    return node.params() if node.owner == index else {}
