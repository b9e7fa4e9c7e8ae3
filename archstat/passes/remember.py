"""A pass whose answer is asked for again and again: several columns of one table, each layer of an explanation."""

from collections.abc import Callable
from functools import update_wrapper
from typing import TypeVar

from archstat.graph import Graph

T = TypeVar("T")


def remembered(function: Callable[[Graph], T]) -> Callable[[Graph], T]:
    """Return ``function`` with its last answer kept: a graph is frozen, so the same graph has the same."""
    last: list[tuple[Graph, T]] = []

    def answer(graph: Graph) -> T:
        for known, value in last:
            if known is graph:
                return value
        value = function(graph)
        last[:] = [(graph, value)]
        return value

    return update_wrapper(answer, function)
