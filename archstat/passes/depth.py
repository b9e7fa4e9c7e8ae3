"""How deep a network is: layers with weights along the longest path."""

from collections.abc import Container

from archstat.graph import Graph


def depth(graph: Graph, counted: Container[int] | None = None) -> tuple[int, ...]:
    """Count the layers with weights on the longest path from the input to each node, itself included.

    ``counted`` are the nodes that count, all by default.

    Counts:  convolutions and linear layers, one each; attention as the two linear layers that it holds one behind the
             other; a shared layer each time it is passed
    Ignores: norms, embeddings and parameters alone, which have weights but are no layers to the papers; pools; what
             stands beside a longer path, such as the convolution of a shortcut
    Unit:    layers
    Source:  Simonyan & Zisserman 2014, Table 1; Szegedy et al. 2014, Section 5; He et al. 2015, Table 1
    """
    longest: list[int] = []
    for i, node in enumerate(graph.nodes):
        before = max((longest[j] for j in node.inputs), default=0)
        longest.append(before + (node.op.deep if counted is None or i in counted else 0))
    return tuple(longest)
