"""What changes are held against: an earlier network, or its numbers in a baseline file."""

from typing import Protocol

from archstat.budget.meter import Meter, Parts, Reading
from archstat.comparison.compare import Comparison, compare, compare_sides
from archstat.comparison.side import Side, side_of
from archstat.errors import UsageError
from archstat.report.architecture import Architecture
from archstat.report.columns import BY_KEY


class Base(Protocol):
    """The earlier state of one network."""

    def read(self, metric: str) -> Reading:
        """Return a metric's value then."""

    def changed(self, net: Architecture, metric: str) -> Parts:
        """Return the layers that cost more than then, with how much; none of what is no sum over layers."""


class Built:
    """A network that is there to be asked."""

    def __init__(self, net: Architecture) -> None:
        self._net = net
        self._meter = Meter(net.graph)

    def read(self, metric: str) -> Reading:
        return self._meter.read(metric)

    def changed(self, net: Architecture, metric: str) -> Parts:
        return _dearer(compare(self._net, net, (metric,))) if metric in BY_KEY else ()


class Kept:
    """A network's numbers as a file has them."""

    def __init__(self, side: Side, file: str) -> None:
        self._side = side
        self._file = file

    def read(self, metric: str) -> Reading:
        """Return a metric's value then. Raises a UsageError for one that the file doesn't have."""
        side = self._side
        if metric in side.keys:
            at = side.keys.index(metric)
            unknown = tuple(layer.path for layer in side.layers if layer.cells[at] is None)
            total, whole = side.total(metric)
            return Reading(total if whole else None, (), unknown)
        wholes = {"depth": side.depth, **side.wholes}
        if metric not in wholes:
            raise UsageError(
                f"{self._file}: has no '{metric}' of '{side.reference}'",
                hint="write it again with 'archstat compare --write-baseline'",
            )
        return Reading(wholes[metric])

    def changed(self, net: Architecture, metric: str) -> Parts:
        if metric not in self._side.keys:
            return ()
        new = side_of(net.spec, (metric,), aux=net.aux, settings=net.settings)
        return _dearer(compare_sides(self._side.only((metric,)), new))


def _dearer(comparison: Comparison) -> Parts:
    rows = comparison.rows
    return tuple((row.path, n) for row in rows if (n := row.changes[0]) is not None and n > 0)
