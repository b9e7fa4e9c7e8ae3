"""The formula behind a number: a polynomial in some settings, laid through exact values and checked at others."""

import os
from collections.abc import Sequence
from fractions import Fraction
from itertools import product

import msgspec

from archstat.errors import ArchstatError, SpecError, UsageError, printable
from archstat.report.report import Conditions
from archstat.report.values import written
from archstat.spec.model import Settings
from archstat.variants.axes import Axis
from archstat.variants.family import Family, known_metric
from archstat.variants.line import LARGEST_STEP, MOST_DEGREE, Line, find
from archstat.variants.polynomial import Polynomial, through

MOST_VARIABLES = 4

_TRIES = 3
"""Degrees that are tried where one is too low: the others' values may hide a term."""


class Formula(msgspec.Struct, frozen=True, kw_only=True):
    """A metric as a polynomial in some settings.

    ``lines`` say of each setting at which values it holds; the polynomial's variables are their k. ``start`` are the
    spec's own values and ``value`` the metric there. ``checked`` counts the networks that agree, those that the
    polynomial was laid through not among them.
    """

    name: str
    reference: str
    conditions: Conditions
    metric: str
    variables: tuple[str, ...]
    lines: tuple[Line, ...]
    polynomial: Polynomial
    start: tuple[int, ...]
    value: int
    checked: int

    @property
    def symbols(self) -> tuple[str, ...]:
        """What stands for each k: ``width``, or ``(resolution/32)`` where only every 32nd value is meant."""
        return tuple(map(_symbol, self.variables, self.lines))

    @property
    def text(self) -> str:
        """The polynomial as people write it."""
        return self.polynomial.written(self.symbols)

    def __call__(self, **values: int) -> int:
        """Return what the formula gives for these values. Raises a UsageError where it says nothing about one."""
        if sorted(values) != sorted(self.variables):
            raise UsageError(f"the formula needs {', '.join(self.variables)}")
        at = []
        for name, line in zip(self.variables, self.lines, strict=True):
            k, rest = divmod(values[name] - line.rest, line.step)
            outside = values[name] < line.low and "below" in line.breaks
            if rest or outside or (values[name] > line.high and "above" in line.breaks):
                raise UsageError(f"the formula doesn't hold at {name}={values[name]}")
            at.append(k)
        return int(self.polynomial(*at))


def formula(
    reference: str | os.PathLike[str],
    metric: str,
    variables: Sequence[str],
    *,
    settings: Settings | None = None,
    aux: bool = False,
) -> Formula:
    """Return the polynomial that gives a metric for every value of some settings, the others as they are.

    Raises a UsageError where no polynomial was found, or a setting changes nothing.
    """
    family = Family(reference, settings, aux=aux)
    known_metric(metric)
    names = tuple(variables)
    _check(family, names)
    probe = _Probe(family, metric, names)
    start = probe.start
    lines = [_line(probe, i) for i in range(len(names))]
    polynomial, checked = _fitted(probe, lines)
    alone = len(names) == 1
    return Formula(
        name=family.name,
        reference=family.reference,
        conditions=family.conditions(
            [Axis(n, (str(line.low), str(line.high))) for n, line in zip(names, lines, strict=True)]
        ),
        metric=metric,
        variables=names,
        lines=tuple(lines),
        polynomial=polynomial,
        start=start,
        value=probe(start),
        checked=lines[0].checked - lines[0].degree if alone else checked,
    )


def _check(family: Family, names: tuple[str, ...]) -> None:
    if not names:
        raise UsageError("a formula needs a variable", hint="say --in width")
    family.check(names)
    if len(set(names)) < len(names):
        raise UsageError("a variable is named twice")
    if len(names) > MOST_VARIABLES:
        raise UsageError(f"a formula has at most {MOST_VARIABLES} variables")


