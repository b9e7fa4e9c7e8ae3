"""The graph of an architecture: typed, already shaped, frozen. See :mod:`archstat.graph.graph`."""

from archstat.graph.builder import Builder
from archstat.graph.graph import Graph, Input, Node

__all__ = ["Builder", "Graph", "Input", "Node"]
