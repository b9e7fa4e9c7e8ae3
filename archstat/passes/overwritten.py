"""Layers in place that destroy what the backward pass needs: PyTorch runs such a network, and refuses to train it."""

import msgspec

from archstat.graph import Graph, Node
from archstat.ops.tape import Mode
from archstat.passes.trace import Ran, trace, trained_nodes


class Overwritten(msgspec.Struct, frozen=True):
    """Node ``by`` writes over what node ``kept_by`` keeps; over a trained parameter, where both are the same node."""

    by: int
    kept_by: int


def overwritten(graph: Graph, mode: Mode, *, input_grad: bool = False) -> tuple[Overwritten, ...]:
    """Return what is overwritten before the backward pass reads it, in network order.

    Counts:  memory that one layer makes autograd keep and a later one changes in place, through any view of it;
             trained parameters that are changed in place
    Ignores: what a layer in place keeps of its own result
    Unit:    pairs of layers
    Source:  the version counters of torch.Tensor
    """
    run = trace(graph, mode, input_grad=input_grad)
    trained = trained_nodes(graph)
    keepers: dict[int, list[int]] = {}
    found: dict[Overwritten, None] = {}
    for ran in run.steps:
        node = graph.nodes[ran.node]
        changed = writes(node, ran, mode)
        owner = -ran.y.storage
        # A buffer may be written over: it has no gradient.
        if changed and owner > 0 and trained[owner] and graph.nodes[owner].params():
            found[Overwritten(ran.node, ran.node)] = None
        elif changed:
            for keeper in keepers.pop(ran.y.storage, ()):
                found[Overwritten(ran.node, keeper)] = None
        for _, storage in ran.kept:
            keepers.setdefault(storage, []).append(ran.node)
    return tuple(found)


def reason(graph: Graph, found: Overwritten) -> str:
    """Say what a layer in place destroys, for which PyTorch refuses to train the network."""
    by, kept_by = graph.nodes[found.by].path, graph.nodes[found.kept_by].path
    if by == kept_by:
        return f"'{by}' changes a trained parameter in place"
    return f"'{by}' changes in place what '{kept_by}' keeps for the backward pass"


def writes(node: Node, ran: Ran, mode: Mode) -> bool:
    """Say whether a step of ``node`` changes its input in place; dropout does while training alone."""
    if not getattr(node.op, "inplace", False) or ran.fresh:
        return False
    p = getattr(node.op, "p", None)
    return p is None or bool(mode.training and p)
