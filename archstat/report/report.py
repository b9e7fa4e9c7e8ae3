"""The report: rows, totals and what was printed elsewhere, as typed values. Renderers only format it."""

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from archstat.graph import Graph
from archstat.report.columns import Column, Reading
from archstat.report.values import Value
from archstat.spec.model import Settings, Transfer
from archstat.tensor import Shape

if TYPE_CHECKING:
    from archstat.report.devices import Devices, Line
    from archstat.report.fit import Fit

Grouping = Literal["layer", "stage", "op"]
Cell = Value | None
Label = Literal["op", "inputs", "output", "tensors", "saved", "note"]


class Conditions(msgspec.Struct, frozen=True, kw_only=True):
    """What the numbers hold for.

    ``input`` is one sample's shape; ``variables`` are the ``--set`` values; ``transfer`` is what is frozen and replaced
    on top of what the spec says.
    """

    input: Shape = ()
    batch: int = 1
    dtype: str = "float32"
    aux: bool = False
    variables: Mapping[str, str] = {}
    transfer: Transfer = Transfer()

    @classmethod
    def of(cls, graph: Graph, input: Shape, settings: Settings, *, aux: bool) -> "Conditions":
        """Return what holds of a graph that was loaded with ``settings``; ``input`` is its sample's shape.

        ``aux`` asks for auxiliary heads, which only holds of a graph that has some.
        """
        return cls(
            input=input,
            batch=graph.input.batch,
            dtype=graph.dtype,
            aux=aux and any(node.section for node in graph.nodes),
            variables=settings.variables,
            transfer=settings.transfer,
        )


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One layer, or ``count`` layers taken together.

    ``cells`` stand in the order of the report's columns; ``None`` is unknown, never zero. Shapes are one
    sample's. ``tensors`` are the learnable tensors: PyTorch's name -> shape. ``saved`` says what
    autograd keeps: ``input, indices``. ``seen`` is what its receptive field doesn't say: ``the whole input``. ``ids``
    says that the input is one id for each token, ``idle`` that a table for people may leave the row out.
    """

    path: str
    cells: tuple[Cell, ...] = ()
    op: str = ""
    inputs: tuple[Shape, ...] = ()
    output: Shape | None = None
    tensors: Mapping[str, Shape] = {}
    saved: str = ""
    note: str = ""
    seen: str = ""
    count: int = 1
    ids: bool = False
    idle: bool = False

    @property
    def said(self) -> str:
        """All that is said of the row in words."""
        return "; ".join(text for text in (self.note, self.seen) if text)


class PublishedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A printed figure beside what the graph gives.

    ``quantity`` is what was printed (``params``), ``read_as`` the suffix that is meant where it isn't the printed one.
    ``verdict`` is reproduced, truncated, accounting, slip or differs, ``computed`` the graph's exact number.
    ``derivation`` is the expression that gives the printed figure where the graph doesn't, ``derived`` what it comes
    to; ``cut`` says that it gives the figure only when cut off. ``why`` is one sentence; ``inferred`` says that
    nobody has stated it.
    """

    quantity: str
    printed: str
    read_as: str = ""
    source: str
    verdict: str
    computed: Value
    derivation: str = ""
    derived: int | Fraction | None = None
    cut: bool = False
    why: str = ""
    inferred: bool = False


class PeakLine(msgspec.Struct, frozen=True, kw_only=True):
    """The moment at which most memory is alive.

    ``key`` is ``inference_peak_bytes``, parameters and buffers aside, or ``training_peak_bytes``, with everything.
    ``path`` is the layer that runs then, ``alive`` the layers whose memory is alive, with their bytes; of a peak that
    PyTorch ``measured`` neither is known. Of training,
    ``phase`` says what runs, ``parts`` what all the bytes are for; ``curve``, if asked for, is the memory over the
    step, in which each of ``phases`` begins at a point.
    """

    key: str
    nbytes: int
    path: str = ""
    op: str = ""
    alive: tuple[tuple[str, int], ...] = ()
    phase: str = ""
    parts: tuple[tuple[str, int], ...] = ()
    curve: tuple[int, ...] = ()
    phases: tuple[tuple[str, int], ...] = ()
    measured: bool = False


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One table.

    ``aside`` are the keys of columns whose total alone is shown in text, ``added`` those of columns that were asked for
    beside the table's own. ``totals`` are sums over all layers, and of a reading the output's, in the order of
    ``columns``, computed once; those in ``partial`` miss an unknown cell, so they read "at least". Where several
    ``devices`` share the work all numbers are those of one; ``lines`` say what goes between them. ``fit`` says why the
    batch is what it is, where it was looked for. ``engine`` says who measured, if not archstat's own rules. A report
    without totals (a summary of several specs) has an empty tuple.
    """

    kind: str
    name: str
    reference: str
    conditions: Conditions
    by: Grouping = "layer"
    engine: str = ""
    columns: tuple[Column | Reading, ...] = ()
    aside: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    labels: tuple[Label, ...] = ("output",)
    rows: tuple[Row, ...] = ()
    totals: tuple[Cell, ...] = ()
    partial: tuple[str, ...] = ()
    published: tuple[PublishedLine, ...] = ()
    notes: tuple[str, ...] = ()
    peaks: tuple[PeakLine, ...] = ()
    devices: "Devices | None" = None
    lines: "tuple[Line, ...]" = ()
    fit: "Fit | None" = None

    @property
    def total(self) -> Mapping[str, Cell]:
        """The totals by column key."""
        return {c.key: n for c, n in zip(self.columns, self.totals, strict=False)}

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return each row as a dict, its numbers under the keys of their columns, as JSON and CSV name them."""
        saved = "saved" in self.labels
        return [
            {
                "path": row.path,
                "op": row.op,
                "layers": row.count,
                "inputs": row.inputs,
                "output": row.output,
                "tensors": row.tensors,
                **{c.key: n for c, n in zip(self.columns, row.cells, strict=True)},
                **({"saved_what": row.saved} if saved else {}),
                "note": row.said,
            }
            for row in self.rows
        ]
