"""Asking a graph by expression: ``macs() + macs('3x3.conv')``, ``params(op='conv')``, ``depth()``.

Each metric is a function of globs on the dotted path (of a layer, or of anything around it) and of ``op``,
the layer's kind. With no argument it is the total.
"""

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from itertools import accumulate

from archstat.errors import SpecError
from archstat.graph import Graph, Node
from archstat.report.columns import BY_KEY, Column
from archstat.spec.expressions import Function, Number, evaluate
from archstat.spec.words import nearest

Load = Callable[[str], Graph]


def ask(graph: Graph, expression: str, load: Load | None = None) -> bool | Number:
    """Evaluate an expression over the graph's metrics.

    ``of='alexnet'`` asks another bundled spec, which ``load`` brings. Raises a SpecError without a place for
    a glob that matches nothing, an unknown name, or an unknown value.
    """
    return evaluate(expression, {}, _functions(graph, load))


def output_of(graph: Graph, pattern: str | None = None) -> tuple[int, ...]:
    """Return one sample's output shape: the network's, or that of the last layer that the glob matches."""
    if pattern is None:
        return graph.output.sample
    return graph.nodes[_matching(graph, (pattern,), None)[-1]].output.sample


def _functions(graph: Graph, load: Load | None) -> Mapping[str, Function]:
    def metric(key: str) -> Function:
        def function(*globs: str, op: str | None = None, of: str | None = None) -> Number:
            asked = graph if of is None else _other(of, load)
            return _sum(asked, BY_KEY[key], globs, op)

        return function

    def layers(*globs: str, op: str | None = None, of: str | None = None) -> Number:
        asked = graph if of is None else _other(of, load)
        return len(_matching(asked, globs, op))

    def depth(*globs: str, of: str | None = None) -> Number:
        asked = graph if of is None else _other(of, load)
        return _depth(asked, _matching(asked, globs, None))

    def size(axis: int, glob: str | None = None) -> Number:
        """One axis of an output's shape, the channels first: ``size(1, 'conv1')`` is the height."""
        shape = output_of(graph, glob)
        if not isinstance(axis, int) or not 0 <= axis < len(shape):
            raise SpecError(f"size(): the shape {shape} has no axis {axis}")
        return shape[axis]

    return {
        **{key: metric(key) for key in BY_KEY},
        "layers": layers,
        "depth": depth,
        "size": size,
    }


def _other(name: str, load: Load | None) -> Graph:
    if load is None or not isinstance(name, str):
        raise SpecError(f"of={name!r}: another spec can't be asked here")
    return load(name)


def _sum(graph: Graph, column: Column, globs: tuple[str, ...], op: str | None) -> Number:
    values = column.values(graph)
    total: Number = 0
    for i in _matching(graph, globs, op):
        value = values[i]
        if value is None:
            raise SpecError(f"the {column.key} of '{graph.nodes[i].path}' is unknown")
        total += value
    return total


def _matching(graph: Graph, globs: tuple[str, ...], op: str | None) -> list[int]:
    """Return the nodes that match any of the globs (all, if there are none) and the op."""
    for glob in globs:
        if not isinstance(glob, str):
            raise SpecError(f"a layer is named in quotes, not {glob}")
        if not any(_matches(node, glob) for node in graph.nodes):
            known = {path for node in graph.nodes for path in _around(node.path)}
            raise SpecError(f"'{glob}' matches no layer", hint=nearest(glob, known))
    kinds = {node.op.word for node in graph.nodes}
    if op is not None and op not in kinds:
        raise SpecError(f"op='{op}': the network has no such layer", hint=nearest(op, kinds))
    return [
        i
        for i, node in enumerate(graph.nodes)
        if (op is None or node.op.word == op)
        and (not globs or any(_matches(node, glob) for glob in globs))
    ]


def _matches(node: Node, glob: str) -> bool:
    return any(fnmatchcase(path, glob) for path in _around(node.path))


def _around(path: str) -> tuple[str, ...]:
    return tuple(accumulate(path.split("."), "{}.{}".format))


def _depth(graph: Graph, nodes: list[int]) -> int:
    """Count layers with weights along the longest path, as the papers do: conv and linear, norms not."""
    counted = set(nodes)
    longest: list[int] = []
    for i, node in enumerate(graph.nodes):
        before = max((longest[j] for j in node.inputs), default=0)
        weighs = node.op.word in _DEEP and i in counted
        longest.append(before + weighs)
    return max(longest)


_DEEP = ("conv", "conv_transpose", "linear", "attention")
