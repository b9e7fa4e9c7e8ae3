"""Layers alike: of the same op between the same tensors, a rule says the same."""

from collections.abc import Callable
from typing import TypeVar

from archstat.graph import Graph
from archstat.ops.base import IO, Op

T = TypeVar("T")


def each(graph: Graph, rule: Callable[[Op, IO], T]) -> tuple[T, ...]:
    """Return what a rule says of each node, asked once of those that have op and tensors in common."""
    ops, ios, kind_of = graph.kinds
    answers = list(map(rule, ops, ios))
    return tuple(map(answers.__getitem__, kind_of))
