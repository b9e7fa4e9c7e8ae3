"""Intervals of input positions that repeat: what the units of a layer see along one axis, as if it had no ends.

All arithmetic is on whole numbers. A convolution moves the interval by its stride from unit to unit; a transposed
convolution or a resize has a few kinds of unit, its phases, that take turns.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import gcd, lcm

import msgspec

from archstat.ops.reach import Taps

LONGEST = 512
"""Phases that are followed; a lattice of more is unknown."""

Span = tuple[int, int]
"""The first and the last position."""


class Lattice(msgspec.Struct, frozen=True, gc=False):
    """Unit i sees ``spans[i % period]`` moved by ``shift`` for each whole period before it.

    A span of ``None`` is empty: the holes of a transposed convolution whose stride is more than its kernel. A shift
    of 0 says that all units see the same.
    """

    shift: int
    spans: tuple[Span | None, ...]

    @property
    def period(self) -> int:
        return len(self.spans)

    @property
    def jump(self) -> Fraction:
        """How far the interval moves from unit to unit, on average."""
        return Fraction(self.shift, len(self.spans))

    @property
    def size(self) -> int:
        """Positions from the first to the last one seen: the most over the phases."""
        return max(span[1] - span[0] + 1 if span else 0 for span in self.spans)

    @property
    def least(self) -> int:
        """The fewest positions over the phases."""
        return min(span[1] - span[0] + 1 if span else 0 for span in self.spans)

    @property
    def origin(self) -> Fraction:
        """The centre of unit 0's interval, taking the mean over the phases; 0 where all are empty."""
        seen = [lo + hi for lo, hi in filter(None, self.spans)]
        if not seen:
            return Fraction(0)
        return Fraction(sum(seen), 2 * len(seen)) - self.jump * (len(self.spans) - 1) / 2

    def at(self, i: int) -> Span | None:
        """Return what unit i sees; i may be negative, or beyond the axis."""
        turns, phase = divmod(i, len(self.spans))
        span = self.spans[phase]
        return span and (span[0] + turns * self.shift, span[1] + turns * self.shift)

    def through(self, taps: Taps) -> "Lattice | None":
        """Return what the units of a layer see that read units of this one; ``None`` if it has too many phases."""
        period, shift = len(self.spans), taps.shift
        if period == 1 and taps.period == 1:
            span = self.spans[0]
            read = taps.at(0)
            if span is None or not read:
                return Lattice(self.shift * shift, (None,))
            first, last = self.shift * read[0], self.shift * read[-1]
            return Lattice(self.shift * shift, ((span[0] + first, span[1] + last),))
        turns = period // gcd(period, shift)
        if taps.period * turns > LONGEST:
            return None
        spans = tuple(self._seen(taps.at(i)) for i in range(taps.period * turns))
        return _shortest(Lattice(shift * turns // period * self.shift, spans))

    def over(self, units: int) -> Span | None:
        """Return what the first ``units`` units see together."""
        ends = {*range(min(units, len(self.spans))), *range(max(0, units - len(self.spans)), units)}
        return hull([self.at(i) for i in ends])

    def joined(self, other: "Lattice") -> "Lattice | None":
        """Return what units see that see this and ``other``, of the same jump; ``None`` if it has too many phases."""
        period = lcm(len(self.spans), len(other.spans))
        if period > LONGEST:
            return None
        spans = tuple(hull([self.at(i), other.at(i)]) for i in range(period))
        return _shortest(Lattice(period // len(self.spans) * self.shift, spans))

    def _seen(self, read: range) -> Span | None:
        # Beyond one period, further taps see the same as earlier ones, moved: only the outermost count.
        most = len(self.spans)
        ends = read if len(read) <= 2 * most else (*read[:most], *read[-most:])
        return hull([self.at(i) for i in ends])


def hull(spans: Sequence[Span | None]) -> Span | None:
    """Return the smallest interval that holds all of ``spans``."""
    seen = [span for span in spans if span is not None]
    return (min(lo for lo, _ in seen), max(hi for _, hi in seen)) if seen else None


def _shortest(lattice: Lattice) -> Lattice:
    """Return the same lattice with the shortest period: what a stride takes back from a resize."""
    spans, shift = lattice.spans, lattice.shift
    period = len(spans)
    for factor in range(period, 1, -1):
        if period % factor or shift % factor:
            continue
        short = Lattice(shift // factor, spans[: period // factor])
        if all(short.at(i) == span for i, span in enumerate(spans)):
            return short
    return lattice


ONE = Lattice(1, ((0, 0),))
"""The input itself: unit i sees position i."""
