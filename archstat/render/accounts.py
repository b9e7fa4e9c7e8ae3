"""Another tool's figure as a sum, and which tools print a figure: as text, Markdown, or a list of the addends."""

from collections.abc import Iterator, Sequence

from archstat.render import markdown
from archstat.render.escape import clean
from archstat.render.escape import markdown as escaped
from archstat.render.ink import ink
from archstat.render.layout import Field, conditions
from archstat.render.listing import Listing, drawn
from archstat.render.listing import render as render_listing
from archstat.render.prose import wrapped
from archstat.render.style import Style
from archstat.render.sweep import heading
from archstat.report.accountings import Account, Answer, Line

_TITLES = {"macs": "MACs", "flops": "FLOPs", "params": "params"}
_HOW = {"rounded": "prints {}", "truncated": "prints {}, cut off", None: "doesn't print {}"}


def render(name: str, found: Answer, style: Style) -> str:
    """Write the sums in the format ``name``; of a figure that was asked about only those that print it."""
    if name in ("json", "csv", "tsv"):
        return render_listing(name, _listing(found), style)
    lines = _markdown(found) if name == "markdown" else _text(found, style)
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _text(found: Answer, style: Style) -> Iterator[str]:
    yield from heading(found.name, conditions(found.conditions), style)
    for titles, one in _told(found):
        yield ""
        for title in titles:
            first, *more = wrapped(title, style)
            yield ink(first, "bold", color=style.color)
            yield from more
        yield from drawn(_sum(found, one), style)
    for note in _notes(found):
        yield from (ink(line, "dim", color=style.color) for line in wrapped(note, style))
    others = _others(found)
    if others:
        yield ""
        yield from wrapped(_said(found), style)
        yield from drawn(_totals(others), style)


def _markdown(found: Answer) -> Iterator[str]:
    yield f"### {escaped(found.name)}"
    yield ""
    yield escaped(conditions(found.conditions))
    for titles, one in _told(found):
        if titles:
            yield ""
            yield escaped("; ".join(titles))
        yield ""
        yield from markdown.table(_sum(found, one))
    for note in _notes(found):
        yield ""
        yield f"*{escaped(note)}*"
    others = _others(found)
    if others:
        yield ""
        yield escaped(_said(found))
        yield ""
        yield from markdown.table(_totals(others))


def _told(found: Answer) -> Iterator[tuple[list[str], Account]]:
    """Yield the sums to be told, each with the titles above it.

    Of a tool all its figures; of a figure those that print it, tools with the same sum together.
    """
    if not found.asked:
        for i, one in enumerate(found.accounts):
            yield ([] if i else [one.tool.described]), one
        return
    same: dict[tuple[Line, ...], list[Account]] = {}
    for one in found.accounts:
        if one.prints:
            same.setdefault(one.lines, []).append(one)
    for group in same.values():
        yield [f"{one.tool.described}: {one.called}" for one in group], group[0]


def _notes(found: Answer) -> Iterator[str]:
    if not found.asked and found.accounts[0].tool.note:
        yield found.accounts[0].tool.note


def _others(found: Answer) -> list[Account]:
    return [one for one in found.accounts if found.asked and not one.prints]


def _said(found: Answer) -> str:
    none = not any(one.prints for one in found.accounts)
    start = f"none of these prints {clean(found.asked)}" if none else "these print another number"
    return f"{start}; --against TOOL writes the sum"


def _sum(found: Answer, one: Account) -> list[Field]:
    first, *more = one.lines
    end = _HOW[one.prints].format(clean(found.asked)) if found.asked else one.called
    amounts = (f"{first.amount:,}", *(f"{line.amount:+,}" for line in more))
    layers = tuple(f"{line.layers:,}" if line.layers else "" for line in one.lines)
    return [
        Field(_TITLES[one.of], amounts, f"{one.total:,}", right=True),
        Field("layers", layers, right=True, rank=2),
        Field("", tuple(line.label for line in one.lines), end, rank=1),
    ]


def _totals(others: Sequence[Account]) -> list[Field]:
    return [
        Field("tool", tuple(one.tool.name for one in others)),
        Field("of", tuple(_TITLES[one.of] for one in others), rank=1),
        Field("figure", tuple(f"{one.total:,}" for one in others), right=True),
        Field("", tuple(one.called for one in others), rank=2),
    ]


def _listing(found: Answer) -> Listing:
    """Return a row for each addend, and one for each total."""
    rows: list[tuple[str | int | None, ...]] = []
    for one in found.accounts:
        about = (found.reference, one.tool.name, one.tool.version, one.of)
        rows += [
            (*about, "addend", line.amount, line.layers or None, "", line.label)
            for line in one.lines
        ]
        said = _HOW[one.prints].format(found.asked) if found.asked else ""
        rows.append((*about, "total", one.total, None, said, one.called))
    columns = ("spec", "tool", "version", "of", "row", "amount", "layers", "figure", "line")
    return Listing(kind="against", columns=columns, rows=tuple(rows))
