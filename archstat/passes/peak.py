"""The most memory that is alive at once while the network runs."""

import msgspec

from archstat.graph import Graph
from archstat.ops.tape import Device, Mode
from archstat.passes.trace import Ran, trace


class Peak(msgspec.Struct, frozen=True):
    """The moment at which most is alive.

    ``node`` is the layer that runs then; ``alive`` are the layers whose outputs, or what they made beside them, are
    alive, each with its bytes, in network order.
    """

    nbytes: int
    node: int
    alive: tuple[tuple[int, int], ...]


def inference_peak(graph: Graph, device: Device = "cpu") -> Peak:
    """Return the peak of one forward pass without gradients.

    Counts:  the input, which the caller holds to the end; every output from the op that makes it to its last use,
             over all its views; what an op makes beside its output (a max pool's indices) while it runs
    Ignores: parameters and buffers; workspaces inside a kernel
    Unit:    bytes
    Source:  the storages alive between ops of a torch.fx.GraphModule, under a TorchDispatchMode
    """
    run = trace(graph, Mode(training=False, device=device))
    last = _last_uses(graph, run.steps, [value.storage for value in run.values])
    makers = {run.values[i].storage: i for i, node in enumerate(graph.nodes) if not node.inputs}
    live = {storage: run.sizes[storage] for storage in makers}
    held = sum(live.values())
    peak = Peak(held, 0, tuple((i, run.sizes[s]) for s, i in makers.items()))
    for moment, ran in enumerate(run.steps):
        made = _allocated(ran)
        for storage in made:
            live[storage] = run.sizes[storage]
            makers[storage] = ran.node
            held += run.sizes[storage]
        if held > peak.nbytes:
            peak = Peak(held, ran.node, tuple(sorted((makers[s], n) for s, n in live.items())))
        for storage in (*ran.extras, *last.get(moment, ())):
            held -= live.pop(storage, 0)
    return peak


def _allocated(ran: Ran) -> tuple[int, ...]:
    extras = ran.extras if ran.fresh else ()  # in place, the clone is autograd's
    return (ran.y.storage, *extras) if ran.fresh else extras


def _last_uses(
    graph: Graph, steps: tuple[Ran, ...], outputs: list[int]
) -> dict[int, tuple[int, ...]]:
    """Return the storages that die with each step: a layer holds its inputs until it is done."""
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
                dies[outputs[i]] = max(dies.get(outputs[i], 0), ends[index])
    kept = {outputs[i] for i in graph.outputs}
    kept |= {outputs[i] for i, node in enumerate(graph.nodes) if not node.inputs}
    found: dict[int, tuple[int, ...]] = {}
    for storage, moment in dies.items():
        if storage not in kept and storage >= 0:
            found[moment] = (*found.get(moment, ()), storage)
    return found
