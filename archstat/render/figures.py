"""What is said of a printed figure, in words: the same below a table and in ``archstat reproduce``."""

from collections.abc import Iterator

from archstat.render.escape import cell, clean
from archstat.report.columns import BY_KEY
from archstat.report.report import PublishedLine
from archstat.report.values import plain, written
from archstat.units import suffix

COLOURS = {
    "reproduced": "green", "truncated": "green", "accounting": "cyan", "slip": "yellow", "differs": "red",
}  # fmt: skip
WORDS = {
    "reproduced": "reproduced",
    "truncated": "reproduced, cut off",
    "accounting": "another accounting",
    "slip": "a slip",
    "differs": "does not reproduce",
}
"""Each outcome, as people read it."""

PLAIN = (
    "quantity", "printed", "read_as", "verdict", "computed", "derivation", "derived", "cut", "inferred", "why",
    "source",
)  # fmt: skip
"""The columns of a figure in CSV."""


def verdict(line: PublishedLine) -> str:
    """Say a figure's verdict and the graph's number: ``reproduced: 138,344,128 weights``."""
    column = BY_KEY.get(line.quantity)
    noun = clean(line.quantity)
    if column is not None:
        noun = "bytes" if column.unit == "bytes" else column.title
    said = WORDS[line.verdict]
    between = ":" if line.verdict in ("reproduced", "truncated") else "; the network has"
    return f"{said}{between} {written(line.computed)} {noun}".rstrip()


def reasons(line: PublishedLine) -> Iterator[str]:
    """Say how a figure is read, how it comes about and why, a sentence each."""
    if line.read_as:
        yield read_as(line)
    if line.derived is not None:
        cut = ", cut off" if line.cut else ""
        yield f"as printed: {clean(line.derivation)} = {written(line.derived)}{cut}"
    if line.why:
        yield f"{'probably: ' if line.inferred else ''}{clean(line.why)}"


def read_as(line: PublishedLine) -> str:
    """Say which suffix is meant: ``MB read as MiB``."""
    return f"{clean(suffix(line.printed))} read as {clean(line.read_as)}"


def cells(line: PublishedLine) -> list[str]:
    """Return a figure's cells for CSV, in the order of ``PLAIN``."""
    found = []
    for name in PLAIN:
        value = getattr(line, name)
        if isinstance(value, bool):
            found.append("yes" if value else "")
        elif value is None or isinstance(value, str):
            found.append(cell(value or ""))
        else:
            found.append(str(plain(value)))
    return found
