"""A sweep as a table, CSV, JSON or Markdown: the settings, the numbers, and an error where there is no network."""

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from archstat.render import listing, markdown
from archstat.render.escape import clean, shape
from archstat.render.grid import draw
from archstat.render.ink import ink
from archstat.render.json import envelope, transfer
from archstat.render.layout import Field, changes
from archstat.render.prose import wrapped
from archstat.render.style import Style
from archstat.render.table import MOST_ROWS, fit
from archstat.report.report import Conditions
from archstat.report.values import plain as plain_number
from archstat.report.values import written
from archstat.variants.choice import Variant
from archstat.variants.family import describe
from archstat.variants.sweep import Sweep

_ERROR = "error"
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,30})?", re.ASCII)
_FEW = 3
"""Errors that are said below a table too narrow for them."""


def render(name: str, sweep: Sweep, style: Style) -> str:
    """Write a sweep in the format ``name``."""
    if name in ("csv", "tsv"):
        return listing.render(name, _listing(sweep), style)
    if name == "json":
        return _json(sweep)
    if name == "markdown":
        lines: Iterator[str] = markdown.table(_fields(sweep, sweep.variants))
        return "".join(f"{line.rstrip()}\n" for line in lines)
    return "".join(f"{line.rstrip()}\n" for line in _table(sweep, style))


def _table(sweep: Sweep, style: Style) -> Iterator[str]:
    holds_for = holding(sweep.conditions, [axis.name for axis in sweep.axes])
    yield from heading(sweep.name, holds_for, style)
    yield ""
    shown = sweep.variants[:MOST_ROWS]
    found = _fields(sweep, shown)
    chosen, left_out = fit(found, style.width)
    yield from draw(chosen, style)
    for note in _notes(sweep, len(shown), style, left_out):
        yield from (ink(line, "dim", color=style.color) for line in wrapped(note, style))


def heading(name: str, holds_for: str, style: Style) -> Iterator[str]:
    """Draw the title line: the name, and what the numbers hold for."""
    title = ink(clean(name), "bold", color=style.color)
    first, *more = wrapped(holds_for, style, len(name) + 2)
    yield f"{title}  {ink(first, 'dim', color=style.color)}"
    yield from (ink(line, "dim", color=style.color) for line in more)


def holding(given: Conditions, varied: Sequence[str]) -> str:
    """Say what holds for all: ``batch 1, float32, classes=10``; what varies is left out."""
    said = [f"input {shape(given.input)}"] if given.input else []
    said += [] if "batch" in varied else [f"batch {given.batch}"]
    said += [] if "dtype" in varied else [given.dtype]
    said += [f"{clean(n)}={clean(v)}" for n, v in sorted(given.variables.items())]
    said += ["auxiliary heads included"] if given.aux else []
    return ", ".join([*said, *changes(given.transfer)])


def _notes(sweep: Sweep, shown: int, style: Style, left_out: Sequence[str]) -> Iterator[str]:
    kept = len(sweep.variants)
    failed = sum(bool(one.error) for one in sweep.variants) + sweep.unbuilt
    variants = "variant" if sweep.tried == 1 else "variants"
    said = (
        f"{kept:,} of {sweep.tried:,} {variants}" if kept < sweep.tried else f"{kept:,} {variants}"
    )
    if failed:
        said += (
            f", {failed:,} of them no network"
            if not sweep.unbuilt
            else f"; {failed:,} are no network"
        )
    yield said
    if shown < kept:
        yield f"the first {shown:,} rows; -o FILE.csv holds all"
    if left_out:
        yield f"left out to fit {style.width} columns: {', '.join(left_out)}"
    if _ERROR in left_out:
        broken = [one for one in sweep.variants[:shown] if one.error]
        for one in broken[:_FEW]:
            values = zip(sweep.axes, one.values, strict=True)
            yield f"{', '.join(f'{a.name}={clean(v)}' for a, v in values)}: {clean(one.error)}"
        if len(broken) > _FEW:
            yield f"... and {len(broken) - _FEW:,} more"
    yield from sweep.notes


def _fields(sweep: Sweep, variants: Sequence[Variant]) -> list[Field]:
    found = []
    for at, axis in enumerate(sweep.axes):
        cells = tuple(clean(one.values[at]) for one in variants)
        found.append(Field(clean(axis.name), cells, right=all(c[:1].isdigit() for c in cells)))
    for at, key in enumerate(sweep.metrics):
        numbers = tuple(_number(one, at) for one in variants)
        found.append(Field(describe(key).heading, numbers, right=True, rank=at))
    errors = tuple(clean(one.error) for one in variants)
    return [*found, *([Field(_ERROR, errors, rank=100)] if any(errors) else [])]


def _number(one: Variant, at: int) -> str:
    if one.error:
        return ""
    n = one.numbers[at]
    return "?" if n is None else written(n)


def _listing(sweep: Sweep) -> listing.Listing:
    return listing.Listing(
        kind="sweep",
        columns=("spec", *(axis.name for axis in sweep.axes), *sweep.metrics, "error"),
        rows=tuple(
            (sweep.reference, *one.values, *_numbers(sweep, one), one.error)
            for one in sweep.variants
        ),
    )


def _json(sweep: Sweep) -> str:
    about: dict[str, Any] = {
        "name": sweep.name,
        "reference": sweep.reference,
        "settings": settings(sweep.conditions, [axis.name for axis in sweep.axes]),
        "axes": [{"name": a.name, "values": list(map(plain, a.values))} for a in sweep.axes],
        "metrics": [metric(key) for key in sweep.metrics],
        "tried": sweep.tried,
        "notes": sweep.notes,
    }
    rows = []
    for one in sweep.variants:
        values = zip((axis.name for axis in sweep.axes), map(plain, one.values), strict=True)
        numbers = zip(sweep.metrics, _numbers(sweep, one), strict=True)
        rows.append({**dict(values), **dict(numbers), "error": clean(one.error) or None})
    return envelope("sweep", "rows", rows, flat=True, about=about)


def _numbers(sweep: Sweep, one: Variant) -> Iterator[int | str | None]:
    """Yield a variant's numbers for programs; none are known where there is no network."""
    for n in one.numbers or (None,) * len(sweep.metrics):
        yield None if n is None else plain_number(n)


def metric(key: str) -> dict[str, str]:
    """Return a metric's key, unit and meaning, for JSON."""
    said = describe(key)
    return {"key": said.key, "unit": said.unit, "about": said.about}


def settings(given: Conditions, varied: Sequence[str]) -> dict[str, Any]:
    """Return what holds for all, for JSON; what varies is left out."""
    found = {
        "input": given.input or None,
        "batch": None if "batch" in varied else given.batch,
        "dtype": None if "dtype" in varied else given.dtype,
        "aux": given.aux,
        "variables": dict(sorted(given.variables.items())),
        **transfer(given),
    }
    return {key: value for key, value in found.items() if value is not None}


def plain(text: str) -> int | float | str:
    """Return a setting's value for programs: a number that JSON writes exactly as it is, or else the text.

    >>> plain("64"), plain("0.1"), plain("a/b"), plain("0.10000000000000000000001")
    (64, 0.1, 'a/b', '0.10000000000000000000001')
    """
    if not _NUMBER.fullmatch(text):
        return clean(text)
    if "." not in text:
        return int(text)
    number = float(text)
    # The shortest decimal that gives this float is what is written.
    return number if Fraction(repr(number)) == Fraction(text) else text
