"""The first and the last input position that each unit of a layer sees, unit by unit, where the axis does have ends.

A lattice goes on for ever. To clip it to the input is exact as long as the first tap of a window that isn't in the
padding sees what the one at the end of the axis does. A dilated window may step from the padding over the first
positions, a window may lie in the padding as a whole: from there on the units are followed one by one.
"""

from collections.abc import Sequence
from functools import lru_cache

import msgspec

from archstat.ops.reach import Cells, Sample, Slide, Spread, Taps
from archstat.passes.lattice import Span

MOST = 2**12
"""Taps of one layer that are followed: its units times those of each. Beyond, what is seen is clipped as it is."""

BEHIND = 2**62
"""The first position of a unit that sees nothing; the last one is -1."""


class Ends(msgspec.Struct, frozen=True, gc=False):
    """Unit i sees from ``first[i]`` to ``last[i]``: nothing where the first lies behind the last."""

    first: tuple[int, ...]
    last: tuple[int, ...]

    def at(self, i: int) -> Span | None:
        first, last = self.first[i], self.last[i]
        return (first, last) if first <= last else None

    @property
    def extent(self) -> Span | None:
        """What all units see together."""
        first, last = min(self.first), max(self.last)
        return (first, last) if first <= last else None

    def through(self, taps: Taps, units: int) -> "Ends | None":
        """Return what the ``units`` units of a layer see that read these; ``None`` if it has too many taps."""
        most = max(1, *(len(taps.at(i)) for i in range(taps.period)))
        return _through(self, taps, units) if units * most <= MOST else None

    def joined(self, other: "Ends") -> "Ends":
        """Return what units see that see this and ``other``."""
        first = tuple(map(min, self.first, other.first))
        return Ends(first, tuple(map(max, self.last, other.last)))


def told(spans: Sequence[Span | None], extent: Span) -> Ends:
    """Return the ends of units that see ``spans``, as far as ``extent`` goes."""
    low, high = extent
    clipped = [(max(s[0], low), min(s[1], high)) if s else (1, 0) for s in spans]
    seen = [s if s[0] <= s[1] else (BEHIND, -1) for s in clipped]
    return Ends(tuple(s[0] for s in seen), tuple(s[1] for s in seen))


def regular(taps: Taps, arriving: int, units: int) -> bool:
    """Say whether of each of ``units`` windows, over ``arriving`` units, the taps that aren't in the padding follow it.

    So it is where no tap is in the padding, or the window has no holes and is nowhere in the padding as a whole. The
    windows' ends must move on with the units, too: those of a bicubic resize move back at pixels that it copies.
    """
    if isinstance(taps, Cells):
        return True
    if isinstance(taps, Slide):
        last = taps.at(units - 1)
        if taps.padding <= 0 and last[-1] < arriving:
            return True
        solid = taps.dilation == 1 or taps.kernel == 1
        return solid and taps.at(0)[-1] >= 0 and last[0] < arriving
    if isinstance(taps, Spread):
        solid = taps.dilation == 1 and taps.kernel >= taps.stride
    else:
        solid = isinstance(taps, Sample) and not taps.before
    return solid and all(_real(taps.at(i), arriving) for i in (0, units - 1))


@lru_cache(maxsize=256)
def _through(ends: Ends, taps: Taps, units: int) -> Ends:
    if isinstance(taps, Slide):
        columns = _columns(ends.first, taps, units, BEHIND), _columns(ends.last, taps, units, -1)
        # Twice the first one, since the least of one alone is asked of what it holds.
        first, last = map(min, columns[0][0], *columns[0]), map(max, columns[1][0], *columns[1])
        return Ends(tuple(first), tuple(last))
    reads = [_real(taps.at(i), len(ends.first)) for i in range(units)]
    slices = [slice(read.start, read.stop, read.step) for read in reads]
    return Ends(
        tuple([min(ends.first[at], default=BEHIND) for at in slices]),
        tuple([max(ends.last[at], default=-1) for at in slices]),
    )


def _columns(
    values: tuple[int, ...], window: Slide, units: int, nothing: int
) -> list[tuple[int, ...]]:
    """Return for each tap of a window the value that each unit reads, ``nothing`` in the padding."""
    before = max(0, window.padding)
    behind = max(0, window.at(units - 1)[-1] + 1 - len(values))
    padded = (nothing,) * before + values + (nothing,) * behind
    length = window.stride * (units - 1) + 1
    starts = [tap + before for tap in window.at(0)]
    return [padded[start : start + length : window.stride] for start in starts]


def _real(read: range, arriving: int) -> range:
    """Return those of the positions that there are."""
    start = read.start if read.start >= 0 else read.start % read.step
    return range(start, max(start, min(read.stop, arriving)), read.step)
