"""A lowered graph some of whose stretches run through torch.utils.checkpoint."""

from collections.abc import Sequence
from typing import Any

from torch import fx, nn
from torch.utils.checkpoint import checkpoint


class Checkpointed(nn.Module):
    """A stretch of layers that runs again in the backward pass."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, *args: Any) -> Any:
        return checkpoint(self.inner, *args, use_reentrant=False)


def checkpointed(module: fx.GraphModule, stretches: Sequence[range]) -> fx.GraphModule:
    """Return ``module`` with each stretch of its nodes, numbered as the graph's, behind a checkpoint."""
    if not stretches:
        return module
    nodes = [node for node in module.graph.nodes if node.op != "output"]
    (end,) = (node for node in module.graph.nodes if node.op == "output")
    outer, at = fx.Graph(), 0
    values: dict[fx.Node, fx.Node] = {}
    wanted = {stretch.start: stretch for stretch in stretches}
    while at < len(nodes):
        stretch = wanted.get(at)
        if stretch is None:
            values[nodes[at]] = outer.node_copy(nodes[at], values.__getitem__)
            at += 1
            continue
        inside = [nodes[i] for i in stretch]
        arriving = dict.fromkeys(
            x for node in inside for x in node.all_input_nodes if x not in inside
        )
        leaving = [node for node in inside if any(user not in inside for user in node.users)]
        name = f"stretch_{at}"
        module.add_module(name, Checkpointed(_part(module, inside, list(arriving), leaving)))
        y = outer.call_module(name, tuple(values[x] for x in arriving))
        if len(leaving) == 1:
            values[leaving[0]] = y
        else:
            for i, node in enumerate(leaving):
                values[node] = outer.call_function(item, (y, i))
        at = stretch.stop
    outer.node_copy(end, values.__getitem__)
    return fx.GraphModule(module, outer)


def item(values: Any, i: int) -> Any:
    """Return one of several tensors that leave a stretch."""
    return values[i]


def _part(module: Any, inside: list[Any], arriving: list[Any], leaving: list[Any]) -> Any:
    graph = fx.Graph()
    values = {node: graph.placeholder(node.name) for node in arriving}
    for node in inside:
        values[node] = graph.node_copy(node, values.__getitem__)
    ends = tuple(values[node] for node in leaving)
    graph.output(ends[0] if len(ends) == 1 else ends)
    return fx.GraphModule(module, graph)
