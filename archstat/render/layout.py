"""A report laid out for people: which fields stand side by side and what stands below. No format yet."""

from collections.abc import Callable

import msgspec

from archstat.render.escape import clean, shape, shapes
from archstat.render.ranks import channels_divided, note_rank, number_ranks
from archstat.render.style import Style
from archstat.report.columns import Column, Reading
from archstat.report.report import Cell, Conditions, Report, Row
from archstat.report.values import plain
from archstat.spec.model import Transfer
from archstat.units import Unit, exact, fixed, percent, power_for, prefixes, scaled

UNKNOWN = "?"


class Field(msgspec.Struct, frozen=True):
    """One column of text. ``rank`` 0 is never left out; the highest rank is left out first."""

    title: str
    cells: tuple[str, ...]
    footer: str = ""
    right: bool = False
    rank: int = 0


def fields(report: Report, style: Style) -> list[Field]:
    """Return the columns of a table, from left to right."""
    rows = report.rows
    found = [
        Field(
            _first_title(report),
            tuple(clean(row.path) for row in rows),
            "TOTAL" if report.totals and any(column.adds for column in report.columns) else "",
        )
    ]
    if any(row.count > 1 and not row.path.startswith("[") for row in rows):
        counts = tuple(exact(row.count) for row in rows)
        found.append(Field("layers", counts, right=True, rank=60))
    for label, title, write, rank in _LABELS:
        if label in report.labels:
            cells = tuple(write(row) for row in rows)
            if any(cells):
                found.append(Field(title, cells, rank=rank))
    numbers = [i for i, column in enumerate(report.columns) if column.key not in report.aside]
    found += _numbers(report, numbers, style)
    if "saved" in report.labels and any(row.saved for row in rows):
        found.append(Field("kept here first", tuple(row.saved for row in rows), rank=50))
    notes = tuple(clean(row.said if "note" in report.labels else row.seen) for row in rows)
    if any(notes):
        # A summary's name says again what its first column does, so that it goes first.
        name, rank = ("name", 60) if report.kind == "summary" else ("", note_rank(report))
        found.append(Field(name, notes, rank=rank))
    return found


def _numbers(report: Report, numbers: list[int], style: Style) -> list[Field]:
    """Return the columns of numbers: the table's own and the share of its first, then those that were added.

    Each number that is added up has its share beside it where there are such from several tables.
    """
    ranks = dict(zip(numbers, number_ranks(report, numbers), strict=True))
    own = [i for i in numbers if report.columns[i].key not in report.added]
    added = numbers[len(own) :] if report.kind != "summary" else []
    each = any(_can_share(report, i) for i in added)
    found = []
    if report.kind == "shares":
        for i in own:
            found += [_number(report, i, style, ranks[i]), _share_of(report, i, rank=10 * i)]
    else:
        found += [_number(report, i, style, ranks[i]) for i in numbers if i not in added]
        if own and _can_share(report, own[0]):
            share = _share_of(report, own[0]) if each else _share(report, own[0])
            found.insert(1 if each else len(own), share)
    for place, i in enumerate(added):
        found.append(_number(report, i, style, ranks[i]))
        if _can_share(report, i):
            found.append(_share_of(report, i, rank=51 + place))
    return found


def _share_of(report: Report, at: int, rank: int = 50) -> Field:
    return _share(report, at, f"of {report.columns[at].title}", rank)


def _can_share(report: Report, at: int) -> bool:
    if not (report.totals and report.columns[at].adds):
        return False
    if channels_divided(report):
        return False  # the first of three numbers that matter alike
    return bool(report.totals[at])


def heading(report: Report) -> tuple[str, str]:
    """Return the title line in two parts: the name, and what the numbers hold for."""
    return clean(report.name) or "Summary", conditions(report.conditions) + _devices(report)


def _devices(report: Report) -> str:
    """Say who shares the work: ``, on each of 8 GPUs for a batch of 256``."""
    shared = report.devices
    if shared is None:
        return ""
    if shared.divide == "channels":
        return f", on each of {shared.count:,} devices, which divide the channels"
    even = shared.batch == shared.count * report.conditions.batch
    return f", on {'each' if even else 'the fullest'} of {shared.count:,} GPUs for a batch of {shared.batch:,}"


