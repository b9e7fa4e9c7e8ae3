"""A plain list, such as the bundled specs: columns of text and numbers, without totals, in every format."""

import csv
import io
from collections.abc import Iterator
from typing import Any

import msgspec

from archstat.render import markdown
from archstat.render.escape import cell, clean
from archstat.render.grid import draw, line_width
from archstat.render.json import envelope
from archstat.render.layout import Field
from archstat.render.prose import GAP, NARROWEST, wrapped
from archstat.render.style import Style
from archstat.render.table import fit


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """``columns`` are keys; the first is never left out of a narrow table.

    ``flat`` rows take one line each on a terminal narrower than :data:`ROOMY`: whole columns are left out,
    those in the middle first.
    """

    kind: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | int | None, ...], ...]
    flat: bool = False


ROOMY = 120
"""Columns from which a long text is broken into lines rather than left out."""


def render(name: str, listing: Listing, style: Style) -> str:
    """Write ``listing`` in the format ``name``."""
    if name == "json":
        items: list[dict[str, Any]] = [
            dict(zip(listing.columns, row, strict=True)) for row in listing.rows
        ]
        return envelope(listing.kind, "rows", items, flat=True)
    if name in ("csv", "tsv"):
        return _separated(listing, "," if name == "csv" else "\t")
    found = _fields(listing)
    lines = markdown.table(found) if name == "markdown" else drawn(found, style, flat=listing.flat)
    return "".join(f"{line.rstrip()}\n" for line in lines)


def drawn(found: list[Field], style: Style, *, flat: bool = False) -> Iterator[str]:
    """Draw a table whose last column is prose: it is broken into lines where it is too long."""
    found = [field for field in found if any(field.cells)]
    if style.width is None or line_width(found) <= style.width:
        return draw(found, style)
    if flat and style.width < ROOMY:
        first, *middle, last = found
        kept = [first, last] if line_width([first, last]) <= style.width else [first, *middle]
        return draw(fit(kept, style.width)[0], style)
    room = style.width - line_width(found[:-1]) - len(GAP)
    if room < NARROWEST:
        return draw(fit(found, style.width)[0], style)
    broken = [wrapped(text, style, style.width - room) for text in found[-1].cells]
    others = [
        tuple(
            c
            for text, more in zip(field.cells, broken, strict=True)
            for c in (text, *[""] * (len(more) - 1))
        )
        for field in found[:-1]
    ]
    cells = [*others, tuple(line for more in broken for line in more)]
    return draw(
        [msgspec.structs.replace(f, cells=c) for f, c in zip(found, cells, strict=True)], style
    )


def _separated(listing: Listing, delimiter: str) -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerow(listing.columns)
    for row in listing.rows:
        writer.writerow([cell(v) if isinstance(v, str) else "" if v is None else v for v in row])
    return out.getvalue()


def _fields(listing: Listing) -> list[Field]:
    found = []
    for i, title in enumerate(listing.columns):
        values = [row[i] for row in listing.rows]
        texts = tuple(f"{v:,}" if isinstance(v, int) else clean(v or "") for v in values)
        found.append(Field(title, texts, right=any(isinstance(v, int) for v in values), rank=i))
    return found
