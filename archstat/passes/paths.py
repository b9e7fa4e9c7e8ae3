"""The paths from one axis of the input to the units of a layer: what they see as if it had no ends, and up to them."""

from collections.abc import Callable

import msgspec

from archstat.ops.reach import Taps
from archstat.passes.ends import MOST, Ends, regular, told
from archstat.passes.lattice import Lattice, Span


class Paths(msgspec.Struct, frozen=True, gc=False):
    """The paths of one jump. ``together`` is what a unit sees over all of them; the others are single paths.

    ``extent`` is what all ``units`` units of the layer see together; it ends with the input, or before. ``ends`` is
    what each of them sees where that isn't ``together`` clipped to it. ``aligned`` says that wherever they met their
    centres were the same, on average over the phases.
    """

    largest: Lattice
    smallest: Lattice
    together: Lattice
    extent: Span
    units: int
    ends: Ends | None = None
    aligned: bool = True

    def seen(self, i: int) -> Span | None:
        """Return what unit i sees of the input, from the first to the last position."""
        return self.ends.at(i) if self.ends else self._clipped(self.together.at(i))

    def each(self, change: Callable[[Lattice], Lattice | None]) -> "Paths | None":
        """Return these paths with each lattice changed; ``None`` if one can't be."""
        largest = change(self.largest)
        smallest = largest if self.smallest is self.largest else change(self.smallest)
        together = largest if self.together is self.largest else change(self.together)
        if largest is None or smallest is None or together is None:
            return None
        return Paths(largest, smallest, together, self.extent, 1, None, self.aligned)

    def through(self, taps: Taps, units: int) -> "Paths | None":
        """Return the paths to a layer of ``units`` units that read these; ``None`` if it has too many phases."""
        made = self.each(lambda a: a.through(taps))
        if made is None:
            return None
        ends = None
        if self.ends or not regular(taps, self.units, units):
            before = self._followed()
            ends = before and before.through(taps, units)
        # A stride may leave out the end of what arrives.
        extent = ends.extent if ends else self._clipped(made.together.over(units))
        # Where they see nothing but padding, nothing is lost by keeping an extent.
        return msgspec.structs.replace(made, extent=extent or self.extent, units=units, ends=ends)

    def everything(self) -> "Paths":
        """Return the paths to a unit that sees all units of a layer."""
        nothing = self.ends is not None and self.ends.extent is None
        made = self.each(
            lambda a: Lattice(0, (None if nothing else self._clipped(a.over(self.units)),))
        )
        assert made is not None  # of one phase
        return made

    def alone(self, index: int) -> "Paths":
        """Return the paths to one unit, which others repeat."""
        made = self.each(lambda a: Lattice(0, (a.at(index),)))
        assert made is not None  # of one phase
        return msgspec.structs.replace(made, extent=self.seen(index) or self.extent)

    def beside(self, other: "Paths") -> "Paths | None":
        """Return these paths and ``other``, of the same jump; ``None`` if that has too many phases."""
        if self == other:
            return self
        together = self.together.joined(other.together)
        if together is None:
            return None
        largest = max(self.largest, other.largest, key=lambda lattice: lattice.size)
        if together == largest:
            together = largest  # one object, so that it is followed once
        ends = None
        if together.shift and (self.ends or other.ends or not self._clipped_alike(other, together)):
            ours, theirs = self._followed(), other._followed()
            ends = ours.joined(theirs) if ours and theirs else None
        return Paths(
            largest,
            min(self.smallest, other.smallest, key=lambda lattice: lattice.least),
            together,
            (min(self.extent[0], other.extent[0]), max(self.extent[1], other.extent[1])),
            self.units,
            ends,
            self.aligned and other.aligned and self.together.origin == other.together.origin,
        )

    def _clipped(self, span: Span | None) -> Span | None:
        if span is None:
            return None
        low, high = max(span[0], self.extent[0]), min(span[1], self.extent[1])
        return (low, high) if low <= high else None

    def _followed(self) -> Ends | None:
        """Return what each unit sees; ``None`` if there are too many."""
        if self.ends or self.units > MOST:
            return self.ends
        return told([self.together.at(i) for i in range(self.units)], self.extent)

    def _clipped_alike(self, other: "Paths", together: Lattice) -> bool:
        """Say whether to clip both together is to clip each: at each end one reaches the farthest in both ways."""
        for end, sign in (0, -1), (1, 1):
            if self.extent[end] == other.extent[end]:
                continue
            far = max(self, other, key=lambda paths: sign * paths.extent[end])
            for i in range(together.period):
                all_of_it, its = together.at(i), far.together.at(i)
                if all_of_it and (its is None or its[end] != all_of_it[end]):
                    return False
        return True
