"""Rows from layers: by layer, by stage, by depth of the path, by op."""

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from msgspec.structs import replace

from archstat.graph import Graph, Node
from archstat.ops.base import IO, Terms
from archstat.report.columns import Column, Reading
from archstat.report.report import Cell, Grouping, Row
from archstat.tensor import Shape, Tensor

Layout = Literal["chw", "hwc"]
Cells = tuple[Cell, ...]


def layer_rows(
    graph: Graph,
    cells: Sequence[Cells],
    *,
    with_input: bool,
    layout: Layout = "chw",
    shapes: Sequence[tuple[Shape, Terms]] | None = None,
) -> tuple[Row, ...]:
    """Return one row for each node of the graph, in network order.

    ``shapes`` are output shapes and learnable tensors to show in place of the graph's.
    """
    if shapes is not None:
        graph = _reshaped(graph, [shape for shape, _ in shapes])
    return tuple(
        Row(
            path=node.path,
            cells=cells[i],
            op=node.op.word,
            inputs=tuple(sample(x, layout) for x in node.io.inputs),
            output=sample(node.output, layout),
            tensors=node.params() if shapes is None else shapes[i][1],
            note=_note(graph, i, node),
        )
        for i, node in enumerate(graph.nodes)
        if i or with_input
    )


def grouped(
    rows: Iterable[Row],
    by: Grouping,
    depth: int | None = None,
    columns: Sequence[Column | Reading] = (),
) -> tuple[Row, ...]:
    """Fold rows that belong together, in the order of their first layer; the output is the last one's."""
    if by == "layer" and depth is None:
        return tuple(rows)
    key: Callable[[Row], str] = (lambda row: row.op) if by == "op" else _prefix(depth or 1)
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return tuple(_folded(name, group, columns, shapes=by != "op") for name, group in groups.items())


def folded_rest(rows: Sequence[Row], columns: Sequence[Column | Reading]) -> Row:
    """Return the one row ``[12 others]`` that stands for ``rows``."""
    return _folded(f"[{len(rows):,} others]", rows, columns, shapes=False)


def total(column: Sequence[Cell]) -> int | None:
    """Add a column; a sum with an unknown part is unknown."""
    known = [n for n in column if type(n) is int]
    return sum(known) if len(known) == len(column) else None


def sample(tensor: Tensor, layout: Layout = "chw") -> Shape:
    """Return one sample's shape, its channels first or last as asked."""
    shape = tensor.sample
    if layout == "hwc" and tensor.channels_first and len(shape) > 1:
        return (*shape[1:], shape[0])
    return shape


def _reshaped(graph: Graph, shapes: Sequence[Shape]) -> Graph:
    """Return the graph with other output shapes, the order of their axes being the same."""
    outputs = [
        replace(node.output, shape=shape, strides=None)
        for node, shape in zip(graph.nodes, shapes, strict=True)
    ]
    nodes = tuple(
        replace(node, io=IO(tuple(outputs[i] for i in node.inputs), y))
        for node, y in zip(graph.nodes, outputs, strict=True)
    )
    return replace(graph, nodes=nodes)


def _prefix(depth: int) -> Callable[[Row], str]:
    return lambda row: ".".join(row.path.split(".")[:depth])


def _folded(
    path: str, rows: Sequence[Row], columns: Sequence[Column | Reading], *, shapes: bool
) -> Row:
    if len(rows) == 1 and rows[0].path == path:
        return rows[0]
    words = {row.op for row in rows}
    return Row(
        path=path,
        cells=tuple(
            total([row.cells[at] for row in rows])
            if column.adds
            else rows[-1].cells[at]
            if shapes
            else None
            for at, column in enumerate(columns)
        ),
        seen=rows[-1].seen if shapes else "",
        op=words.pop() if len(words) == 1 else "",
        inputs=rows[0].inputs if shapes else (),
        output=rows[-1].output if shapes else None,
        count=sum(row.count for row in rows),
    )


def _note(graph: Graph, index: int, node: Node) -> str:
    if node.owner != index:
        return f"shares {graph.nodes[node.owner].path}"
    return "frozen" if node.frozen and node.params() else ""