class _Probe:
    """Asks for the metric at values of the variables, each once."""

    def __init__(self, family: Family, metric: str, names: tuple[str, ...]) -> None:
        self.metric, self.names = metric, names
        self._family = family
        self._known: dict[tuple[int, ...], int | ArchstatError] = {}
        self.start = tuple(self._start(name) for name in names)

    def _start(self, name: str) -> int:
        text = self._family.default(name)
        if not (text.isdigit() and int(text[:9]) > 0):
            raise UsageError(
                f"'{name}' is {printable(text[:40])} here, and a formula starts from a whole number",
                hint=f"--set {name}=1",
            )
        return int(text)

    def __call__(self, at: tuple[int, ...]) -> int:
        """Return the metric. Raises an ArchstatError where there is no network."""
        found = self._known.get(at)
        if found is None:
            found = self._known[at] = self._measure(at)
        if isinstance(found, ArchstatError):
            raise found
        return found

    def _measure(self, at: tuple[int, ...]) -> int | ArchstatError:
        values = {name: str(x) for name, x in zip(self.names, at, strict=True)}
        try:
            (number,) = self._family.measure(values, [self.metric])
        except (SpecError, UsageError) as error:
            return error
        if number is None:
            raise UsageError(f"{self.metric} is unknown for {printable(self._family.name)}")
        if isinstance(number, Fraction):
            said = f"{self.metric} is {written(number)}"
            return UsageError(f"{said}, and a formula gives whole numbers")
        return number

    def along(self, i: int, x: int) -> int:
        """Return the metric with one variable changed."""
        return self((*self.start[:i], x, *self.start[i + 1 :]))

    @property
    def refused(self) -> str:
        """Say why some values gave no network, if any did."""
        for at, found in self._known.items():
            if isinstance(found, ArchstatError):
                said = ", ".join(f"{n}={x}" for n, x in zip(self.names, at, strict=True))
                return f"{said}: {found.message}"
        return ""


def _line(probe: _Probe, i: int) -> Line:
    name = probe.names[i]
    line = find(lambda x: probe.along(i, x), probe.start[i])
    if line is None:
        raise _none(probe, name)
    if line.degree == 0:
        raise UsageError(
            f"'{name}' changes no {probe.metric}: {probe.along(i, probe.start[i]):,} at every value tried"
        )
    return line


def _none(probe: _Probe, names: str) -> UsageError:
    tried = f"of degree {MOST_DEGREE} at most, at every value or every 2nd to {LARGEST_STEP}th"
    return UsageError(
        f"no polynomial form of {probe.metric} in {names} was found ({tried})",
        hint=probe.refused or "archstat sweep shows the numbers",
    )


def _fitted(probe: _Probe, lines: Sequence[Line]) -> tuple[Polynomial, int]:
    """Lay the polynomial through a grid, and check it beside and between."""
    first = [x // line.step for x, line in zip(probe.start, lines, strict=True)]

    def value(at: Sequence[int | Fraction]) -> int:
        return probe(tuple(line.at(int(k)) for k, line in zip(at, lines, strict=True)))

    try:
        for more in range(_TRIES):
            grid = [
                [k + i for i in range(line.degree + 1 + more)]
                for k, line in zip(first, lines, strict=True)
            ]
            found = through(grid, value)
            others = _others(first, [len(points) for points in grid], lines)
            if all(found(*at) == value(at) for at in others):
                return found, len(others)
    except ArchstatError:
        pass
    raise _none(probe, ", ".join(probe.names))


def _others(first: Sequence[int], sizes: Sequence[int], lines: Sequence[Line]) -> list[list[int]]:
    """Return places outside the grid: behind it in all variables, far out in some, and before it."""
    behind = [[k + n + j for j in (0, 2)] for k, n in zip(first, sizes, strict=True)]
    far = [[k, k + n + 7] for k, n in zip(first, sizes, strict=True)]
    before = [
        [k - 1 if line.at(k - 1) >= max(line.low, 1) else k, k + 1]
        for k, line in zip(first, lines, strict=True)
    ]
    found = {at for some in (behind, far, before) for at in product(*some)}
    limits = [
        (line.low if "below" in line.breaks else 1, line.high if "above" in line.breaks else None)
        for line in lines
    ]
    return [
        list(at)
        for at in sorted(found)
        if all(
            low <= line.at(k) and (high is None or line.at(k) <= high)
            for k, line, (low, high) in zip(at, lines, limits, strict=True)
        )
    ]


def _symbol(name: str, line: Line) -> str:
    if line.step == 1:
        return name
    top = f"({name} - {line.rest})" if line.rest else name
    return f"({top}/{line.step})"


def meant(name: str, line: Line) -> str:
    """Say at which values a formula holds: ``resolution a multiple of 32, not below 64``."""
    said = f"every {name}"
    if line.step > 1:
        rest = f" = {line.step}*k + {line.rest}" if line.rest else f" a multiple of {line.step}"
        said = name + rest
    ends = []
    if "below" in line.breaks:
        ends.append(f"not below {line.low:,}")
    if "above" in line.breaks:
        ends.append(f"not above {line.high:,}")
    return ", ".join([said, *ends])
