"""Build a report from a spec: passes give the numbers, nodes the rows, and an arrangement what is shown of them."""

from collections.abc import Sequence

import msgspec

from archstat.report.arrange import Arrangement, arranged
from archstat.report.grouping import layer_rows, sample
from archstat.report.kinds import Kind
from archstat.report.report import Cell, Conditions, PublishedLine, Report
from archstat.spec.model import Settings, Spec

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
    frozen = any(node.frozen and node.params() for node in graph.nodes)
    aside = tuple(key for key in kind.aside if not (frozen and key in kind.unfrozen))
    columns = tuple(kind.column(key) for key in (*kind.shown, *aside))
    values = [column.values(graph) for column in columns]
    cells = list(zip(*values, strict=True)) if values else [()] * len(graph.nodes)
    # The input is a row where an added column counts it, so that the rows come to the total.
    counted = [n for c, n in zip(columns, cells[0], strict=True) if c.adds and c.key in kind.added]
    with_input = kind.with_input or any(n != 0 for n in counted)
    rows = layer_rows(
        graph,
        cells,
        with_input=with_input,
        layout=arrangement.layout,
        shapes=kind.shapes(graph) if kind.shapes is not None else None,
    )
    said = (
        ("saved", kind.what),
        ("note", kind.notes),
        ("seen", kind.seen),
        ("idle", kind.idle),
        ("output", kind.outputs),
        ("tensors", kind.tensors),
    )
    for field, say in said:
        if say is not None:
            values_of = say(graph) if with_input else say(graph)[1:]
            rows = tuple(
                msgspec.structs.replace(row, **{field: value})
                for row, value in zip(rows, values_of, strict=True)
            )
    rows, by, notes = arranged(rows, columns, kind, arrangement)
    if kind.remarks is not None:
        notes += kind.remarks(graph)
    totals = tuple(
        _sum(column) if c.adds else column[graph.outputs[0]]
        for c, column in zip(columns, values, strict=True)
    )
    apart = {c.key for c, n in zip(columns, totals, strict=True) if n != totals[0]}
    return Report(
        kind=kind.name,
        name=spec.name,
        reference=spec.reference,
        conditions=Conditions.of(graph, sample(graph.input, arrangement.layout), settings, aux=aux),
        by=by,
        engine=kind.engine,
        columns=columns,
        aside=tuple(key for key in aside if not (key in kind.split and key in apart)),
        added=kind.added,
        labels=kind.labels,
        rows=rows,
        totals=totals,
        partial=tuple(
            c.key for c, column in zip(columns, values, strict=True) if c.adds and None in column
        ),
        published=_published(spec, kind) if settings == DEFAULTS else (),
        notes=notes,
        peaks=kind.peaks(graph) if kind.peaks is not None else (),
        devices=kind.devices,
        lines=kind.lines(graph) if kind.lines is not None else (),
    )


def _sum(column: Sequence[Cell]) -> int | None:
    """Add up what is known; of nothing known there is no sum."""
    known = [n for n in column if isinstance(n, int)]
    return sum(known) if known else None


def _published(spec: Spec, kind: Kind) -> tuple[PublishedLine, ...]:
    if not spec.published or not kind.quantity:
        return ()
    from archstat.report.published import lines

    return tuple(lines(spec, kind.quantity))
