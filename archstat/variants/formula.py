"""The formula behind a number: a polynomial in some settings, laid through exact values and checked at others."""

import os
from collections.abc import Sequence
from fractions import Fraction
from itertools import product

import msgspec

from archstat.errors import ArchstatError, UsageError
from archstat.report.report import Conditions
from archstat.spec.model import Settings
from archstat.variants.axes import Axis
from archstat.variants.family import DEFAULTS, Family, known_metric, unknown
from archstat.variants.line import LARGEST_STEP, MOST_DEGREE, Difference, Line, find, held
from archstat.variants.polynomial import Polynomial, through
from archstat.variants.probe import Probe
from archstat.variants.varied import check_numbers

MOST_VARIABLES = 4

_FRACTIONS = ("0.25", "0.35", "0.5", "0.75", "1.4")
"""Values of a variable that is a multiplier, as MobileNet's width."""

_TRIES = 3
"""Degrees that are tried where one is too low: the others' values may hide a term."""


_BATCHES = (8, 32, 128)
"""Batches to start from where there is no polynomial from 1 on: where memory is most, another layer may come in."""


class NoPolynomial(UsageError):
    """No polynomial was found."""


class Formula(msgspec.Struct, frozen=True, kw_only=True):
    """A metric as a polynomial in some settings.

    ``lines`` say of each setting at which values it holds; the polynomial's variables are their k. ``start`` are the
    spec's own values and ``value`` the metric there. ``checked`` counts the values of one variable that agree, or the
    combinations of several that do beside the values of each and those that the polynomial was laid through.
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
    """Return the polynomial that gives a metric at all values tried of some settings, the others as they are.

    Raises a UsageError where no polynomial was found, or a setting changes nothing, and the error of the network where
    the settings as they are give none.
    """
    family = Family(reference, settings, aux=aux)
    known_metric(metric)
    names = tuple(variables)
    _check(family, names)
    try:
        return _found(family, metric, names)
    except NoPolynomial as error:
        hint = _from_other_batches(family, metric, names)
        raise UsageError(error.message, hint=hint or error.hint) from None


def _found(family: Family, metric: str, names: tuple[str, ...]) -> Formula:
    probe = Probe(family, metric, names)
    start = probe.start
    # What is wrong already where nothing is changed isn't about values.
    if family.measure(dict(zip(names, map(str, start), strict=True)), [metric]) == (None,):
        raise UsageError(unknown(metric))
    lines = [_line(probe, i) for i in range(len(names))]
    polynomial, checked = _fitted(probe, lines)
    lines = [_with_fractions(probe, polynomial, lines, i) for i in range(len(names))]
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
        checked=lines[0].checked + len(lines[0].far) if alone else checked,
    )


def _from_other_batches(family: Family, metric: str, names: tuple[str, ...]) -> str:
    """Say with which larger batch to start from there is a polynomial, and from where on it holds."""
    if "batch" not in names or "batch" in family.own or family.settings.batch != DEFAULTS.batch:
        return ""
    for batch in _BATCHES:
        settings = msgspec.structs.replace(family.settings, batch=batch)
        try:
            found = _found(Family(family.reference, settings, aux=family.aux), metric, names)
        except ArchstatError:
            continue
        line = found.lines[names.index("batch")]
        return f"there is one from batch={line.low:,} on: start there, with --batch {batch}"
    return ""


def _check(family: Family, names: tuple[str, ...]) -> None:
    if not names:
        raise UsageError("a formula needs a variable", hint="say --in width")
    check_numbers(family, names)
    if len(set(names)) < len(names):
        raise UsageError("a variable is named twice")
    if len(names) > MOST_VARIABLES:
        raise UsageError(f"a formula has at most {MOST_VARIABLES} variables")


def _line(probe: Probe, i: int) -> Line:
    name = probe.names[i]
    line = find(lambda x: probe.along(i, x), probe.start[i], lambda x: probe.layers(i, x))
    if line is None and (others := probe.only(i)):
        raise UsageError(
            f"only {name}={probe.start[i]} gives a network: none of the {others} others tried does",
            hint=probe.refused,
        )
    if line is None:
        raise _none(probe, name)
    if line.degree == 0:
        value = f"{probe.along(i, probe.start[i]):,}"
        raise UsageError(f"'{name}' changes no {probe.metric}: {value} {held(line)}")
    return line


def _with_fractions(probe: Probe, polynomial: Polynomial, lines: Sequence[Line], i: int) -> Line:
    """Add fractions that contradict the polynomial, of a variable whose every whole value is meant."""
    line = lines[i]
    if line.step > 1:
        return line
    at = [x // other.step for x, other in zip(probe.start, lines, strict=True)]
    found = []
    for text in _FRACTIONS:
        number = probe.fraction(i, text)
        claimed = polynomial(*at[:i], Fraction(text), *at[i + 1 :])
        if number is not None and number != claimed:
            found.append(Difference(text, number, claimed))
    return msgspec.structs.replace(line, differences=(*line.differences, *found))


def _none(probe: Probe, names: str) -> NoPolynomial:
    tried = f"of degree {MOST_DEGREE} at most, at every value or every 2nd to {LARGEST_STEP}th"
    return NoPolynomial(
        f"no polynomial form of {probe.metric} in {names} was found ({tried})",
        hint=probe.refused or "archstat sweep shows the numbers",
    )


def _fitted(probe: Probe, lines: Sequence[Line]) -> tuple[Polynomial, int]:
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
