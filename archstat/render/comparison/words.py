"""How a change is written: with its sign, in its column's unit, as a share of what was."""

from collections.abc import Callable, Iterable

from archstat.comparison.changes import Change
from archstat.comparison.compare import Comparison, Total
from archstat.comparison.outcome import Outcome
from archstat.render.escape import clean, shape
from archstat.render.style import Style
from archstat.report.columns import Column
from archstat.report.wholes import Whole
from archstat.units import exact, fixed, percent, power_for, prefixes, scaled

UNKNOWN = "?"
Write = Callable[[int], str]


def writer(
    column: Column | Whole, numbers: Iterable[int | None], style: Style
) -> tuple[Write, str]:
    """Return how a column's numbers are written, and its title: bytes in one unit, that of the largest."""
    if column.unit != "bytes":
        return exact, column.title
    power = power_for(
        max((abs(n) for n in numbers if n is not None), default=0), "bytes", style.system
    )
    title = f"{column.title} ({prefixes('bytes', style.system)[power]})"
    if power == 0:
        return exact, title
    return (lambda n: fixed(n, power, 3, "bytes", style.system)), title


def short(column: Column | Whole, n: int, style: Style) -> str:
    """Write a total with four digits: ``25.56 M``, ``90.33 MB``."""
    return scaled(n, 4, "bytes" if column.unit == "bytes" else "count", style.system)


def signed(n: int | None, write: Write = exact) -> str:
    """Write a change: ``+1,234``, ``-5``, ``0``, and ``?`` for one that is unknown.

    >>> signed(1234), signed(-5), signed(0), signed(None)
    ('+1,234', '-5', '0', '?')
    """
    if n is None:
        return UNKNOWN
    return f"{'+' if n > 0 else '-'}{write(abs(n))}" if n else "0"


def relative(total: Total) -> str:
    """Write a change as a share of the old total: ``+2.1%``; nothing where there was nothing.

    Of a bound the sign is a part: ``<-99.9%`` is nearly all of it gone, ``>-0.1%`` hardly any.
    """
    change = total.change
    if change is None:
        return UNKNOWN
    if not total.old or total.new is None:
        return ""
    if not change:
        return "0.0%"
    share = percent(abs(change), total.old)
    if change > 0 and share[0] == ">":
        share = "100.0%"  # Only what is lost can be nearly all of it.
    if share[0].isdigit():
        return f"{'+' if change > 0 else '-'}{share}"
    bound, share = share[0], share[1:]
    return f"{bound}+{share}" if change > 0 else f"{'<' if bound == '>' else '>'}-{share}"


def least(total: Total, n: int | None, write: Write) -> str:
    """Write one side's total; nothing for a side that isn't there, ``?`` for a peak that is unknown."""
    if n is None:
        return UNKNOWN if total.least else ""
    if not total.column.adds:
        return write(n)
    return f"{'at least ' if total.least else ''}{write(n)}"


def name(one: Comparison) -> str:
    """Name what is compared: ``net.yaml``, or ``old.yaml -> net.yaml``."""
    if one.old is None or one.new is None or one.old.reference == one.new.reference:
        return clean(one.side.reference)
    return f"{clean(one.old.reference)} -> {clean(one.new.reference)}"


def mark(one: Comparison) -> str:
    """Return the mark of a whole comparison."""
    if one.old is None or one.new is None:
        return "+" if one.old is None else "-"
    return "=" if one.same else "~"


def headings(one: Comparison) -> tuple[str, str]:
    """Return how the two sides are called above their columns."""
    old, new = (side and clean(side.reference) for side in (one.old, one.new))
    return (old or "", new or "") if old != new else ("old", "new")


def conditions(one: Comparison, said: Callable[..., str]) -> str:
    """Say what the numbers hold for, on both sides where that differs."""
    both = [said(side.conditions) for side in (one.old, one.new) if side is not None]
    return both[0] if both[0] == both[-1] else " -> ".join(both)


def outputs(one: Comparison) -> tuple[str, str]:
    """Return the shapes of both outputs."""
    old, new = (shape(side.output) if side else "" for side in (one.old, one.new))
    return old, new


def fields(one: Comparison) -> tuple[str, str]:
    """Return the receptive fields of both outputs: one number where all axes agree."""
    found = []
    for side in (one.old, one.new):
        sizes = [size for size in side.field if size is not None] if side else []
        known = side is None or len(sizes) == len(side.field)
        one_size = sizes[:1] if len(set(sizes)) == 1 else sizes
        found.append(("x".join(map(str, one_size))) if known else UNKNOWN)
    return found[0], found[1]


def depths(one: Comparison) -> tuple[str, str]:
    """Return how many layers with weights both sides are deep."""
    old, new = (
        "" if side is None else UNKNOWN if side.depth is None else f"{side.depth:,}"
        for side in (one.old, one.new)
    )
    return old, new


def differing(old: str, new: str) -> str:
    """Say how two texts differ: two whole numbers by how much; nothing where one isn't there.

    >>> differing("34", "50"), differing("10", "2x10"), differing("7", "7")
    ('+16', 'differs', '')
    """
    if not (old and new) or old == new:
        return ""
    a, b = (text.replace(",", "") for text in (old, new))
    return signed(int(b) - int(a)) if a.isdecimal() and b.isdecimal() else "differs"


def closing(outcome: Outcome) -> str:
    """Count what was found: ``3 specs compared with origin/main: 1 differs, 1 added, 1 without a difference``."""
    if outcome.base and not outcome.comparisons and not outcome.problems:
        return f"no spec differs from {clean(outcome.base)}"
    marks = [mark(one) for one in outcome.comparisons]
    renamed = sum(one.same and one.renamed for one in outcome.comparisons) if outcome.base else 0
    marks += [">"] * renamed
    for _ in range(renamed):
        marks.remove("=")
    parts = [
        f"{n:,} {word if n == 1 else words}"
        for sign, word, words in _COUNTED
        if (n := marks.count(sign))
    ]
    if outcome.problems:
        parts.append(f"{len(outcome.problems):,} can't be compared")
    specs = len(outcome.comparisons) + len(outcome.problems)
    against = f" compared with {clean(outcome.base)}" if outcome.base else ""
    return f"{specs:,} spec{'s' * (specs != 1)}{against}: {', '.join(parts)}"


_COUNTED = (
    ("~", "differs", "differ"), ("+", "added", "added"), ("-", "removed", "removed"), (">", "renamed", "renamed"),
    ("=", "without a difference", "without a difference"),
)  # fmt: skip


def why(row: Change) -> str:
    """Say what differs in a row: the old name, how many layers, the options."""
    was = [f"was {clean(row.was)}"] if row.was and row.mark == "~" else []
    layers = [f"{row.count:,} layers"] if row.count > 1 and row.mark in "+-" else []
    notes = [clean(note) for note in row.notes]
    if was and notes and notes[0] in ("renamed", "moved"):
        # ``was conv2`` says it.
        notes = notes[1:]
    return ", ".join([*was, *layers, *notes])
