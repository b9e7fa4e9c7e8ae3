"""Several networks side by side: one row for each."""

from collections.abc import Sequence

from archstat import passes
from archstat.graph import Graph
from archstat.report.added import beside
from archstat.report.columns import BY_KEY, Column, Reading
from archstat.report.grouping import sample, total
from archstat.report.kinds import SUMMARY
from archstat.report.report import Cell, Conditions, Report, Row
from archstat.spec.model import Settings, Spec

DEFAULTS = Settings()

TRAINED = "trainable_params"
"""Stands beside the params where something is frozen."""

MORE = "--by op and --by stage show where params, MACs and memory sit"


def _in_linear(graph: Graph) -> passes.Values:
    """Return the params of the linear layers, the lecture's FC layers."""
    counts = zip(graph.nodes, passes.params(graph), strict=True)
    return tuple(n if node.op.word == "linear" else 0 for node, n in counts)


DEPTH = Reading("depth", "depth", "layers", "layers with weights on the longest path", passes.depth)
IN_LINEAR = Column(
    "linear_params",
    "in linear",
    "elements",
    "params of the linear layers, FC layers to the lecture",
    _in_linear,
    part_of="params",
)


def summarize(
    specs: Sequence[Spec],
    *,
    aux: bool = False,
    settings: Settings = DEFAULTS,
    added: Sequence[str] = (),
    more: bool = False,
) -> Report:
    """Return one row for each spec, in the order given; there is no total over different networks.

    ``added`` are the keys of further columns, of a reading with that of the output. ``more`` says below a single one
    what shows more of it.
    """
    first, *others = (BY_KEY[key] for key in SUMMARY.shown)
    kind = beside(SUMMARY, added)
    trained = () if TRAINED in kind.added else (BY_KEY[TRAINED],)
    added_columns = tuple(kind.column(key) for key in kind.added)
    columns: tuple[Column | Reading, ...] = (
        *(DEPTH, first, *trained, IN_LINEAR, *others),
        *added_columns,
    )
    rows, partly = [], False
    for spec in specs:
        graph = spec.graph.select(aux=aux)
        partly = partly or any(node.frozen and node.params() for node in graph.nodes)
        rows.append(
            Row(
                path=spec.reference,
                cells=tuple(_whole(column, graph) for column in columns),
                inputs=(sample(graph.input),),
                output=sample(graph.output),
                note=spec.name,
                ids=not graph.input.is_floating,
            )
        )
    return Report(
        kind=SUMMARY.name,
        name="",
        reference="",
        conditions=Conditions(
            batch=settings.batch,
            dtype=settings.dtype,
            aux=aux,
            variables=settings.variables,
            transfer=settings.transfer,
        ),
        columns=columns,
        aside=() if partly or TRAINED in kind.added else (TRAINED,),
        added=kind.added,
        labels=("inputs", "output", "note"),
        rows=tuple(rows),
        partial=tuple(
            c.key for at, c in enumerate(columns) if any(r.cells[at] is None for r in rows)
        ),
        notes=(MORE,) if more and len(rows) == 1 else (),
    )


def _whole(column: Column | Reading, graph: Graph) -> Cell:
    """Return what a column adds up to, the deepest of the layers, and of another reading the output's."""
    if isinstance(column, Column):
        return total(column.values(graph))
    values = column.values(graph)
    if column is DEPTH:
        return max(n for n in values if isinstance(n, int))
    return values[graph.outputs[0]]
