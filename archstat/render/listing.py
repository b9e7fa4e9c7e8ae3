"""A plain list, such as the bundled specs: columns of text and numbers, without totals, in every format."""

import csv
import io
from typing import Any

import msgspec

from archstat.render import markdown
from archstat.render.escape import cell, clean
from archstat.render.json import envelope
from archstat.render.layout import Field
from archstat.render.style import Style
from archstat.render.table import draw, fit


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """``columns`` are keys; the first is never left out of a narrow table."""

    kind: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | int | None, ...], ...]


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
    lines = markdown.table(found) if name == "markdown" else draw(fit(found, style.width)[0], style)
    return "".join(f"{line.rstrip()}\n" for line in lines)


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
