"""Multiply-accumulates of one backward pass."""

from archstat.graph import Graph
from archstat.ops.base import total
from archstat.ops.tape import Mode
from archstat.passes.reached import reached_layers
from archstat.passes.trace import trace, trained_nodes


def backward_macs(graph: Graph) -> tuple[int, ...]:
    """Count the multiply-accumulates of the gradients, for the whole batch.

    Counts:  the input's gradient where something below it is trained, the weight's where it is trained: each costs
             the product once more; of a product of two tensors, each operand's gradient. Grouped convolutions by
             what they need; auxiliary heads as part of the loss
    Ignores: layers whose output nothing reads; the input's gradient at the first layer; what attention's kernels
             compute a second time; bias gradients; elementwise work; the optimizer
    Unit:    MAC (two FLOPs)
    Source:  torch.utils.flop_counter at half, which counts a grouped weight's gradient ``groups`` times
    """
    values = trace(graph, Mode()).values
    trained, reached = trained_nodes(graph), reached_layers(graph)
    return tuple(
        total(
            node.op.backward_macs(
                node.io, tuple(values[i].needs_grad for i in node.inputs), trained[node.owner]
            )
        )
        if index in reached
        else 0
        for index, node in enumerate(graph.nodes)
    )
