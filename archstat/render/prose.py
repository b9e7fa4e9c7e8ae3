"""What stands below a table: totals aside and published figures, broken into lines where the terminal is narrow."""

from collections.abc import Iterator, Sequence

from archstat.render.below import below
from archstat.render.escape import clean
from archstat.render.figures import COLOURS, reasons, verdict
from archstat.render.ink import ink, pad, width
from archstat.render.style import Style
from archstat.report.report import PublishedLine, Report

GAP = "  "
NARROWEST = 24
"""Prose isn't broken into lines shorter than this."""

_INDENT = 4


def facts(report: Report, style: Style) -> Iterator[str]:
    """Draw the totals aside and the published figures in one block, after an empty line."""
    found = below(report)
    labels = [label for label, _, _ in found] + ["published"] * bool(report.published)
    if labels:
        yield ""
    label_width = max(map(len, labels), default=0)
    value_width = max((width(value) for _, value, _ in found), default=0)
    for label, value, about in found:
        start = f"{label:<{label_width}}"
        yield from _beside(start, value, value_width, about, ("bold", "dim"), style)
    labelled = [("" if i else "published", line) for i, line in enumerate(report.published)]
    yield from figures(labelled, label_width, style)


def figures(
    labelled: Sequence[tuple[str, PublishedLine]], label_width: int, style: Style
) -> Iterator[str]:
    """Draw published figures, each behind its label: the verdict, where it was printed, and how it comes about."""
    printed_width = max((width(clean(line.printed)) for _, line in labelled), default=0)
    verdict_width = max((width(verdict(line)) for _, line in labelled), default=0)
    for label, line in labelled:
        start = f"{pad(label, label_width)}{GAP}{pad(clean(line.printed), printed_width)}"
        inks = (COLOURS[line.verdict], "")
        yield from _beside(start, verdict(line), verdict_width, clean(line.source), inks, style)
        indent = _indent(width(start) + len(GAP), style)
        for text in reasons(line):
            for more in wrapped(text, style, indent):
                yield " " * indent + ink(more, "dim", color=style.color)


def wrapped(text: str, style: Style, indent: int = 0) -> list[str]:
    """Break prose at spaces for a terminal, behind ``indent`` cells; a pipe or a file gets one line."""
    if style.width is None:
        return [text]
    from textwrap import wrap

    room = max(NARROWEST, style.width - indent)
    return wrap(text, room, break_long_words=False, break_on_hyphens=False) or [""]


def _beside(
    start: str, value: str, size: int, about: str, inks: tuple[str, str], style: Style
) -> Iterator[str]:
    """Draw ``start  value  about``, the value padded to ``size`` cells.

    What has no room beside goes below; a number is never broken.
    """
    of_value, of_about = inks
    shown = ink(value, of_value, color=style.color)
    at = width(start) + len(GAP)
    if not _fits(at + width(value), style):
        yield start
        for line in wrapped(value, style, _INDENT):
            yield " " * _INDENT + ink(line, of_value, color=style.color)
        lines, indent = wrapped(about, style, _INDENT), _INDENT
    elif not _fits(at + size + len(GAP) + NARROWEST, style):
        yield f"{start}{GAP}{shown}"
        indent = _indent(at, style)
        lines = wrapped(about, style, indent)
    else:
        indent = at + size + len(GAP)
        first, *lines = wrapped(about, style, indent)
        space = " " * (size - width(value)) + GAP
        yield f"{start}{GAP}{shown}{space}{ink(first, of_about, color=style.color)}"
    for line in lines:
        yield " " * indent + ink(line, of_about, color=style.color)


def _indent(wanted: int, style: Style) -> int:
    """Return how far to indent prose, so that a narrow terminal keeps room for it."""
    return wanted if _fits(wanted + NARROWEST, style) else _INDENT


def _fits(cells: int, style: Style) -> bool:
    return style.width is None or cells <= style.width
