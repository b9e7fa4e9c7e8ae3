"""Build a report from a spec: passes give the numbers, grouping the rows, and the rest is what people see."""

from typing import Literal

import msgspec

from archstat.errors import UsageError
from archstat.report.columns import BY_KEY, Column
from archstat.report.grouping import Layout, folded_rest, grouped, layer_rows, sample
from archstat.report.kinds import Kind
from archstat.report.report import Conditions, Grouping, PublishedLine, Report, Row
from archstat.spec.model import Settings, Spec

MANY_ROWS = 40
"""More rows than this and a table for people goes by stage, unless asked otherwise."""


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


EVERYTHING = Arrangement()
DEFAULTS = Settings()


def tabulate(
    spec: Spec,
    kind: Kind,
    arrangement: Arrangement = EVERYTHING,
    *,
    aux: bool = False,
    settings: Settings = DEFAULTS,
) -> Report:
    """Return the report of one spec. Raises a UsageError on an arrangement that can't be.

    ``settings`` are those the spec was loaded with. Published figures are about the network as it is written, so
    they stand below unless something was changed.
    """
    graph = spec.graph.select(aux=aux)
    columns = tuple(BY_KEY[key] for key in (*kind.shown, *kind.aside))
    values = [column.values(graph) for column in columns]
    cells = list(zip(*values, strict=True)) if values else [()] * len(graph.nodes)
    rows = layer_rows(graph, cells, with_input=kind.with_input, layout=arrangement.layout)
    rows, by, notes = _arranged(rows, columns, kind, arrangement)
    return Report(
        kind=kind.name,
        name=spec.name,
        reference=spec.reference,
        conditions=Conditions(
            input=sample(graph.input, arrangement.layout),
            batch=graph.input.batch,
            dtype=graph.dtype,
            aux=aux,
            variables=settings.variables,
        ),
        by=by,
        columns=columns,
        aside=kind.aside,
        labels=kind.labels,
        rows=rows,
        totals=tuple(sum(n for n in column if n is not None) for column in values),
        partial=tuple(c.key for c, column in zip(columns, values, strict=True) if None in column),
        published=_published(spec, kind) if settings == DEFAULTS else (),
        notes=notes,
    )


def _arranged(
    rows: tuple[Row, ...], columns: tuple[Column, ...], kind: Kind, asked: Arrangement
) -> tuple[tuple[Row, ...], Grouping, tuple[str, ...]]:
    by, depth = asked.by or "layer", asked.depth
    if by == "op" and depth is not None:
        raise UsageError("--depth follows paths, so it can't go with --by op")
    people = asked.detail == "people"
    held = grouped(rows, by, depth)
    kept = tuple(r for r in held if not people or _something(r, kind))
    notes: list[str] = []
    if (
        people
        and asked.by is None
        and depth is None
        and asked.top is None
        and len(kept) > MANY_ROWS
    ):
        staged = grouped(rows, "stage")
        staged_kept = tuple(r for r in staged if _something(r, kind))
        if len(staged_kept) < len(kept):
            notes.append(f"by stage; --by layer shows all {len(kept)} rows")
            held, kept, by = staged, staged_kept, "stage"
    left_out = len(held) - len(kept)
    if left_out:
        noun = {"layer": "layer", "stage": "stage", "op": "op"}[by] if depth is None else "row"
        plural = "" if left_out == 1 else "s"
        notes.append(f"{left_out} {noun}{plural} {kind.nothing} not shown; --all shows them")
    kept = _sorted(kept, columns, asked)
    if asked.top is not None and len(kept) > asked.top + 1:
        kept = (*kept[: asked.top], folded_rest(kept[asked.top :]))
    return kept, by, tuple(notes)


def _something(row: Row, kind: Kind) -> bool:
    """Say whether a row has anything to show; a note counts, and so does an unknown."""
    noted = bool(row.note) and "note" in kind.labels
    return not kind.shown or noted or any(n != 0 for n in row.cells[: len(kind.shown)])


def _sorted(
    rows: tuple[Row, ...], columns: tuple[Column, ...], asked: Arrangement
) -> tuple[Row, ...]:
    sort = asked.sort
    if sort is None:
        sort = columns[0].key if asked.top is not None and columns else "network"
    if sort == "network":
        return rows
    if sort == "name":
        return tuple(sorted(rows, key=lambda row: row.path))
    keys = [column.key for column in columns]
    if sort not in keys:
        known = ", ".join(["network", "name", *keys])
        raise UsageError(f"can't sort by '{sort}'", hint=f"this table has {known}")
    at = keys.index(sort)
    # The unknown comes first: it might be the largest.
    return tuple(sorted(rows, key=lambda row: _descending(row.cells[at])))


def _descending(cell: int | None) -> tuple[int, int]:
    return (0, 0) if cell is None else (1, -cell)


def _published(spec: Spec, kind: Kind) -> tuple[PublishedLine, ...]:
    if not spec.published or not kind.quantity:
        return ()
    from archstat.report.published import lines

    return tuple(lines(spec, kind.quantity))
