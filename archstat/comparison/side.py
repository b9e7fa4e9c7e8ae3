"""One side of a comparison: an architecture's layers and their numbers, as plain data that a file can hold."""

from collections.abc import Mapping, Sequence

import msgspec

from archstat import passes
from archstat.graph import Graph
from archstat.ops.written import options
from archstat.passes.receptive_field import output_fields
from archstat.report.columns import BY_KEY
from archstat.report.grouping import sample
from archstat.report.report import Conditions, PublishedLine
from archstat.report.wholes import WHOLE_BY_KEY
from archstat.spec.model import Settings, Spec
from archstat.tensor import Shape

Cells = tuple[int | None, ...]


class Layer(msgspec.Struct, frozen=True, gc=False):
    """One layer. ``inputs`` index into the side's layers, ``owner`` is the one whose weights it uses."""

    path: str
    op: str
    options: tuple[tuple[str, str], ...]
    inputs: tuple[int, ...]
    owner: int
    output: Shape
    cells: Cells
    frozen: bool = False

    @property
    def kind(self) -> tuple[object, ...]:
        """What makes two layers the same, wherever they stand: the op and its options."""
        return (self.op, self.options, self.frozen)


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """``keys`` name the columns of the layers' cells. Shapes are one sample's.

    ``field`` is the receptive field of a unit of the output along each axis of the input; ``depth`` counts layers with
    weights on the longest path. ``wholes`` are other numbers of the whole network, by metric.
    ``None`` is unknown.
    """

    reference: str
    name: str
    conditions: Conditions
    output: Shape
    keys: tuple[str, ...]
    layers: tuple[Layer, ...]
    field: tuple[int | None, ...] = ()
    depth: int | None = None
    wholes: Mapping[str, int | None] = {}
    published: tuple[PublishedLine, ...] = ()

    def total(self, key: str) -> tuple[int, bool]:
        """Return a column's total over the layers that are known, and whether that is all of them."""
        at = self.keys.index(key)
        cells = [layer.cells[at] for layer in self.layers]
        return sum(n for n in cells if n is not None), None not in cells

    def has(self, key: str) -> bool:
        """Say whether a metric was measured."""
        return key in self.keys or key in self.wholes

    def only(self, metrics: Sequence[str]) -> "Side":
        """Return the side with these metrics alone."""
        keys, wholes = split(metrics)
        at = [self.keys.index(key) for key in keys]
        layers = tuple(
            msgspec.structs.replace(layer, cells=tuple(layer.cells[i] for i in at))
            for layer in self.layers
        )
        kept = {key: self.wholes[key] for key in wholes}
        return msgspec.structs.replace(self, keys=keys, layers=layers, wholes=kept)


def split(metrics: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the keys of columns, and those of numbers of the whole network."""
    keys = tuple(key for key in metrics if key in BY_KEY)
    return keys, tuple(key for key in metrics if key not in BY_KEY)


def side_of(spec: Spec, metrics: Sequence[str], *, aux: bool = False, settings: Settings) -> Side:
    """Take what is compared from a spec that was loaded with ``settings``.

    Figures are printed of the network as it is written, so a changed one has none.
    """
    keys, wholes = split(metrics)
    graph = spec.graph.select(aux=aux)
    return Side(
        reference=spec.reference,
        name=spec.name,
        conditions=Conditions.of(graph, sample(graph.input), settings, aux=aux),
        output=sample(graph.output),
        keys=keys,
        layers=_layers(graph, keys),
        field=tuple(axis.size for axis in output_fields(graph)),
        depth=max(passes.depth(graph)),
        wholes={key: WHOLE_BY_KEY[key].measure(graph).value for key in wholes},
        published=_published(spec, keys) if settings == Settings() else (),
    )


def _layers(graph: Graph, keys: Sequence[str]) -> tuple[Layer, ...]:
    values = [BY_KEY[key].values(graph) for key in keys]
    cells = list(zip(*values, strict=True)) if values else [()] * len(graph.nodes)
    written: dict[int, tuple[tuple[str, str], ...]] = {}  # a repeated layer is one op many times
    for node in graph.nodes:
        if id(node.op) not in written:
            written[id(node.op)] = options(node.op)
    return tuple(
        Layer(
            node.path,
            node.op.word,
            written[id(node.op)],
            node.inputs,
            node.owner,
            sample(node.output),
            cells[i],
            node.frozen and bool(node.params()),
        )
        for i, node in enumerate(graph.nodes)
    )


def _published(spec: Spec, keys: Sequence[str]) -> tuple[PublishedLine, ...]:
    if not spec.published:
        return ()
    from archstat.report.published import lines

    found: list[PublishedLine] = []
    for key in keys:
        found += [line for line in lines(spec, key) if line not in found]
    return tuple(found)
