"""Graphs as keys of caches."""

from archstat.graph import Graph


class ById:
    """A graph as a key: the same object is the same graph."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def __hash__(self) -> int:
        return id(self.graph)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ById) and other.graph is self.graph
