"""The most memory that is alive at once while the network runs."""

import msgspec

from archstat.graph import Graph
from archstat.ops.tape import Mode
from archstat.passes.liveness import allocated, last_uses
from archstat.passes.trace import trace

EVAL = Mode(training=False)


class Peak(msgspec.Struct, frozen=True):
    """The moment at which most is alive.

    ``node`` is the layer that runs then; ``alive`` are the layers whose outputs, or what they made beside them, are
    alive, each with its bytes, in network order.
    """

    nbytes: int
    node: int
    alive: tuple[tuple[int, int], ...]


def inference_peak(graph: Graph, mode: Mode = EVAL) -> Peak:
    """Return the peak of one forward pass in eval mode, without gradients.

    Counts:  the input, which the caller holds to the end; every output from the op that makes it to its last use,
             over all its views; what an op makes beside its output (a max pool's indices) while it runs; under
             autocast the copies of weights that have gradients, to the end
    Ignores: parameters and buffers; workspaces inside a kernel
    Unit:    bytes
    Source:  the storages alive between ops of a torch.fx.GraphModule, under a TorchDispatchMode
    """
    run = trace(graph, msgspec.structs.replace(mode, training=False))
    makers = {run.values[i].storage: i for i, node in enumerate(graph.nodes) if not node.inputs}
    held_by_caller = {*makers, *(run.values[i].storage for i in graph.outputs)}
    last = last_uses(graph, run.steps, run.values, held_by_caller, run.cached)
    live = {storage: run.sizes[storage] for storage in makers}
    held = sum(live.values())
    peak = Peak(held, 0, tuple((i, run.sizes[s]) for s, i in makers.items()))
    for moment, ran in enumerate(run.steps):
        # In place, the clone that autograd would keep isn't made.
        made = allocated(ran) if ran.fresh else ()
        for storage in made:
            live[storage] = run.sizes[storage]
            makers[storage] = ran.node
            held += run.sizes[storage]
        if held > peak.nbytes:
            peak = Peak(held, ran.node, tuple(sorted((makers[s], n) for s, n in live.items())))
        for storage in (*ran.extras, *last.get(moment, ())):
            held -= live.pop(storage, 0)
    return peak
