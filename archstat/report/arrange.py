"""Which rows of a table are shown, in which order, and what is said of those that are not."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Literal

import msgspec

from archstat.errors import UsageError
from archstat.report.columns import Column, Reading
from archstat.report.grouping import Layout, folded_rest, grouped
from archstat.report.kinds import Kind
from archstat.report.report import Cell, Grouping, Report, Row

MANY_ROWS = 40
"""More rows than this and a table for people goes by stage, unless asked otherwise."""

TOO_MANY_ROWS = 200
"""More rows than this, where stages don't help, and a table for people shows the MANY_ROWS largest."""


class Arrangement(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows, in which order.

    ``detail`` is "everything" for machines; a table for "people" leaves out rows of nothing and goes by stage
    when it would be long, and says so. ``by`` of ``None`` lets the detail decide.
    """

    by: Grouping | None = None
    depth: int | None = None
    sort: str | None = None
    top: int | None = None
    detail: Literal["people", "everything"] = "everything"
    layout: Layout = "chw"


def arranged(
    rows: tuple[Row, ...], columns: tuple[Column | Reading, ...], kind: Kind, asked: Arrangement
) -> tuple[tuple[Row, ...], Grouping, tuple[str, ...]]:
    """Return the rows to show, how they are grouped, and notes on what isn't shown.

    Raises a UsageError on an arrangement that can't be.
    """
    check_grouping(asked.by, asked.depth)
    _check_readings(asked.by, columns)
    by, depth, top = asked.by or "layer", asked.depth, asked.top
    people = asked.detail == "people"
    free = people and asked.by is None and depth is None and top is None
    held = grouped(rows, by, depth, columns)
    shown = columns[: len(kind.shown)]
    kept = tuple(row for row in held if not people or _something(row, kind, shown))
    notes: list[str] = []
    if free and len(kept) > MANY_ROWS:
        staged = grouped(rows, "stage", None, columns)
        staged_kept = tuple(row for row in staged if _something(row, kind, shown))
        if len(staged_kept) < len(kept):
            notes.append(f"by stage; --by layer shows all {len(kept):,} rows")
            held, kept, by = staged, staged_kept, "stage"
    if free and len(kept) > TOO_MANY_ROWS:
        notes.append(f"the {MANY_ROWS} largest of {len(kept):,} rows; --by {by} shows more")
        top = MANY_ROWS
    if len(held) > len(kept):
        left_out = len(held) - len(kept)
        noun = by if depth is None else "row"
        plural = "" if left_out == 1 else "s"
        notes.append(f"{left_out:,} {noun}{plural} {kind.nothing} not shown; --all shows them")
    kept = _sorted(kept, columns, asked.sort or ("network" if top is None else None))
    if top is not None and len(kept) > top + 1:
        kept = (*kept[:top], folded_rest(kept[top:], columns))
    return kept, by, tuple(notes)


def check_grouping(by: Grouping | None, depth: int | None) -> None:
    """Raise a UsageError where rows are asked for in two ways."""
    if by == "op" and depth is not None:
        raise UsageError("--depth follows paths, so it can't go with --by op")
    if by is not None and depth is not None:
        raise UsageError(
            f"--by {by} and --depth both say what a row is",
            hint=f"leave out --by {by}: --depth 1 is a row for each stage",
        )


def _check_readings(by: Grouping | None, columns: Sequence[Column | Reading]) -> None:
    """Raise a UsageError where layers of one op would have a reading together."""
    if by == "op" and any(not column.adds for column in columns):
        raise UsageError(
            "receptive fields aren't added up over layers of one op",
            hint="--by stage shows that of each stage's last layer",
        )


def _something(row: Row, kind: Kind, shown: Sequence[Column | Reading]) -> bool:
    """Say whether a row has anything to show; a note counts, and so does an unknown.

    What is read off every layer counts only where nothing else is shown.
    """
    if row.idle:
        return False
    counted = [n for column, n in zip(shown, row.cells, strict=False) if column.adds]
    noted = bool(row.note) and "note" in kind.labels
    return not kind.nothing or not counted or noted or any(n != 0 for n in counted)


def _sorted(
    rows: tuple[Row, ...], columns: tuple[Column | Reading, ...], sort: str | None
) -> tuple[Row, ...]:
    """Sort by network order, by name, or by a column, the largest first; the first column by default."""
    keys = [column.key for column in columns]
    sort = sort or (keys[0] if keys else "network")
    if sort == "network":
        return rows
    if sort == "name":
        return tuple(sorted(rows, key=lambda row: row.path))
    if sort not in keys:
        known = ", ".join(["network", "name", *keys])
        raise UsageError(f"can't sort by '{sort}'", hint=f"this table has {known}")
    at = keys.index(sort)
    # The unknown comes first: it might be the largest.
    return tuple(sorted(rows, key=lambda row: _descending(row.cells[at])))


def _descending(cell: Cell) -> tuple[int, int | Fraction]:
    if cell is None:
        return 0, 0
    return 1, -(max(cell) if isinstance(cell, tuple) else cell)


def shortened(report: Report, most: int) -> Report:
    """Return the report with at most ``most`` rows: what comes after them is one row, and a note says so."""
    if len(report.rows) <= most:
        return report
    kept = report.rows[: most - 1]
    note = f"the first {len(kept):,} of {len(report.rows):,} rows; -f csv writes them all"
    return msgspec.structs.replace(
        report,
        rows=(*kept, folded_rest(report.rows[len(kept) :], report.columns)),
        notes=(*report.notes, note),
    )
