"""From which step to which a storage of a forward pass is needed."""

from collections.abc import Sequence

from archstat.graph import Graph
from archstat.passes.checkpoint import Stretch
from archstat.passes.trace import Ran, Value


def allocated(ran: Ran) -> tuple[int, ...]:
    """Return the storages that a step makes; in place, that is only what it makes beside its output."""
    return (ran.y.storage, *ran.extras) if ran.fresh else ran.extras


def last_uses(
    graph: Graph,
    steps: tuple[Ran, ...],
    values: Sequence[Value],
    held: set[int],
    behind: Sequence[Stretch] = (),
) -> dict[int, tuple[int, ...]]:
    """Return the storages that die with each step, those apart that the caller holds.

    A layer holds its inputs until it is done, and so does a stretch behind a checkpoint.
    """
    ends: dict[int, int] = {}
    first: dict[int, int] = {}
    for moment, ran in enumerate(steps):
        first.setdefault(ran.node, moment)
        ends[ran.node] = moment
    dies: dict[int, int] = {}
    for moment, ran in enumerate(steps):
        until = first[ran.node] + ran.step.until if ran.step.until else moment
        dies[ran.y.storage] = max(dies.get(ran.y.storage, 0), until)
        for value in ran.inputs:
            dies[value.storage] = max(dies.get(value.storage, 0), moment)
    for index, node in enumerate(graph.nodes):
        if index in ends:
            for i in (index, *node.inputs):
                storage = values[i].storage
                dies[storage] = max(dies.get(storage, 0), ends[index])
    for stretch in behind:
        for storage in stretch.entering:
            dies[storage] = max(dies[storage], stretch.stop - 1)
    found: dict[int, list[int]] = {}
    for storage, moment in dies.items():
        if storage not in held and storage >= 0:
            found.setdefault(moment, []).append(storage)
    return {moment: tuple(storages) for moment, storages in found.items()}
