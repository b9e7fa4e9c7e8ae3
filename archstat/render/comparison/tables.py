"""The tables of comparisons, as fields side by side: no format yet."""

from collections.abc import Callable, Sequence

from archstat.comparison.compare import Comparison, Total
from archstat.comparison.view import View, moving
from archstat.render.comparison import words
from archstat.render.escape import clean
from archstat.render.grid import line_width
from archstat.render.layout import Field
from archstat.render.style import Style

Line = tuple[str, str, str, str, str]
_BOTH: tuple[tuple[str, Callable[[Comparison], tuple[str, str]]], ...] = (
    ("output", words.outputs),
    ("receptive field", words.fields),
    ("depth", words.depths),
)


def totals(one: Comparison, style: Style) -> list[Field]:
    """Return what each column comes to on both sides, the change, and what share of the old one it is.

    Where the names of the sides have no room above their columns, those are the old and the new.
    """
    found = _totals(one, style, words.headings(one))
    if style.width is not None and line_width(found) > style.width:
        return _totals(one, style, ("old", "new"))
    return found


def _totals(one: Comparison, style: Style, titles: tuple[str, str]) -> list[Field]:
    lines: list[Line] = []
    for total in one.totals:
        write, title = words.writer(total.column, (total.old, total.new), style)
        old, new = (words.least(total, n, write) for n in (total.old, total.new))
        lines.append((title, old, new, words.signed(total.change, write), words.relative(total)))
    for title, both in _both(one):
        old, new = both(one)
        if old or new:
            lines.append((title, old, new, words.differing(old, new), ""))
    names, before, after, changes, shares = zip(*lines, strict=True)
    found = [Field("", names)]
    if one.old is not None:
        found.append(Field(titles[0], before, right=True))
    if one.new is not None:
        found.append(Field(titles[1], after, right=True))
    if one.old is not None and one.new is not None:
        found += [
            Field("change", changes, right=True),
            Field("percent", shares, right=True, rank=30),
        ]
    return found


def rows(one: Comparison, shown: View, style: Style) -> list[Field]:
    """Return what each row changes by; of a single column also what it was and is."""
    found = [Field(f"  {shown.by}", tuple(f"{row.mark} {clean(row.path)}" for row in shown.rows))]
    kept = moving(shown, one.columns)
    for place, at in enumerate(kept):
        column = one.columns[at]
        numbers = [n for row in shown.rows for n in (row.old[at], row.new[at])]
        write, title = words.writer(column, numbers, style)
        if len(one.columns) == 1 and one.old is not None and one.new is not None:
            for name, cells, absent in (
                ("old", [row.old[at] for row in shown.rows], "+"),
                ("new", [row.new[at] for row in shown.rows], "-"),
            ):
                texts = tuple(
                    "" if row.mark == absent else words.UNKNOWN if n is None else write(n)
                    for row, n in zip(shown.rows, cells, strict=True)
                )
                found.append(Field(name, texts, right=True, rank=30))
            title = f"{title}, change"
        changes = tuple(words.signed(row.changes[at], write) for row in shown.rows)
        found.append(Field(title, changes, right=True, rank=10 * place))
    return found


def overview(found: Sequence[Comparison], style: Style) -> list[Field]:
    """Return one row for each comparison: what every total changes to, and by how much."""
    names = tuple(f"{words.mark(one)} {words.name(one)}" for one in found)
    fields = [Field("  spec", names)]
    for place, column in enumerate(total.column for total in found[0].totals):
        both = [_overview_cell(one.totals[place], style) for one in found]
        wide = max(len(share) for _, share in both)
        cells = tuple(f"{said}{f'  {share:>{wide}}' if wide else ''}" for said, share in both)
        fields.append(Field(column.title, cells, right=True, rank=10 * place))
    return fields


def _overview_cell(total: Total, style: Style) -> tuple[str, str]:
    """Return what a total comes to, and its change as a share where it changes."""
    n = total.old if total.new is None else total.new
    said = words.least(total, n, lambda n: words.short(total.column, n, style))
    return said, words.relative(total) if total.change != 0 else ""


def side_by_side(found: Sequence[Comparison], style: Style) -> list[Field]:
    """Return a column for each spec, with what it changes beside the first as a share where there is room."""
    fields = _side_by_side(found, style, shares=True)
    if style.width is not None and line_width(fields) > style.width:
        return _side_by_side(found, style, shares=False)
    return fields


def _side_by_side(found: Sequence[Comparison], style: Style, *, shares: bool) -> list[Field]:
    old = found[0].old
    assert old is not None
    titles: list[str] = []
    first: list[str] = []
    others: list[list[tuple[str, str]]] = [[] for _ in found]
    for at, column in enumerate(total.column for total in found[0].totals):
        all_totals = [one.totals[at] for one in found]
        numbers = [all_totals[0].old, *(total.new for total in all_totals)]
        write, title = words.writer(column, numbers, style)
        titles.append(title)
        first.append(words.least(all_totals[0], all_totals[0].old, write))
        for cells, total in zip(others, all_totals, strict=True):
            cells.append((words.least(total, total.new, write), words.relative(total)))
    for title, both in _both(found[0]):
        pairs = [both(one) for one in found]
        if any(any(pair) for pair in pairs):
            titles.append(title)
            first.append(pairs[0][0])
            for cells, pair in zip(others, pairs, strict=True):
                cells.append((pair[1], ""))
    fields = [Field("", tuple(titles)), Field(clean(old.reference), tuple(first), right=True)]
    for place, (one, cells) in enumerate(zip(found, others, strict=True)):
        wide = max(len(share) for _, share in cells) if shares else 0
        texts = tuple(f"{said}{f'  {share:>{wide}}' if wide else ''}" for said, share in cells)
        fields.append(Field(clean(one.side.reference), texts, right=True, rank=10 + place))
    return fields


def _both(one: Comparison) -> list[tuple[str, Callable[[Comparison], tuple[str, str]]]]:
    """Return what else is said of both sides, less what is compared as a metric."""
    compared = {total.column.title for total in one.totals}
    return [(title, both) for title, both in _BOTH if title not in compared]
