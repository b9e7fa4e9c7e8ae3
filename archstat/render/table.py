"""A report as a table for a terminal, a pipe or a text file.

Drawn here and not with Rich: Rich takes 0.4 ms a row, 40 s for a spec of 100,000 layers, and shortens
numbers that don't fit.
"""

from collections.abc import Iterator, Sequence

from archstat.render.ink import ink, pad, width
from archstat.render.layout import Field, fields, heading
from archstat.render.prose import GAP, facts, wrapped
from archstat.render.style import Style
from archstat.report.report import Report

BAR = 16

_EIGHTHS = " ▏▎▍▌▋▊▉█"


def render(reports: Sequence[Report], style: Style) -> str:
    """Return the reports one under the other, each with a heading line, its total and its footers."""
    return "\n".join("".join(f"{line.rstrip()}\n" for line in _report(r, style)) for r in reports)


def _report(report: Report, style: Style) -> Iterator[str]:
    name, holds_for = heading(report)
    if style.width is not None and width(name) + len(GAP) + width(holds_for) > style.width:
        yield ink(name, "bold", color=style.color)
        yield from (ink(line, "dim", color=style.color) for line in wrapped(holds_for, style))
    else:
        yield f"{ink(name, 'bold', color=style.color)}{GAP}{ink(holds_for, 'dim', color=style.color)}"
    yield ""
    chosen, left_out = fit(fields(report, style), style.width)
    yield from draw(chosen, style, bar=_bar(report, chosen, style))
    footers = list(report.notes)
    if left_out:
        footers.append(f"left out to fit {style.width} columns: {', '.join(left_out)}")
    for note in footers:
        yield from (ink(line, "dim", color=style.color) for line in wrapped(note, style))
    yield from facts(report, style)


def fit(found: Sequence[Field], limit: int | None) -> tuple[list[Field], list[str]]:
    """Drop whole fields, the least important first, until a line takes at most ``limit`` cells.

    Return what is kept and the titles of what isn't. A number is never cut: what can't be left out stays.
    """
    kept = list(found)
    dropped = []
    while limit is not None and line_width(kept) > limit and any(f.rank for f in kept):
        worst = max(kept, key=lambda field: field.rank)
        kept.remove(worst)
        dropped.append(worst.title or "notes")
    return kept, dropped


def draw(chosen: Sequence[Field], style: Style, bar: Sequence[str] = ()) -> Iterator[str]:
    """Draw the header, the rows, and the total under a rule; ``bar`` stands behind each row."""
    sizes = [_field_width(field) for field in chosen]
    rule = "" if style.plain else ("─" if style.unicode else "-") * line_width(chosen)

    def line(texts: Sequence[str], kind: str = "") -> str:
        return GAP.join(
            ink(pad(text, size, right=field.right), kind, color=style.color)
            if kind
            else pad(text, size, right=field.right)
            for text, size, field in zip(texts, sizes, chosen, strict=True)
        )

    yield line([field.title for field in chosen], "bold")
    if rule:
        yield ink(rule, "dim", color=style.color)
    for i, texts in enumerate(zip(*(field.cells for field in chosen), strict=True)):
        drawn = _dim_prefix(line(texts), texts[0], style)
        yield f"{drawn}{GAP}{ink(bar[i], 'cyan', color=style.color)}" if bar else drawn
    if any(field.footer for field in chosen):
        if rule:
            yield ink(rule, "dim", color=style.color)
        yield line([field.footer for field in chosen], "bold")


def _bar(report: Report, chosen: Sequence[Field], style: Style) -> list[str]:
    """Draw the shares as bars, where the screen shows them and they fit."""
    first = next((i for i, c in enumerate(report.columns) if c.key not in report.aside), None)
    fits = style.width is not None and line_width(chosen) + len(GAP) + BAR <= style.width
    if not (style.bars and style.unicode and fits and report.totals) or first is None:
        return []
    # The rest of a long table is no row of its own: it would dwarf the others.
    values = [0 if row.path.startswith("[") else row.cells[first] or 0 for row in report.rows]
    largest = max(values, default=0)
    return [_eighths(8 * BAR * n // largest) if largest else "" for n in values]


def _eighths(n: int) -> str:
    return "█" * (n // 8) + _EIGHTHS[n % 8].strip()


def _dim_prefix(drawn: str, path: str, style: Style) -> str:
    at = path.rfind(".") + 1
    return ink(drawn[:at], "dim", color=style.color) + drawn[at:] if at else drawn


def _field_width(field: Field) -> int:
    return max(map(width, (field.title, field.footer, *field.cells)))


def line_width(chosen: Sequence[Field]) -> int:
    return sum(map(_field_width, chosen)) + len(GAP) * (len(chosen) - 1)
