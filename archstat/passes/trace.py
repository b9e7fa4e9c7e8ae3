"""A run of the graph, step by step, with every tensor resolved to the storage it lives in."""

import msgspec

from archstat.graph import Graph, Node
from archstat.ops.tape import OUTPUT, WEIGHT, Mode, Save, Step
from archstat.tensor import Tensor


class Value(msgspec.Struct, frozen=True):
    """A tensor of the run. ``storage`` tells memory apart; it is negative where it is a parameter's."""

    storage: int
    needs_grad: bool


class Ran(msgspec.Struct, frozen=True):
    """One step that ran.

    ``fresh`` says that ``y`` is memory of its own. ``extras`` are storages that the step made beside it,
    ``kept`` what autograd keeps: a word and a storage.
    """

    node: int
    step: Step
    inputs: tuple[Value, ...]
    y: Value
    fresh: bool
    extras: tuple[int, ...]
    kept: tuple[tuple[str, int], ...]


class Trace(msgspec.Struct, frozen=True):
    """``values[i]`` is the output of node i, ``sizes[s]`` the bytes of storage s."""

    steps: tuple[Ran, ...]
    values: tuple[Value, ...]
    sizes: tuple[int, ...]


def trace(graph: Graph, mode: Mode, *, input_grad: bool = False) -> Trace:
    """Run the graph on names alone."""
    values: list[Value] = []
    sizes: list[int] = []
    ran: list[Ran] = []
    trained = trained_nodes(graph)
    for index, node in enumerate(graph.nodes):
        if not node.inputs:
            values.append(Value(len(sizes), input_grad and node.output.is_floating))
            sizes.append(node.output.nbytes)
            continue
        local = [values[i] for i in node.inputs]
        for step in node.op.tape(node.io, mode):
            held = tuple(local[i] for i in step.inputs)
            ran.append(_run(index, node, step, held, trained[node.owner], sizes))
            local.append(ran[-1].y)
        values.append(local[-1])
    return Trace(tuple(ran), tuple(values), tuple(sizes))


def _run(
    index: int, node: Node, step: Step, held: tuple[Value, ...], weight: bool, sizes: list[int]
) -> Ran:
    needs = any(value.needs_grad for value in held) or (step.learns and weight)
    if step.shares is None:
        y = Value(len(sizes), needs)
        sizes.append(step.y.nbytes)
    else:
        y = Value(-node.owner if step.shares < 0 else held[step.shares].storage, needs)
    extras, kept = [], []
    for save in step.saves:
        if isinstance(save.of, Tensor):
            storage = len(sizes)
            sizes.append(save.of.nbytes)
            extras.append(storage)
        else:
            storage = y.storage if save.of == OUTPUT else held[save.of].storage
        if needs and storage >= 0 and _wanted(save, held, weight):
            kept.append((save.word, storage))
    for scratch in step.scratch:
        extras.append(len(sizes))
        sizes.append(scratch.nbytes)
    return Ran(index, step, held, y, step.shares is None, tuple(extras), tuple(kept))


def _wanted(save: Save, held: tuple[Value, ...], weight: bool) -> bool:
    if save.given is None:
        return True
    return weight if save.given == WEIGHT else held[save.given].needs_grad


def trained_nodes(graph: Graph) -> list[bool]:
    """Say of each node whether the weights it owns are trained; ``freeze:`` at one who shares them holds for all."""
    trained = [True] * len(graph.nodes)
    for node in graph.nodes:
        if node.frozen:
            trained[node.owner] = False
    return trained
