"""Asks one network for any metric: a column's total, a number of the whole network, or the output's shape."""

import msgspec

from archstat.graph import Graph
from archstat.report.columns import BY_KEY, READING_BY_KEY
from archstat.report.grouping import sample
from archstat.report.wholes import WHOLE_BY_KEY
from archstat.tensor import Shape

Parts = tuple[tuple[str, int], ...]
"""Layers, each with its part of a number."""


class Reading(msgspec.Struct, frozen=True):
    """A metric's value, ``None`` where it is unknown, and where it comes from.

    ``unknown`` are the layers without a number. One sample's shape is channels first.
    """

    value: int | Shape | None
    parts: Parts = ()
    unknown: tuple[str, ...] = ()


class Meter:
    """One graph, asked many times: each metric is worked out once."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._read: dict[str, Reading] = {}

    def read(self, metric: str) -> Reading:
        """Return one of :data:`archstat.spec.model.METRICS`, for the whole batch."""
        if metric not in self._read:
            self._read[metric] = self._reading(metric)
        return self._read[metric]

    def _reading(self, metric: str) -> Reading:
        if metric == "output":
            return Reading(sample(self.graph.output))
        if metric in WHOLE_BY_KEY:
            found = WHOLE_BY_KEY[metric].measure(self.graph)
            return Reading(found.value, found.parts)
        if metric in READING_BY_KEY:
            return self._of_the_output(metric)
        values = BY_KEY[metric].values(self.graph)
        paths = [node.path for node in self.graph.nodes]
        unknown = tuple(path for path, n in zip(paths, values, strict=True) if n is None)
        parts = tuple((path, n) for path, n in zip(paths, values, strict=True) if n)
        return Reading(None if unknown else sum(n for _, n in parts), parts, unknown)

    def _of_the_output(self, metric: str) -> Reading:
        """Return what is read off the output; unknown where it is no whole number, or differs by axis."""
        at = self.graph.outputs[0]
        value, path = READING_BY_KEY[metric].values(self.graph)[at], self.graph.nodes[at].path
        if not isinstance(value, int):
            return Reading(None, (), (path,))
        return Reading(value, ((path, value),))


def unit_of(metric: str) -> str:
    """Return a metric's unit: elements, bytes, MAC, FLOP, layers; a shape's is elements.

    >>> unit_of("activation_bytes"), unit_of("depth")
    ('bytes', 'layers')
    """
    if metric in WHOLE_BY_KEY:
        return WHOLE_BY_KEY[metric].unit
    if metric in READING_BY_KEY:
        return READING_BY_KEY[metric].unit
    return BY_KEY[metric].unit if metric in BY_KEY else "elements"
