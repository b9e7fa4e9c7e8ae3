"""A report as a table for a terminal, a pipe or a text file."""

from collections.abc import Iterator, Sequence

from archstat.render.below import amount
from archstat.render.grid import GAP, draw, line_width
from archstat.render.ink import ink, width
from archstat.render.layout import Field, fields, heading
from archstat.render.prose import facts, wrapped
from archstat.render.style import Style
from archstat.report.arrange import shortened
from archstat.report.columns import BY_KEY
from archstat.report.report import Report

BAR = 16

MOST_ROWS = 1_000
"""Rows that a person might read; the rest is one row, and the machine formats have them all."""

_EIGHTHS = " ▏▎▍▌▋▊▉█"


def render(reports: Sequence[Report], style: Style) -> str:
    """Return the reports one under the other, each with a heading line, its total and its footers."""
    return "\n".join("".join(f"{line.rstrip()}\n" for line in _report(r, style)) for r in reports)


def _report(report: Report, style: Style) -> Iterator[str]:
    report = shortened(report, MOST_ROWS)
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
    for peak in report.peaks:
        if peak.curve:
            from archstat.render.curve import drawn

            yield ""
            yield from drawn(peak, style, amount(BY_KEY["activation_bytes"], peak.nbytes))


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


def _bar(report: Report, chosen: Sequence[Field], style: Style) -> list[str]:
    """Draw the shares as bars, where the screen shows them and they fit, and where no other numbers stand between."""
    first = next((i for i, c in enumerate(report.columns) if c.key not in report.aside), None)
    fits = style.width is not None and line_width(chosen) + len(GAP) + BAR <= style.width
    if not (style.bars and style.unicode and fits and report.totals) or first is None:
        return []
    if not report.columns[first].adds or report.kind == "shares" or report.added:
        return []
    # The rest of a long table is no row of its own: it would dwarf the others.
    cells = [0 if row.path.startswith("[") else row.cells[first] for row in report.rows]
    values = [n if isinstance(n, int) else 0 for n in cells]
    largest = max(values, default=0)
    return [_eighths(8 * BAR * n // largest) if largest else "" for n in values]


def _eighths(n: int) -> str:
    return "█" * (n // 8) + _EIGHTHS[n % 8].strip()
