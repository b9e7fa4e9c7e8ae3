"""The memory over a step of training, drawn with characters."""

from collections.abc import Iterator, Sequence

from archstat.render.style import Style
from archstat.report.report import PeakLine

HEIGHT = 8
WIDTH = 72
_EIGHTHS = " ▁▂▃▄▅▆▇█"


def drawn(peak: PeakLine, style: Style, largest: str) -> Iterator[str]:
    """Yield the lines of the curve, the phases named below; ``largest`` is the peak, as it is written."""
    width = min(WIDTH, (style.width or WIDTH), len(peak.curve))
    points = _thinned(peak.curve, width)
    top = max(points)
    yield f"live bytes over one step, up to {largest}"
    for row in reversed(range(HEIGHT)):
        yield "".join(_cell(n, top, row, style) for n in points).rstrip()
    yield _phases(peak, len(points), style.width)


def _thinned(curve: Sequence[int], width: int) -> list[int]:
    """Return ``width`` points, each the largest of its stretch."""
    n = len(curve)
    return [
        max(curve[n * i // width : max(n * (i + 1) // width, n * i // width + 1)])
        for i in range(width)
    ]


def _cell(n: int, top: int, row: int, style: Style) -> str:
    filled = min(max(n * HEIGHT * 8 // top - 8 * row, 0), 8)
    if style.unicode:
        return _EIGHTHS[filled]
    return "#" if filled >= 4 else " "


def _phases(peak: PeakLine, width: int, room: int | None) -> str:
    """Write each phase's name below the point with which it begins, behind the sign or, at the edge, before it."""
    line = ""
    for phase, point in peak.phases:
        at = point * width // len(peak.curve)
        sign = "^" if at < width else ""
        mark = f"{sign}{phase}"
        if room is not None and at + len(mark) > room:
            mark = f"{phase}{sign}"
            at = max(0, at - len(phase))
        if line and len(line) >= at:
            line += "  "
        line = line.ljust(at) + mark
    return line
