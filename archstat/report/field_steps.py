"""The arithmetic of a receptive field, as written on a board: ``163 + (3 - 1)*16 = 195``."""

from collections.abc import Iterator
from fractions import Fraction

from archstat.graph import Graph, Node
from archstat.ops.reach import Along, Read, Slide, Spread
from archstat.passes.receptive_field import Field, fields
from archstat.passes.views import axes, views

Line = tuple[str, str, int | None]
"""What it is about, the arithmetic, and what that gives; ``None`` where it only says something."""


def field_lines(graph: Graph, index: int) -> Iterator[Line]:
    """Yield the lines of one node, those of axes that agree once; none where it sees what its input does."""
    node, found = graph.nodes[index], fields(graph)
    if not node.inputs or (len(node.inputs) == 1 and found[node.inputs[0]] == found[index]):
        return
    seen = views(graph)
    lines: dict[Line, None] = {}
    for k, _ in enumerate(axes(graph)):
        after, before = found[index][k], [found[i][k] for i in node.inputs]
        read = _read(node, seen[node.inputs[0]][k].axis)
        for line in _axis(after, before, read, node):
            lines.setdefault(line)
    yield from lines


def _axis(after: Field, before: list[Field], read: Read | None, node: Node) -> Iterator[Line]:
    label = "receptive field"
    if after.whole:
        if not all(field.whole for field in before):
            yield label, "the whole input", after.size
        return
    if after.size is None:
        yield label, "unknown: positions are merged or moved", None
        return
    if len(before) > 1:
        sizes = [f"{field.size:,}" for field in before if field.size is not None]
        yield label, f"the largest of {', '.join(dict.fromkeys(sizes))}", after.size
        return
    (x,) = before
    if isinstance(read, Along) and isinstance(read.taps, Slide):
        yield from _slid(after, x, read.taps)
        return
    if isinstance(read, Along) and isinstance(read.taps, Spread) and x.jump and after.jump:
        yield label, f"{after.size:,}, the most over the phases", None
        yield "jump", f"{_plain(x.jump)}/{read.taps.stride} = {after.jump}", None
    elif after.size != x.size:
        yield label, f"{after.size:,}", after.size


def _slid(after: Field, x: Field, window: Slide) -> Iterator[Line]:
    """Write r + (k - 1) d j, j s and P + p j, as far as they change anything."""
    if x.size is None or x.jump is None or x.padding is None:
        return
    j, (k, s, p, d) = x.jump, (window.kernel, window.stride, window.padding, window.dilation)
    if after.size == x.size + (k - 1) * d * j and k > 1:
        by = f"{d}*{_plain(j)}" if d > 1 else _plain(j)
        yield "receptive field", f"{x.size} + ({k} - 1)*{by}", after.size
    elif after.size != x.size:
        yield "receptive field", f"{after.size}", after.size
    if s > 1 and after.jump is not None and after.jump.denominator == 1:
        yield "jump", f"{_plain(j)}*{s}", int(after.jump)
    if p and after.padding == x.padding + p * j:
        yield "padding", f"{x.padding} + {p}*{_plain(j)}", after.padding


def _read(node: Node, axis: int) -> Read | None:
    routes = node.op.reach(node.io)
    return routes[0].reads[axis] if len(routes) == 1 else None


def _plain(jump: Fraction) -> str:
    return str(jump) if jump.denominator == 1 else f"({jump})"
