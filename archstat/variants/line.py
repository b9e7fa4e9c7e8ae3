"""How a number goes with one setting: as a polynomial, perhaps only at every so manieth value, and how far."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise

import msgspec

from archstat.errors import ArchstatError
from archstat.variants.polynomial import Polynomial, through

MOST_DEGREE = 4
"""Of one setting: attention's cost grows with the fourth power of an image's side."""

LARGEST_STEP = 128

_CHECKS = 3
"""Values that must agree beside those that the polynomial is laid through."""

_ABOVE = (*range(1, 13), 24, 48)
_BELOW = 64
_ENOUGH = 16
"""Values in a row for which a polynomial that doesn't hold everywhere is worth saying."""

Measure = Callable[[int], int]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A polynomial in k where the setting is ``rest + step * k``.

    ``low`` and ``high`` are the smallest and the largest value at which it was checked and holds; with ``breaks`` it
    doesn't hold at the next value below, above or both.
    """

    step: int
    rest: int
    degree: int
    low: int
    high: int
    checked: int
    breaks: tuple[str, ...] = ()

    def at(self, k: int) -> int:
        """Return the setting's value for k."""
        return self.rest + self.step * k


def find(measure: Measure, start: int) -> Line | None:
    """Return how a number goes with a setting around ``start``, or ``None`` where no polynomial was found.

    ``measure`` raises an ArchstatError where a value gives no network.
    """
    partial: list[Line] = []
    for step in _steps():
        degree = _degree(measure, start, step)
        if degree is None:
            continue
        line = _followed(measure, start, step, degree)
        if "above" not in line.breaks:
            return line
        if line.degree and line.checked >= _ENOUGH:
            partial.append(line)
    return max(partial, key=lambda line: line.checked, default=None)


def _steps() -> Iterator[int]:
    """Yield the steps to try: strides multiply to powers of 2, other divisors come from heads and groups."""
    powers = [2**i for i in range(LARGEST_STEP.bit_length())]
    yield from powers
    yield from (n for n in range(3, LARGEST_STEP // 2) if n not in powers)


def _degree(measure: Measure, start: int, step: int) -> int | None:
    """Return the degree of the polynomial through the values from ``start`` on, if some more agree with it."""
    values: list[int] = []
    for i in range(MOST_DEGREE + 1 + _CHECKS):
        try:
            values.append(measure(start + i * step))
        except ArchstatError:
            return None
        degree = _order(values)
        if degree is not None:
            return degree
    return None


def _order(values: Sequence[int]) -> int | None:
    """Return the degree at which the differences vanish, if enough of them do."""
    differences = list(values)
    for degree in range(len(values) - _CHECKS):
        differences = [b - a for a, b in pairwise(differences)]
        if not any(differences):
            return degree
    return None


def _followed(measure: Measure, start: int, step: int, degree: int) -> Line:
    """Follow the polynomial up and down for as long as it holds."""
    rest, k = start % step, start // step
    points = [k + i for i in range(degree + 1)]
    curve = through([points], lambda at: measure(rest + step * int(at[0])))
    above, high, broken_above = _agreeing(measure, curve, rest, step, (k + i for i in _ABOVE))
    lowest = max(k - _BELOW, 0 if rest else 1)
    below, low, broken_below = _agreeing(measure, curve, rest, step, range(k - 1, lowest - 1, -1))
    broken = {"below": broken_below, "above": broken_above}
    return Line(
        step=step,
        rest=rest,
        degree=degree,
        low=start if low is None else low,
        high=start if high is None else high,
        checked=1 + above + below,
        breaks=tuple(where for where, breaks in broken.items() if breaks),
    )


def _agreeing(
    measure: Measure, curve: Polynomial, rest: int, step: int, along: Iterable[int]
) -> tuple[int, int | None, bool]:
    """Return at how many values a polynomial holds, the last of them, and whether it then breaks."""
    count, last = 0, None
    for k in along:
        x = rest + step * k
        try:
            value = measure(x)
        except ArchstatError:
            continue
        if curve(k) != value:
            return count, last, True
        count, last = count + 1, x
    return count, last, False
