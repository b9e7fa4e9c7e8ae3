"""A network of one op: a case of the op tests behind its inputs and what stands before it."""

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import pytest

from archstat.graph import Graph, Input, Node
from archstat.ops.arithmetic import Scale
from archstat.ops.base import IO, Op
from tests.ops.case import Case


def alone(
    case: Case, *, frozen: bool = False, scaled: bool = False, before: Op | None = None
) -> Graph:
    """Return the network; ``scaled`` multiplies each input by one first, so that it isn't a leaf of autograd's.

    ``before`` is an op that stands in front of all others and keeps the shape.
    """
    nodes: list[Node] = []

    def add(path: str, op: Any, inputs: tuple[int, ...], frozen: bool = False) -> int:
        arriving = tuple(nodes[i].output for i in inputs)
        io = IO(arriving, op.output(*arriving))
        nodes.append(Node(path, op, inputs, io, len(nodes), "", frozen))
        return len(nodes) - 1

    ends = []
    for x in case.arriving():
        nodes.append(Node("input", Input(), (), IO((), x), len(nodes)))
        at = len(nodes) - 1
        if scaled and x.is_floating:
            at = add("scale", Scale(factor=Fraction(1)), (at,))
        if before is not None:
            at = add("before", before, (at,))
        for step in case.chain():
            at = add(step.word, step, (at,))
        ends.append(at)
    pad = case.pad()
    if pad is not None:
        ends = [add("pad", pad, (at,)) for at in ends]
    op, _ = case.build()
    add(case.op, op, tuple(ends), frozen)
    x = case.arriving()[0]
    return Graph(case.op, tuple(nodes), (len(nodes) - 1,), x.dtype if x.is_floating else "float32")


def trained_and_frozen(cases: Iterable[Case]) -> list[Any]:
    """Return each case as it is, and again with its weights frozen if it has any, as arguments of a test."""
    return [
        pytest.param(case, frozen, id=f"{'frozen' if frozen else 'trained'}-{case}")
        for case in cases
        for frozen in ((False, True) if case.params else (False,))
    ]


def with_loss(cases: Iterable[Case]) -> list[Case]:
    """Return the cases whose outputs have a loss, and a gradient that goes on to an input or to weights."""
    found = []
    for case in cases:
        op, io = case.build()
        trains = any(x.is_floating for x in case.arriving()) or op.params(io)
        if trains and io.y.is_floating and len(io.y.shape) > 1:
            found.append(case)
    return found