def conditions(given: Conditions) -> str:
    """Say what the numbers hold for: ``input 3x224x224, batch 1, float32``."""
    said = [f"input {shape(given.input)}"] if given.input else []
    said += [f"batch {given.batch}", given.dtype]
    said += [f"{clean(name)}={clean(value)}" for name, value in sorted(given.variables.items())]
    if given.aux:
        said.append("auxiliary heads included")
    said += changes(given.transfer)
    return ", ".join(said)


def changes(given: Transfer) -> list[str]:
    """Say what is frozen and replaced: ``freeze all``, ``unfreeze conv5``, ``head of 102``."""
    said = [
        f"{verb} {clean(' '.join(globs))}"
        for verb, globs in (("freeze", given.freeze), ("unfreeze", given.unfreeze))
        if globs
    ]
    return said + ([f"head of {given.replace_head:,}"] if given.replace_head else [])


def _first_title(report: Report) -> str:
    return "spec" if report.kind == "summary" else report.by


def _number(report: Report, at: int, style: Style, rank: int) -> Field:
    column = report.columns[at]
    if isinstance(column, Reading):
        return Field(
            column.title, tuple(_read(row, at) for row in report.rows), right=True, rank=rank
        )
    if column.part_of:
        return Field(column.title, _parts(report, at, column.part_of), right=True, rank=rank)
    write, title = _writer(column, report, at, style)
    footer = ""
    if report.totals:
        least = "at least " if column.key in report.partial else ""
        known = report.totals[at] is not None
        footer = least + write(_count(report.totals[at])) if known else UNKNOWN
    cells = tuple(
        UNKNOWN if row.cells[at] is None else write(_count(row.cells[at])) for row in report.rows
    )
    return Field(title, cells, footer, right=True, rank=rank)


def _parts(report: Report, at: int, whole: str) -> tuple[str, ...]:
    """Write of each row how large a part of another column the number is; nothing where that is nothing."""
    of = [column.key for column in report.columns].index(whole)
    found = []
    for row in report.rows:
        part, all_of_it = row.cells[at], row.cells[of]
        if part is None or all_of_it is None:
            found.append(UNKNOWN)
        else:
            found.append(percent(_count(part), _count(all_of_it)) if all_of_it else "")
    return tuple(found)


def _read(row: Row, at: int) -> str:
    """Write a reading exactly; several layers that are no stage have none together."""
    cell = row.cells[at]
    if cell is None:
        return "" if row.path.startswith("[") else UNKNOWN
    return exact(cell) if isinstance(cell, int) else str(plain(cell))


def _count(cell: Cell) -> int:
    """Return the whole number that a column's cell is."""
    return cell if isinstance(cell, int) else 0


def _writer(
    column: Column, report: Report, at: int, style: Style
) -> tuple[Callable[[int], str], str]:
    """Choose one unit for the whole column; a summary writes four digits, each with its own unit."""
    if report.kind in ("summary", "shares"):
        unit: Unit = "bytes" if column.unit == "bytes" else "count"
        return (lambda n: scaled(n, 4, unit, style.system)), column.title
    if column.unit != "bytes":
        return exact, column.title
    power = power_for(_count(report.totals[at]), "bytes", style.system)
    name = prefixes("bytes", style.system)[power]
    if power == 0:
        return exact, f"{column.title} ({name})"
    return (lambda n: fixed(n, power, 3, "bytes", style.system)), f"{column.title} ({name})"


def _share(report: Report, at: int, title: str = "share", rank: int = 50) -> Field:
    whole, known = _count(report.totals[at]), report.columns[at].key not in report.partial
    cells = tuple(
        UNKNOWN if row.cells[at] is None or not known else percent(_count(row.cells[at]), whole)
        for row in report.rows
    )
    footer = "100.0%" if known and whole else ""
    return Field(title, cells, footer, right=True, rank=rank)


def _tensors(row: Row) -> str:
    return ", ".join(f"{clean(name)} {shape(sizes)}" for name, sizes in row.tensors.items())


_LABELS: tuple[tuple[str, str, Callable[[Row], str], int], ...] = (
    ("op", "op", lambda row: clean(row.op), 55),
    ("inputs", "input", lambda row: shapes(row.inputs) + (" tokens" if row.ids else ""), 48),
    ("output", "output", lambda row: shape(row.output), 40),
    ("tensors", "parameters", _tensors, 58),
)
