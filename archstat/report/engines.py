"""The same tables measured on the PyTorch graph, by PyTorch or by fvcore, instead of by rule."""

from functools import partial

import msgspec

from archstat import passes
from archstat.errors import UsageError
from archstat.graph import Graph
from archstat.ops.base import Terms
from archstat.report.columns import Column, Reading
from archstat.report.kinds import Kind
from archstat.tensor import Shape


def measured(kind: Kind, engine: str) -> Kind:
    """Return ``kind`` with the columns that ``engine`` measures; ``static`` is archstat's own rules.

    A cell is unknown where the engine has nothing to give. Raises a UsageError where rules alone have the numbers.
    """
    if engine == "static":
        return kind
    if kind.name == "shapes":
        return _shapes(kind, engine)
    if kind.what is not None or kind.peaks:
        raise UsageError(
            f"--engine {engine} has no saved bytes and no peaks",
            hint="leave --backward and --peak out",
        )
    if "backward_macs" in kind.shown:
        raise UsageError(f"--engine {engine} has no backward MACs", hint="leave --backward out")
    own = tuple(_column(kind.column(key), engine) for key in (*kind.shown, *kind.aside))
    remarks = partial(_notes, engine=engine, key=kind.shown[0])
    return msgspec.structs.replace(kind, own=own, quantity="", remarks=remarks)


def _shapes(kind: Kind, engine: str) -> Kind:
    if engine != "torch":
        raise UsageError(f"{engine} measures no shapes", hint="--engine torch does")
    said = "as PyTorch has them: the lowered network on fake tensors"
    return msgspec.structs.replace(kind, shapes=_measured, remarks=lambda graph: (said,))


def _measured(graph: Graph) -> tuple[tuple[Shape, Terms], ...]:
    from archstat.pytorch.engines import shapes

    return shapes(graph)


def _notes(graph: Graph, *, engine: str, key: str) -> tuple[str, ...]:
    from archstat.pytorch.engines import notes

    return notes(graph, engine, key)


def _column(column: Column | Reading, engine: str) -> Column:
    assert isinstance(column, Column)  # the tables that have engines show columns alone
    return msgspec.structs.replace(
        column,
        title=f"{column.title} by {engine}",
        values=partial(_values, engine=engine, key=column.key),
    )


def _values(graph: Graph, *, engine: str, key: str) -> passes.Values:
    from archstat.pytorch.engines import values

    return values(graph, engine, key)
