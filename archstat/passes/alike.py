"""Layers alike: of the same op between the same tensors, a rule says the same."""

from collections.abc import Callable
from typing import TypeVar

from archstat.graph import Graph, Node
from archstat.ops.base import IO, Op
from archstat.passes.remember import remembered

T = TypeVar("T")


def each(graph: Graph, rule: Callable[[Op, IO], T]) -> tuple[T, ...]:
    """Return what a rule says of each node, asked once of those that have op and tensors in common."""
    kinds, kind_of = _kinds(graph)
    answers = [rule(node.op, node.io) for node in kinds]
    return tuple([answers[kind] for kind in kind_of])


@remembered
def _kinds(graph: Graph) -> tuple[list[Node], list[int]]:
    """Return one node of each kind, and the kind of each node."""
    # The builder gives layers alike the same objects, which tells them apart sooner than comparing would.
    known: dict[tuple[int, int], int] = {}
    kinds: list[Node] = []
    kind_of: list[int] = []
    for node in graph.nodes:
        key = (id(node.op), id(node.io))
        kind = known.get(key)
        if kind is None:
            kind = known[key] = len(kinds)
            kinds.append(node)
        kind_of.append(kind)
    return kinds, kind_of
