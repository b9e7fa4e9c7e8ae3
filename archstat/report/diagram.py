"""The graph as boxes and arrows, layer by layer or folded by the first words of the path."""

from collections.abc import Callable

import msgspec

from archstat.graph import Graph
from archstat.ops.linear import Standing
from archstat.report.grouping import sample
from archstat.spec.model import Spec
from archstat.tensor import Shape


class Box(msgspec.Struct, frozen=True, kw_only=True):
    """One layer, or ``count`` layers under one path. ``op`` is empty where they differ."""

    path: str
    op: str
    count: int
    output: Shape


class Arrow(msgspec.Struct, frozen=True):
    """A tensor on its way, by the boxes' indices; ``shape`` is one sample's."""

    source: int
    target: int
    shape: Shape


class Diagram(msgspec.Struct, frozen=True, kw_only=True):
    """Boxes in network order, the input first; the last ones are the outputs."""

    name: str
    reference: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


def diagram(spec: Spec, *, depth: int | None = 1, aux: bool = False) -> Diagram:
    """Return a box for each stage, for each path of ``depth`` words, or with ``None`` for each layer."""
    graph = spec.graph.select(aux=aux)
    key = _key(depth)
    groups: dict[str, list[int]] = {}
    for i, node in enumerate(graph.nodes):
        groups.setdefault(key(node.path) if i else "", []).append(i)
    box_of = {i: at for at, nodes in enumerate(groups.values()) for i in nodes}
    boxes = [_box(graph, key(graph.nodes[nodes[0]].path), nodes) for nodes in groups.values()]
    arrows = dict.fromkeys(
        Arrow(box_of[i], box_of[at], sample(graph.nodes[i].output))
        for at, node in enumerate(graph.nodes)
        for i in node.inputs
        if box_of[i] != box_of[at] and not isinstance(node.op, Standing)
    )
    for i in graph.outputs:
        shape = sample(graph.nodes[i].output)
        arrows[Arrow(box_of[i], len(boxes), shape)] = None
        boxes.append(Box(path="output", op="output", count=0, output=shape))
    return Diagram(
        name=spec.name, reference=spec.reference, boxes=tuple(boxes), arrows=tuple(arrows)
    )


def _key(depth: int | None) -> Callable[[str], str]:
    return lambda path: path if depth is None else ".".join(path.split(".")[:depth])


def _box(graph: Graph, path: str, nodes: list[int]) -> Box:
    words = {graph.nodes[i].op.word for i in nodes}
    return Box(
        path=path,
        op=words.pop() if len(words) == 1 else "",
        count=len(nodes),
        output=sample(graph.nodes[nodes[-1]].output),
    )
