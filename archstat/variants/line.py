"""How a number goes with one setting: as a polynomial, perhaps only at every so manieth value, and how far."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import pairwise

import msgspec

from archstat.errors import ArchstatError
from archstat.report.values import written
from archstat.variants.polynomial import through

MOST_DEGREE = 4
"""Of one setting: attention's cost grows with the fourth power of an image's side."""

LARGEST_STEP = 128

_CHECKS = 3
"""Values that must agree beside those that the polynomial is laid through."""

_ABOVE = 48
_FEWEST_ABOVE = 12
_BELOW = 64
"""How many values above and below the start are tried, each; above, fewer where networks are large."""

_FARTHER = (24, 48)
_FAR = (10, 100)
"""Then values far above: so many behind the start, and multiples of the largest."""

_MOST_WORK = 30_000
"""Layers of all the networks of a range, more or less."""

_LARGEST_NETWORK = 10_000
"""Layers of a network far above."""

_ENOUGH = 16
"""Values in a row for which a polynomial that doesn't hold everywhere is worth saying."""

Measure = Callable[[int], int]
Layers = Callable[[int], int]
"""Says how many layers the network at a value has that was measured before."""


class Difference(msgspec.Struct, frozen=True):
    """A value, as it is set, at which the number is another than the polynomial gives."""

    value: str
    number: int
    claimed: int | Fraction


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A polynomial in k where the setting is ``rest + step * k``.

    Every such value from ``low`` to ``high`` was tried: ``checked`` of them give a network, and there it holds; so it
    does at the values of ``far``. With ``breaks`` it doesn't hold at a value below, above or both; ``differences`` are
    these, and fractions at which it doesn't hold.
    """

    step: int
    rest: int
    degree: int
    low: int
    high: int
    checked: int
    far: tuple[int, ...] = ()
    breaks: tuple[str, ...] = ()
    differences: tuple[Difference, ...] = ()

    def at(self, k: int) -> int:
        """Return the setting's value for k."""
        return self.rest + self.step * k


def find(measure: Measure, start: int, layers: Layers = lambda x: 1) -> Line | None:
    """Return how a number goes with a setting around ``start``, or ``None`` where no polynomial was found.

    ``measure`` raises an ArchstatError where a value gives no network.
    """
    partial: list[Line] = []
    for step in _steps():
        degree = _degree(measure, start, step)
        if degree is None:
            continue
        line = _followed(measure, start, step, degree, layers)
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


def _followed(measure: Measure, start: int, step: int, degree: int, layers: Layers) -> Line:
    """Follow the polynomial up and down for as long as it holds, and then look far up."""
    rest, k = start % step, start // step
    points = [k + i for i in range(degree + 1)]
    curve = through([points], lambda at: measure(rest + step * int(at[0])))

    def differs(x: int) -> Difference | None:
        value, claimed = measure(x), curve((x - rest) // step)
        return None if value == claimed else Difference(str(x), value, claimed)

    def value_at(i: int) -> int:
        return rest + step * i

    above = _agreeing(differs, map(value_at, range(k + 1, k + _ABOVE + 1)), layers)
    lowest = max(k - _BELOW, 0 if rest else 1)
    below = _agreeing(differs, map(value_at, range(k - 1, lowest - 1, -1)), layers)
    high = max(above.holds, default=start)
    far = _Walk([], above.end)
    if far.end is None and high > start:
        top = (high - rest) // step
        tries = [*(k + i for i in _FARTHER if k + i > top), *(i * top for i in _FAR)]
        each = max(layers(high) - layers(start), 0) / (high - start)
        xs = [x for x in map(value_at, tries) if each * (x - high) <= _LARGEST_NETWORK]
        far = _agreeing(differs, xs, layers)
    ends = {"below": below.end, "above": far.end}
    return Line(
        step=step,
        rest=rest,
        degree=degree,
        low=min(below.holds, default=start),
        high=high,
        checked=1 + len(above.holds) + len(below.holds),
        far=tuple(far.holds),
        breaks=tuple(where for where, end in ends.items() if end),
        differences=tuple(end for end in ends.values() if end),
    )


class _Walk(msgspec.Struct):
    """The values at which a polynomial holds, and where it then doesn't."""

    holds: list[int]
    end: Difference | None = None


def _agreeing(
    differs: Callable[[int], Difference | None], along: Iterable[int], layers: Layers
) -> _Walk:
    """Try a polynomial at some values until it fails, or the networks were many layers."""
    walk, work = _Walk([]), 0
    for x in along:
        if work > _MOST_WORK and len(walk.holds) >= _FEWEST_ABOVE:
            break
        try:
            walk.end = differs(x)
        except ArchstatError:
            continue
        if walk.end:
            break
        walk.holds.append(x)
        work += layers(x)
    return walk


def held(line: Line) -> str:
    """Say at which values a formula was tried and holds: ``at the 55 values tried, 32 to 1,760``."""
    values = "value" if line.checked == 1 else "values"
    said = f"at the {line.checked:,} {values} tried, {line.low:,} to {line.high:,}"
    if line.far:
        *most, last = (f"{x:,}" for x in line.far)
        said += f", and at {', '.join(most)} and {last}" if most else f", and at {last}"
    none = (line.high - line.low) // line.step + 1 - line.checked
    return f"{said}; {none:,} between give no such number" if none else said


def meant(name: str, line: Line) -> str:
    """Say which values a formula is about and what is known of them: ``whole width: equal at the 112 values tried``."""
    said = f"whole {name}"
    if line.step > 1:
        rest = f" = {line.step}*k + {line.rest}" if line.rest else f" a multiple of {line.step}"
        said = name + rest
    return f"{said}: equal {held(line)}"


def different(name: str, line: Line) -> str:
    """Say where a formula doesn't hold: ``not at width=0.5, where it is 1,968,680, not 1,221,768``."""
    several = [
        f"at {name}={one.value} it is {written(one.number)}, not {written(one.claimed)}"
        for one in line.differences
    ]
    return "; ".join(several)
