"""Comparisons as Markdown, for a pull request's comment: a table of all, and a folded one for each.

The first line is a hidden marker, by which a later run finds the comment that it replaces.
"""

from collections.abc import Iterator

from archstat.comparison.compare import Comparison, Total
from archstat.comparison.outcome import Outcome
from archstat.comparison.view import View, first, view
from archstat.render.comparison import tables, words
from archstat.render.escape import clean
from archstat.render.escape import markdown as escaped
from archstat.render.figures import reasons, verdict
from archstat.render.layout import Field, conditions
from archstat.render.markdown import table
from archstat.render.style import Style
from archstat.report.arrange import Arrangement

MARKER = "<!-- archstat compare -->"

LONGEST = 60_000
"""Characters; GitHub takes 65,536 in a comment."""

_MOST_SPECS = 100
_MOST_ROWS = 200
_CELL = 300
"""Characters of what is said of one row, or one spec."""

_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": "&#64;"})


def render(outcome: Outcome, arrangement: Arrangement, style: Style) -> str:
    """Return one comment; what would make it too long is left out, and it says so."""
    lines = list(_head(outcome, style))
    length = sum(len(line) + 1 for line in lines)
    left_out = 0
    for one in outcome.differing if not outcome.side_by_side else ():
        if one.old is None or one.new is None:
            continue
        block = list(_details(one, arrangement, style))
        size = sum(len(line) + 1 for line in block)
        if length + size > LONGEST:
            left_out += 1
            continue
        lines += block
        length += size
    if left_out:
        lines += [
            "",
            f"*{left_out:,} too long to show here; `archstat compare -f csv` has all rows*",
        ]
    return "".join(f"{line}\n" for line in lines)


def _head(outcome: Outcome, style: Style) -> Iterator[str]:
    yield MARKER
    yield f"### archstat: {escaped(_short(words.closing(outcome)))}"
    found = outcome.shown
    if outcome.side_by_side:
        yield ""
        yield from table(tables.side_by_side(outcome.comparisons, style))
    elif found:
        yield ""
        yield from _overview(found[:_MOST_SPECS], style)
        if len(found) > _MOST_SPECS:
            yield f"\n*{len(found) - _MOST_SPECS:,} more*"
    if outcome.problems:
        yield ""
        for problem in outcome.problems[:_MOST_SPECS]:
            mark = getattr(problem.error, "mark", None)
            place = str(mark) if mark else problem.reference
            yield f"- {_code(place)}: {escaped(_short(problem.error.message))}"
        if len(outcome.problems) > _MOST_SPECS:
            yield f"- {len(outcome.problems) - _MOST_SPECS:,} more"


def _overview(found: tuple[Comparison, ...], style: Style) -> Iterator[str]:
    """Write one row for each comparison. Names are code, in which nothing is a link or a mention."""
    titles = [escaped(total.column.title) for total in found[0].totals]
    yield f"| spec | {' | '.join(titles)} | output |"
    yield f"| --- |{' ---: |' * len(titles)} --- |"
    for one in found:
        cells = [_total(total, style) for total in one.totals]
        old, new = words.outputs(one)
        output = f"{old} → {new}" if old and new and old != new else new or old
        yield f"| {_sign(one)}{_code(words.name(one))} | {' | '.join(cells)} | {output} |"


def _total(total: Total, style: Style) -> str:
    old, new = (
        words.least(total, n, lambda n: words.short(total.column, n, style))
        for n in (total.old, total.new)
    )
    if total.old is None or total.new is None or total.change == 0:
        return new or old
    share = words.relative(total)
    return f"{old} → {new}{f' (**{escaped(share)}**)' if share else ''}"


def _details(one: Comparison, arrangement: Arrangement, style: Style) -> Iterator[str]:
    shown = first(view(one, arrangement), _MOST_ROWS)
    differing = sum(row.mark != "=" for row in shown.rows)
    count = f"{differing:,} row{'s' * (differing != 1)}"
    yield ""
    yield "<details>"
    yield f"<summary>{_plain(_short(words.name(one)))}: {count}</summary>"
    yield ""
    yield escaped(words.conditions(one, conditions))
    yield ""
    yield from table(tables.totals(one, style))
    if shown.rows:
        yield ""
        yield from table(_rows(one, shown, style))
    for note in shown.notes:
        yield f"\n*{escaped(note)}*"
    published = one.published
    if published:
        yield ""
    old, new = words.headings(one)
    for side, line in published:
        name = old if side is one.old else new
        parts = [f"{_code(name)} published **{escaped(line.printed)}**, {escaped(line.source)}"]
        parts += [escaped(verdict(line)), *map(escaped, reasons(line))]
        yield f"- {'; '.join(parts)}"
    yield ""
    yield "</details>"


def _rows(one: Comparison, shown: View, style: Style) -> list[Field]:
    """Return the rows with their marks in a column of their own: a line that begins with + would be a list."""
    layer, *numbers = tables.rows(one, shown, style)
    marks = Field("", tuple(row.mark for row in shown.rows))
    names = Field(layer.title.strip(), tuple(clean(row.path) for row in shown.rows))
    why = tuple(_short(words.why(row)) for row in shown.rows)
    return [marks, names, *numbers, *([Field("what differs", why)] if any(why) else [])]


def _sign(one: Comparison) -> str:
    return {"+": "added ", "-": "removed "}.get(words.mark(one), "")


def _code(text: str) -> str:
    return f"<code>{escaped(_short(text))}</code>"


def _plain(text: str) -> str:
    """Escape for HTML in which no Markdown is read."""
    return f"<code>{clean(text).translate(_ENTITIES)}</code>"


def _short(text: str) -> str:
    return text if len(text) <= _CELL else f"{text[:_CELL]}..."
