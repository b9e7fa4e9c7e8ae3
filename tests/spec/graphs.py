"""What tests ask of a graph."""

from typing import Any

from archstat.graph import Graph, Node
from archstat.passes import params


def paths(graph: Graph) -> list[str]:
    """Return the paths of all layers, in order."""
    return [node.path for node in graph.nodes[1:]]


def ops(graph: Graph) -> list[str]:
    """Return the words of all layers, in order."""
    return [node.op.word for node in graph.nodes[1:]]


def node(graph: Graph, path: str) -> Node:
    """Return the layer of this path."""
    return next(node for node in graph.nodes if node.path == path)


def op(graph: Graph, path: str) -> Any:
    """Return the op of the layer of this path."""
    return node(graph, path).op


def read(graph: Graph, path: str) -> list[str]:
    """Return the paths of the layers whose outputs a layer reads."""
    return [graph.nodes[i].path for i in node(graph, path).inputs]


def shapes(graph: Graph) -> list[tuple[int, ...]]:
    """Return the shape of one sample behind each layer."""
    return [node.output.sample for node in graph.nodes[1:]]


def total_params(graph: Graph) -> int:
    return sum(params(graph))
