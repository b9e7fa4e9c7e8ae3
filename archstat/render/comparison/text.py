"""Comparisons for a terminal: the totals of both, then the rows that differ, the biggest change first."""

from collections.abc import Iterator, Sequence

from archstat.comparison.compare import Comparison
from archstat.comparison.outcome import Outcome
from archstat.comparison.view import View, first, view
from archstat.render.comparison import tables, words
from archstat.render.grid import GAP, draw, line_width
from archstat.render.ink import ink, width
from archstat.render.layout import Field, conditions
from archstat.render.prose import figures, wrapped
from archstat.render.style import Style
from archstat.render.table import MOST_ROWS, fit
from archstat.report.arrange import Arrangement

INKS = {"+": "green", "-": "red", "~": "yellow", "=": "dim", "[": "dim"}


def render(outcome: Outcome, arrangement: Arrangement, style: Style) -> str:
    """Return the comparisons one under the other, behind a table of all where there are several."""
    blocks: list[Iterator[str]] = []
    several = outcome.side_by_side or len(outcome.comparisons) + len(outcome.problems) > 1
    if outcome.side_by_side:
        blocks.append(_side_by_side(outcome, style))
    elif several or outcome.base or not outcome.comparisons:
        blocks.append(_overview(outcome, style))
    if not outcome.side_by_side:
        # What the table says of a spec that was added or removed is all there is to say.
        blocks += [
            _one(o, arrangement, style) for o in outcome.comparisons if not several or _both(o)
        ]
    return "\n".join("".join(f"{line.rstrip()}\n" for line in block) for block in blocks)


def _both(one: Comparison) -> bool:
    return not one.same and one.old is not None and one.new is not None


def _side_by_side(outcome: Outcome, style: Style) -> Iterator[str]:
    holds_for = words.conditions(outcome.comparisons[0], conditions)
    yield from (ink(line, "dim", color=style.color) for line in wrapped(holds_for, style))
    yield ""
    yield from _fitting(tables.side_by_side(outcome.comparisons, style), style)


def _overview(outcome: Outcome, style: Style) -> Iterator[str]:
    shown = outcome.shown
    if len(outcome.comparisons) > 1 and shown:
        found = tables.overview(shown, style)
        yield from _fitting(found, style, [INKS[text[0]] for text in found[0].cells])
    closing = words.closing(outcome)
    yield from (ink(line, "bold", color=style.color) for line in wrapped(closing, style))


def _one(one: Comparison, arrangement: Arrangement, style: Style) -> Iterator[str]:
    title = words.name(one)
    if one.same:
        yield from wrapped(f"{title}: no difference", style)
        return
    holds_for = words.conditions(one, conditions)
    if one.old is None or one.new is None:
        holds_for = f"{'added' if one.old is None else 'removed'}, {holds_for}"
    if style.width is not None and width(title) + len(GAP) + width(holds_for) > style.width:
        yield from (ink(line, "bold", color=style.color) for line in wrapped(title, style))
        yield from (ink(line, "dim", color=style.color) for line in wrapped(holds_for, style))
    else:
        yield f"{ink(title, 'bold', color=style.color)}{GAP}{ink(holds_for, 'dim', color=style.color)}"
    yield ""
    yield from _fitting(tables.totals(one, style), style)
    if one.old is None or one.new is None:
        return
    shown = first(view(one, arrangement), MOST_ROWS)
    if shown.rows:
        yield ""
        yield from _rows(one, shown, style)
    for note in shown.notes:
        yield from (ink(line, "dim", color=style.color) for line in wrapped(note, style))
    published = one.published
    if published:
        yield ""
        sides = dict(zip(map(id, (one.old, one.new)), words.headings(one), strict=True))
        labelled = [
            (f"{'' if i else 'published':<9}{GAP}{sides[id(side)]}", line)
            for i, (side, line) in enumerate(published)
        ]
        size = max(width(label) for label, _ in labelled)
        yield from figures(labelled, size, style)


def _rows(one: Comparison, shown: View, style: Style) -> Iterator[str]:
    """Draw the rows; what differs in each stands beside it, or below where that has no room."""
    numbers = tables.rows(one, shown, style)
    why = tuple(words.why(row) for row in shown.rows)
    inks = [INKS[text[0]] for text in numbers[0].cells]
    beside = [*numbers, Field("what differs", why)]
    if not any(why) or style.width is None or line_width(beside) <= style.width:
        yield from draw(beside if any(why) else numbers, style, inks=inks)
        return
    chosen, left_out = fit(numbers, style.width)
    lines = list(draw(chosen, style, inks=inks))
    head = len(lines) - len(shown.rows)
    yield from lines[:head]
    for line, said in zip(lines[head:], why, strict=True):
        yield line
        for more in wrapped(said, style, 4) if said else ():
            yield ink(f"    {more}", "dim", color=style.color)
    yield from _said(left_out, style)


def _fitting(found: Sequence[Field], style: Style, inks: Sequence[str] = ()) -> Iterator[str]:
    chosen, left_out = fit(found, style.width)
    yield from draw(chosen, style, inks=inks)
    yield from _said(left_out, style)


def _said(left_out: Sequence[str], style: Style) -> Iterator[str]:
    if left_out:
        note = f"left out to fit {style.width} columns: {', '.join(left_out)}"
        for line in wrapped(note, style):
            yield ink(line, "dim", color=style.color)
