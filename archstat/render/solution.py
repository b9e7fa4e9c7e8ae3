"""The largest value that fits: the numbers there and at the next value, beside the limits."""

from collections.abc import Iterator, Sequence
from typing import Any

from archstat.render import markdown
from archstat.render.escape import clean
from archstat.render.escape import markdown as escaped
from archstat.render.grid import draw
from archstat.render.ink import ink
from archstat.render.json import envelope
from archstat.render.layout import Field
from archstat.render.listing import Listing
from archstat.render.listing import render as render_listing
from archstat.render.prose import wrapped
from archstat.render.style import Style
from archstat.render.sweep import heading, holding, plain, settings
from archstat.render.table import fit
from archstat.report.values import plain as plain_number
from archstat.report.values import written
from archstat.variants.family import describe
from archstat.variants.solve import ENOUGH, Solution

_MOST_NAMED = 12
"""Values without a network that are named."""


def render(name: str, found: Solution, style: Style) -> str:
    """Write a solution in the format ``name``."""
    if name == "json":
        return _json(found)
    if name in ("csv", "tsv"):
        return render_listing(name, _listing(found), style)
    lines = _markdown(found) if name == "markdown" else _table(found, style)
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _table(found: Solution, style: Style) -> Iterator[str]:
    yield from heading(found.name, holding(found.conditions, [found.variable]), style)
    yield ""
    yield f"{ink(f'{clean(found.variable)} = {clean(found.value)}', 'bold', color=style.color)}  {_said(found)}"
    yield ""
    chosen, left_out = fit(_fields(found), style.width)
    yield from draw(chosen, style)
    for note in _notes(found, style, left_out):
        yield from (ink(line, "dim", color=style.color) for line in wrapped(note, style))


def _markdown(found: Solution) -> Iterator[str]:
    yield f"**{escaped(f'{found.variable} = {found.value}')}** {_said(found)}"
    yield ""
    yield from markdown.table(_fields(found))


def _said(found: Solution) -> str:
    return "is the largest that fits" if found.next or found.refused else "fits, and ends the range"


def _fields(found: Solution) -> list[Field]:
    held = found.limits
    fields = [
        Field("", tuple(describe(h.metric).heading for h in held)),
        Field("limit", tuple(clean(h.written) for h in held), right=True, rank=5),
        Field(f"at {clean(found.value)}", tuple(written(h.value) for h in held), right=True),
    ]
    if found.next:
        after = tuple("" if h.after is None else written(h.after) for h in held)
        fields.append(Field(f"at {clean(found.next)}", after, right=True, rank=10))
        marks = tuple("exceeds" if h.exceeds else "" for h in held)
        fields.append(Field("", marks, rank=20))
    return fields


def _notes(found: Solution, style: Style, left_out: Sequence[str]) -> Iterator[str]:
    name = clean(found.variable)
    if numbers := [title for title in left_out if title != "notes"]:
        yield f"left out to fit {style.width} columns: {', '.join(numbers)}"
    if found.refused:
        yield f"no larger value gives a network: {clean(found.refused)}"
    elif found.above > 1:
        near = f", the next {ENOUGH} among them" if found.above >= ENOUGH else ""
        yield f"{found.above:,} larger values were tried{near}; none fits"
    if found.without:
        several = ", ".join(map(clean, found.without[:_MOST_NAMED]))
        more = f" and {rest:,} more" if (rest := len(found.without) - _MOST_NAMED) > 0 else ""
        yield f"tried, and no network: {name} = {several}{more}"
    if found.gaps:
        some = "1 smaller value of those tried exceeds"
        if found.gaps > 1:
            some = f"{found.gaps} smaller values of those tried exceed"
        yield f"{some}: the numbers don't grow with {name} everywhere"


def _listing(found: Solution) -> Listing:
    return Listing(
        kind="solve",
        columns=("spec", "variable", "value", "metric", "limit", "at_value", "next", "at_next"),
        rows=tuple(
            (
                found.reference,
                found.variable,
                found.value,
                h.metric,
                str(plain_number(h.limit)),
                plain_number(h.value),
                found.next,
                None if h.after is None else plain_number(h.after),
            )
            for h in found.limits
        ),
    )


def _json(found: Solution) -> str:
    about: dict[str, Any] = {
        "name": found.name,
        "reference": found.reference,
        "settings": settings(found.conditions, [found.variable]),
        "variable": found.variable,
        "value": plain(found.value),
        "next": plain(found.next) if found.next else None,
        "refused": found.refused or None,
        "tried": found.tried,
        "above": found.above,
        "gaps": found.gaps,
        "no_network": list(map(plain, found.without)),
    }
    rows = [
        {
            "metric": h.metric,
            "unit": describe(h.metric).unit,
            "limit": plain_number(h.limit),
            "at_value": plain_number(h.value),
            "at_next": None if h.after is None else plain_number(h.after),
            "exceeds": h.exceeds,
        }
        for h in found.limits
    ]
    return envelope("solve", "limits", rows, flat=True, about=about)
