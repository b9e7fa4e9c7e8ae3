"""Which rows of a comparison are shown, in which order, and what is said of the others."""

from collections.abc import Iterable, Sequence

import msgspec

from archstat.comparison.changes import Change, Mark, sums
from archstat.comparison.compare import Comparison
from archstat.errors import UsageError
from archstat.report.arrange import MANY_ROWS, Arrangement, check_grouping
from archstat.report.columns import Column
from archstat.report.report import Grouping


class View(msgspec.Struct, frozen=True):
    """The rows to show, how they are grouped, and notes on what isn't shown."""

    rows: tuple[Change, ...]
    by: Grouping
    notes: tuple[str, ...]


def view(comparison: Comparison, asked: Arrangement) -> View:
    """Arrange the rows that differ, the biggest change first. Raises a UsageError on an arrangement that can't be.

    For people, what was added, removed or renamed whole is one row, and a long table goes by stage.
    """
    by, people = asked.by or "layer", asked.detail == "people"
    check_grouping(asked.by, asked.depth)
    free = people and asked.by is None and asked.depth is None
    rows = comparison.rows if free else _grouped(comparison.layers, by, asked.depth)
    kept = _differing(rows) if people else rows
    notes = []
    if free and len(kept) > MANY_ROWS and asked.top is None:
        staged = _differing(_grouped(comparison.layers, "stage", None))
        if len(staged) < len(kept):
            notes.append(f"by stage; --by layer shows all {len(kept):,} rows that differ")
            kept, by = staged, "stage"
    same = sum(row.count for row in rows if row.mark == "=") if people else 0
    if same:
        notes.append(
            f"{same:,} layer{'s' * (same != 1)} without a difference not shown; --all shows them"
        )
    kept = _sorted(kept, comparison, asked.sort or ("biggest" if people else "network"))
    if asked.top is not None and len(kept) > asked.top + 1:
        kept = (*kept[: asked.top], _rest(kept[asked.top :]))
    return View(kept, by, tuple(notes))


def first(view: View, most: int) -> View:
    """Return the view with at most ``most`` rows: what comes after them is one row."""
    if len(view.rows) <= most:
        return view
    kept = view.rows[: most - 1]
    note = f"the first {len(kept):,} of {len(view.rows):,} rows; -f csv writes them all"
    return View((*kept, _rest(view.rows[len(kept) :])), view.by, (*view.notes, note))


def _differing(rows: Iterable[Change]) -> tuple[Change, ...]:
    return tuple(row for row in rows if row.mark != "=")


def _grouped(rows: Sequence[Change], by: Grouping, depth: int | None) -> tuple[Change, ...]:
    if by == "layer" and depth is None:
        return tuple(rows)
    groups: dict[str, list[Change]] = {}
    for row in rows:
        key = row.op if by == "op" else _prefix(row.path, depth or 1)
        groups.setdefault(key, []).append(row)
    return tuple(_folded(name, group, depth or 1, by) for name, group in groups.items())


def _folded(path: str, rows: Sequence[Change], depth: int, by: Grouping) -> Change:
    if len(rows) == 1 and rows[0].path == path:
        return rows[0]
    marks = {row.mark for row in rows}
    mark: Mark = marks.pop() if len(marks) == 1 else "~"
    were = {_prefix(row.was or row.path, depth) for row in rows if row.mark in "~="}
    was = were.pop() if len(were) == 1 and by != "op" else ""
    differing = sum(row.mark != "=" for row in rows)
    notes = (f"{differing:,} of {len(rows):,} layers differ",) if mark == "~" else ()
    words = {row.op for row in rows}
    return Change(
        mark=mark,
        path=path,
        was=was if was != path else "",
        op=words.pop() if len(words) == 1 else "",
        count=sum(row.count for row in rows),
        old=sums([row.old for row in rows]),
        new=sums([row.new for row in rows]),
        notes=notes,
    )


def _rest(rows: Sequence[Change]) -> Change:
    return msgspec.structs.replace(
        _folded(f"[{len(rows):,} others]", rows, 1, "op"), notes=(), op=""
    )


def _prefix(path: str, depth: int) -> str:
    return ".".join(path.split(".")[:depth])


def _sorted(rows: tuple[Change, ...], comparison: Comparison, sort: str) -> tuple[Change, ...]:
    """Sort by the size of the change in one column, or in the first, then the next; the unknown comes first."""
    keys = [column.key for column in comparison.columns]
    if sort == "network":
        return rows
    if sort == "name":
        return tuple(sorted(rows, key=lambda row: row.path))
    if sort == "biggest":
        return tuple(sorted(rows, key=lambda row: [_descending(n) for n in row.changes]))
    if sort not in keys:
        known = ", ".join(["network", "name", *keys])
        raise UsageError(f"can't sort by '{sort}'", hint=f"this comparison has {known}")
    at = keys.index(sort)
    return tuple(sorted(rows, key=lambda row: _descending(row.changes[at])))


def _descending(change: int | None) -> tuple[int, int]:
    return (0, 0) if change is None else (1, -abs(change))


def moving(view: View, columns: Sequence[Column]) -> list[int]:
    """Return which columns change in a row; all of them if none does."""
    found = [at for at in range(len(columns)) if any(row.changes[at] != 0 for row in view.rows)]
    return found or list(range(len(columns)))
