"""Asking a graph by expression: ``macs() + macs('3x3.conv')``, ``params(op='conv')``, ``depth()``.

Each metric is a function of globs on the dotted path (of a layer, or of anything around it) and of ``op``,
the layer's kind. With no argument it is the total.
"""

from collections.abc import Callable, Mapping
from functools import cached_property
from itertools import accumulate

from archstat import passes
from archstat.errors import SpecError
from archstat.graph import Graph
from archstat.report.columns import BY_KEY, READING_BY_KEY
from archstat.report.wholes import WHOLES, Whole
from archstat.spec.expressions import Function, Number, evaluate
from archstat.spec.words import nearest

Load = Callable[[str], Graph]


class Metrics:
    """One graph, asked many times: columns and matches are worked out once.

    ``load`` brings another bundled spec's graph for ``of='alexnet'``.
    """

    def __init__(self, graph: Graph, load: Load | None = None) -> None:
        self.graph = graph
        self._load = load
        self._values: dict[str, tuple[int | None, ...]] = {}
        self._matches: dict[tuple[tuple[str, ...], str | None], list[int]] = {}
        self._functions: Mapping[str, Function] = {
            **{key: self._metric(key) for key in BY_KEY},
            **{whole.key: self._whole(whole) for whole in WHOLES},
            **{key: self._reading(key) for key in READING_BY_KEY},
            "layers": self._layers,
            "depth": self._depth,
            "size": self._size,
        }

    def ask(self, expression: str) -> bool | Number:
        """Evaluate an expression over the graph's metrics.

        Raises a SpecError without a place for a glob that matches nothing, an unknown name, or an unknown value.
        """
        return evaluate(expression, {}, self._functions)

    @cached_property
    def _around(self) -> list[tuple[str, ...]]:
        return [_around(node.path) for node in self.graph.nodes]

    def output_of(self, glob: str | None = None) -> tuple[int, ...]:
        """Return one sample's output shape: the network's, or that of the last layer that the glob matches."""
        if glob is None:
            return self.graph.output.sample
        return self.graph.nodes[self._matching((glob,), None)[-1]].output.sample

    def _metric(self, key: str) -> Function:
        def function(*globs: str, op: str | None = None, of: str | None = None) -> Number:
            return self._of(of)._sum(key, globs, op)

        return function

    def _whole(self, whole: Whole) -> Function:
        def function(*, of: str | None = None) -> Number:
            value = whole.measure(self._of(of).graph).value
            if value is None:
                raise SpecError(f"the {whole.key} of '{self.graph.name}' is unknown")
            return value

        return function

    def _reading(self, key: str) -> Function:
        """What is read off one layer: the output, or the last one that the globs match."""

        def function(
            *globs: str, op: str | None = None, of: str | None = None, axis: int | None = None
        ) -> Number:
            return self._of(of)._read(key, globs, op, axis)

        return function

    def _layers(self, *globs: str, op: str | None = None, of: str | None = None) -> Number:
        return len(self._of(of)._matching(globs, op))

    def _depth(self, *globs: str, of: str | None = None) -> Number:
        asked = self._of(of)
        return max(passes.depth(asked.graph, frozenset(asked._matching(globs, None))))

    def _size(self, axis: int, glob: str | None = None) -> Number:
        """One axis of an output's shape, the channels first: ``size(1, 'conv1')`` is the height."""
        shape = self.output_of(glob)
        if not isinstance(axis, int) or not 0 <= axis < len(shape):
            raise SpecError(f"size(): the shape {shape} has no axis {axis}")
        return shape[axis]

    def _of(self, name: str | None) -> "Metrics":
        if name is None:
            return self
        if self._load is None or not isinstance(name, str):
            raise SpecError(f"of={name!r}: another spec can't be asked here")
        return Metrics(self._load(name))

    def _sum(self, key: str, globs: tuple[str, ...], op: str | None) -> Number:
        if key not in self._values:
            self._values[key] = BY_KEY[key].values(self.graph)
        values = self._values[key]
        total: Number = 0
        for i in self._matching(globs, op):
            value = values[i]
            if value is None:
                raise SpecError(f"the {key} of '{self.graph.nodes[i].path}' is unknown")
            total += value
        return total

    def _read(self, key: str, globs: tuple[str, ...], op: str | None, axis: int | None) -> Number:
        graph = self.graph
        at = self._matching(globs, op)[-1] if globs or op else graph.outputs[0]
        value = READING_BY_KEY[key].values(graph)[at]
        path = graph.nodes[at].path
        if value is None:
            raise SpecError(f"the {key} of '{path}' is unknown")
        if axis is not None:
            from archstat.passes.views import axes

            values = value if isinstance(value, tuple) else (value,) * len(axes(graph))
            if not isinstance(axis, int) or not 0 <= axis < len(values):
                raise SpecError(f"{key}(): the input has {len(values)} axes, from 0")
            value = values[axis]
        if isinstance(value, tuple):
            shown = "x".join(map(str, value))
            raise SpecError(
                f"the {key} of '{path}' is {shown}: its axes differ", hint="name one: axis=0"
            )
        return value

    def _matching(self, globs: tuple[str, ...], op: str | None) -> list[int]:
        """Return the nodes that match any of the globs (all, if there are none) and the op."""
        found = self._matches.get((globs, op))
        if found is None:
            found = self._matches[globs, op] = self._look(globs, op)
        return found

    def _look(self, globs: tuple[str, ...], op: str | None) -> list[int]:
        hit: set[int] = set()
        for glob in globs:
            if not isinstance(glob, str):
                raise SpecError(f"a layer is named in quotes, not {glob}")
            hits = {i for i, paths in enumerate(self._around) if _matches(paths, glob)}
            if not hits:
                known = {path for paths in self._around for path in paths}
                raise SpecError(f"'{glob}' matches no layer", hint=nearest(glob, known))
            hit |= hits
        nodes = self.graph.nodes
        kinds = {node.op.word for node in nodes}
        if op is not None and op not in kinds:
            raise SpecError(f"op='{op}': the network has no such layer", hint=nearest(op, kinds))
        return [
            i
            for i, node in enumerate(nodes)
            if (op is None or node.op.word == op) and (not globs or i in hit)
        ]


def _matches(paths: tuple[str, ...], glob: str) -> bool:
    from fnmatch import fnmatchcase

    return any(fnmatchcase(path, glob) for path in paths)


def _around(path: str) -> tuple[str, ...]:
    return tuple(accumulate(path.split("."), "{}.{}".format))
