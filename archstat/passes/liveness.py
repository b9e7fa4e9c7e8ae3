"""From which step to which a storage of a forward pass is needed."""

from collections.abc import Iterator, Sequence, Set

from archstat.graph import Graph
from archstat.passes.checkpoint import Stretch
from archstat.passes.reached import reached_steps
from archstat.passes.trace import Ran, Value


def allocated(ran: Ran) -> tuple[int, ...]:
    """Return the storages that a step makes; in place, that is only what it makes beside its output."""
    return (ran.y.storage, *ran.extras) if ran.fresh else ran.extras


def last_uses(
    graph: Graph,
    steps: tuple[Ran, ...],
    values: Sequence[Value],
    held: Set[int],
    cached: Set[int],
    behind: Sequence[Stretch] = (),
) -> dict[int, tuple[int, ...]]:
    """Return the storages that die with each step, those apart that the caller holds.

    A layer holds its inputs until it is done, and so does a stretch behind a checkpoint. What autocast has ``cached``
    lives to the last step.
    """
    dies: dict[int, int] = dict.fromkeys(cached, len(steps) - 1)
    for value, moment in _uses(graph, steps, values):
        dies[value.storage] = max(dies.get(value.storage, 0), moment)
    for stretch in behind:
        for storage in stretch.entering:
            dies[storage] = max(dies[storage], stretch.stop - 1)
    found: dict[int, list[int]] = {}
    for storage, moment in dies.items():
        if storage not in held and storage >= 0:
            found.setdefault(moment, []).append(storage)
    return {moment: tuple(storages) for moment, storages in found.items()}


def unread(
    graph: Graph, steps: tuple[Ran, ...], values: Sequence[Value], loss: Value
) -> dict[int, int]:
    """Return the steps that keep something though no gradient comes to them, each with the step that ends that.

    What autograd keeps of a step lives as long as somebody holds its output, or that of a step behind it.
    """
    reached = reached_steps(steps, [loss])
    if all(moment in reached or not ran.keeps for moment, ran in enumerate(steps)):
        return {}
    dies: dict[int, int] = {}
    for value, moment in _uses(graph, steps, values):
        dies[value.number] = max(dies.get(value.number, 0), moment)
    found = {}
    for moment in reversed(range(len(steps))):
        ran = steps[moment]
        if moment in reached or not ran.y.needs_grad:
            continue
        end = dies[ran.y.number]
        for value in ran.inputs:
            dies[value.number] = max(dies[value.number], end)
        if ran.keeps:
            found[moment] = end
    return found


def _uses(
    graph: Graph, steps: tuple[Ran, ...], values: Sequence[Value]
) -> Iterator[tuple[Value, int]]:
    """Yield tensors, each with a step to whose end somebody holds it."""
    ends: dict[int, int] = {}
    first: dict[int, int] = {}
    for moment, ran in enumerate(steps):
        first.setdefault(ran.node, moment)
        ends[ran.node] = moment
    for moment, ran in enumerate(steps):
        yield ran.y, first[ran.node] + ran.step.until if ran.step.until else moment
        for value in ran.inputs:
            yield value, moment
    for index, node in enumerate(graph.nodes):
        if index in ends:
            for i in (index, *node.inputs):
                yield values[i], ends[index]
