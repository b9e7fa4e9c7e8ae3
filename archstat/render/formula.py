"""A formula as text, a list, JSON or Markdown: the polynomial, where it holds, and its value for the spec as it is."""

from collections.abc import Iterator
from typing import Any

from archstat.render.escape import clean
from archstat.render.escape import markdown as escaped
from archstat.render.ink import ink
from archstat.render.json import envelope
from archstat.render.listing import Listing
from archstat.render.listing import render as render_listing
from archstat.render.prose import wrapped
from archstat.render.style import Style
from archstat.render.sweep import heading, holding, settings
from archstat.report.values import plain
from archstat.variants.family import describe
from archstat.variants.formula import Formula
from archstat.variants.line import different, meant


def render(name: str, found: Formula, style: Style) -> str:
    """Write a formula in the format ``name``."""
    if name == "json":
        return _json(found)
    if name in ("csv", "tsv"):
        return render_listing(name, _listing(found), style)
    lines = _markdown(found) if name == "markdown" else _text(found, style)
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _text(found: Formula, style: Style) -> Iterator[str]:
    yield from heading(found.name, holding(found.conditions, found.variables), style)
    yield ""
    said = f"{found.metric} = {found.text}"
    first, *more = wrapped(said, style, len(found.metric) + 3)
    yield ink(first, "bold", color=style.color)
    yield from (
        ink(f"{'':{len(found.metric) + 3}}{line}", "bold", color=style.color) for line in more
    )
    yield ""
    for note in _notes(found):
        yield from (ink(line, "dim", color=style.color) for line in wrapped(note, style))


def _markdown(found: Formula) -> Iterator[str]:
    yield f"`{found.metric} = {found.text}`"
    for note in _notes(found):
        yield ""
        yield escaped(note)


def _notes(found: Formula) -> Iterator[str]:
    start = ", ".join(f"{n}={x}" for n, x in zip(found.variables, found.start, strict=True))
    unit = describe(found.metric).unit
    yield f"{found.value:,}{' bytes' if unit == 'bytes' else ''} at {clean(start)}, as the spec has it"
    for name, line in zip(found.variables, found.lines, strict=True):
        yield clean(meant(name, line))
        if line.differences:
            yield f"these values only: {clean(different(name, line))}"
    if len(found.variables) > 1:
        yield f"equal at {found.checked} other combinations tried"
    yield "other values weren't tried"


def _listing(found: Formula) -> Listing:
    lines = found.polynomial.ordered()
    symbols = [f"exponent of {symbol}" for symbol in found.symbols]
    return Listing(
        kind="formula",
        columns=("spec", "metric", "coefficient", *symbols),
        rows=tuple((found.reference, found.metric, plain(c), *e) for e, c in lines),
    )


def _json(found: Formula) -> str:
    about: dict[str, Any] = {
        "name": found.name,
        "reference": found.reference,
        "settings": settings(found.conditions, found.variables),
        "metric": found.metric,
        "unit": describe(found.metric).unit,
        "formula": found.text,
        "variables": [
            {
                "name": name,
                "symbol": symbol,
                "step": line.step,
                "rest": line.rest,
                "from": line.low,
                "to": line.high,
                "tried": line.checked,
                "far": line.far,
                "breaks": line.breaks,
                "differences": [
                    {"value": d.value, "number": d.number, "formula": plain(d.claimed)}
                    for d in line.differences
                ],
                "value": x,
            }
            for name, symbol, line, x in zip(
                found.variables, found.symbols, found.lines, found.start, strict=True
            )
        ],
        "value": found.value,
        "checked": found.checked,
    }
    terms = [
        {"coefficient": plain(c), "exponents": dict(zip(found.symbols, e, strict=True))}
        for e, c in found.polynomial.ordered()
    ]
    return envelope("formula", "terms", terms, flat=True, about=about)
