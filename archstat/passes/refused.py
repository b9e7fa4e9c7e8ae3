"""Why PyTorch refuses to train a network, or to go on with a step of training, that has its numbers all the same."""

from archstat.graph import Graph
from archstat.ops.tape import Mode
from archstat.passes.overwritten import overwritten, reason


def refusals(graph: Graph, mode: Mode, *, input_grad: bool = False) -> tuple[str, ...]:
    """Say why PyTorch refuses to train the network; nothing where it doesn't."""
    found = one_value(graph) if mode.training else ()
    if any(getattr(node.op, "inplace", False) for node in graph.nodes):
        destroyed = overwritten(graph, mode, input_grad=input_grad)
        found = (*found, *(reason(graph, one) for one in destroyed))
    return found


def one_value(graph: Graph) -> tuple[str, ...]:
    """Name the batch norms that have one value for each channel: of one value there are no statistics."""
    return tuple(
        f"'{node.path}' has one value for each channel, too few for statistics; a larger batch has more"
        for node in graph.nodes
        if node.op.word == "batch_norm" and node.io.x.numel == node.io.x.channels
    )
