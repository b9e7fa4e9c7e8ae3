"""The same tables measured on the PyTorch graph, by PyTorch or by fvcore, instead of by rule."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from archstat import passes
from archstat.errors import UsageError
from archstat.graph import Graph
from archstat.ops.base import Terms
from archstat.pytorch import require_torch
from archstat.report.columns import Column, Reading
from archstat.report.kinds import Kind
from archstat.report.report import PeakLine
from archstat.tensor import Shape

if TYPE_CHECKING:
    from archstat.pytorch.trained import Step
    from archstat.report.peaks import Training

WATCHED = (
    "the most that is alive is watched by a dispatch mode, for which PyTorch adds gradients that meet out of place; "
    "it names no layer and no phase"
)


def measured(kind: Kind, engine: str) -> Kind:
    """Return ``kind`` with the columns that ``engine`` measures; ``static`` is archstat's own rules.

    A cell is unknown where the engine has nothing to give. Raises a UsageError where rules alone have the numbers.
    """
    if engine == "static":
        return kind
    if kind.name == "shapes":
        return _shapes(kind, engine)
    how = kind.training
    if how is not None and engine != "torch":
        raise UsageError(
            f"--engine {engine} has no saved bytes and no peaks",
            hint="--engine torch does",
        )
    if "backward_macs" in kind.shown:
        raise UsageError(f"--engine {engine} has no backward MACs", hint="leave --backward out")
    own = tuple(_column(kind.column(key), engine, how) for key in (*kind.shown, *kind.aside))
    said = () if how is None else (how.said(), WATCHED if kind.peaks else "")
    return msgspec.structs.replace(
        kind,
        own=own,
        engine=engine,
        quantity="",
        what=None,
        labels=tuple(label for label in kind.labels if label != "saved"),
        peaks=partial(_peaks, how=how) if kind.peaks and how is not None else None,
        remarks=partial(_notes, engine=engine, key=kind.shown[0], said=tuple(filter(None, said))),
    )


def _shapes(kind: Kind, engine: str) -> Kind:
    if engine != "torch":
        raise UsageError(f"{engine} measures no shapes", hint="--engine torch does")
    said = "as PyTorch has them: the lowered network on fake tensors"
    return msgspec.structs.replace(
        kind, engine=engine, shapes=_measured, remarks=lambda graph: (said,)
    )


def _measured(graph: Graph) -> tuple[tuple[Shape, Terms], ...]:
    from archstat.pytorch.engines import shapes

    return shapes(graph)


def _notes(graph: Graph, *, engine: str, key: str, said: tuple[str, ...]) -> tuple[str, ...]:
    from archstat.pytorch.engines import notes

    return (*said, *notes(graph, engine, key))


def _column(column: Column | Reading, engine: str, how: "Training | None") -> Column:
    assert isinstance(column, Column)  # the tables that have engines show columns alone
    if how is not None and column.key in _TRAINED:
        return msgspec.structs.replace(
            column,
            title=f"{column.title} by {engine}",
            values=partial(_TRAINED[column.key], how=how),
        )
    return msgspec.structs.replace(
        column,
        title=f"{column.title} by {engine}",
        values=partial(_values, engine=engine, key=column.key),
    )


def _values(graph: Graph, *, engine: str, key: str) -> passes.Values:
    from archstat.pytorch.engines import values

    return values(graph, engine, key)


def _saved(graph: Graph, *, how: "Training") -> passes.Values:
    require_torch()
    from archstat.pytorch.trained import saved

    return saved(graph, how.mode, input_grad=how.input_grad)


def _gradients(graph: Graph, *, how: "Training") -> passes.Values:
    done = _step(graph, how)
    return done.gradients if done else (0,) * len(graph.nodes)


def _state(graph: Graph, *, how: "Training") -> passes.Values:
    done = _step(graph, how)
    return done.state if done else (0,) * len(graph.nodes)


def _step(graph: Graph, how: "Training") -> "Step | None":
    from archstat.report.peaks import can_train

    require_torch()
    from archstat.pytorch.trained import step

    if not can_train(graph):
        return None
    return step(graph, how.mode, how.optimizer, input_grad=how.input_grad)


def _peaks(graph: Graph, *, how: "Training") -> tuple[PeakLine, ...]:
    require_torch()
    from archstat.pytorch.trained import inference_peak

    found = PeakLine(
        key="inference_peak_bytes", nbytes=inference_peak(graph, how.mode), measured=True
    )
    done = _step(graph, how)
    if done is None:
        return (found,)
    return (found, PeakLine(key="training_peak_bytes", nbytes=done.peak, measured=True))


_TRAINED: dict[str, Callable[..., passes.Values]] = {
    "saved_bytes": _saved,
    "gradient_bytes": _gradients,
    "optimizer_bytes": _state,
}
"""Columns that depend on how the network is trained."""
