"""What a backward pass comes to: the steps and layers that a loss depends on."""

from collections.abc import Iterable, Sequence

from archstat.graph import Graph
from archstat.ops.tape import Mode
from archstat.passes.loss import ends
from archstat.passes.remember import remembered
from archstat.passes.trace import Ran, Value, trace


def reached_steps(steps: Sequence[Ran], ends: Iterable[Value]) -> frozenset[int]:
    """Return the steps that a gradient of ``ends`` comes to."""
    numbers = {value.number for value in ends if value.needs_grad}
    found = set()
    for moment in reversed(range(len(steps))):
        ran = steps[moment]
        if ran.y.number in numbers:
            found.add(moment)
            numbers.update(value.number for value in ran.inputs if value.needs_grad)
    return frozenset(found)


@remembered
def reached_layers(graph: Graph) -> frozenset[int]:
    """Return the layers that a backward pass comes to; what nobody reads isn't one of them."""
    run = trace(graph, Mode())
    moments = reached_steps(run.steps, [run.values[i] for i in ends(graph)])
    return frozenset(run.steps[moment].node for moment in moments)
