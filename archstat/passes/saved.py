"""What autograd keeps for the backward pass."""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace

from archstat.graph import Graph
from archstat.ops.tape import Mode
from archstat.passes.checkpoint import (
    NOTHING,
    Checkpoint,
    Stretch,
    behind_by_step,
    is_read,
    stretches,
)
from archstat.passes.loss import ends
from archstat.passes.reached import reached_steps
from archstat.passes.trace import Ran, trace

TRAIN = Mode()


class Kept(msgspec.Struct, frozen=True):
    """One storage, at the layer that is the first to make autograd keep it."""

    node: int
    word: str
    nbytes: int


def kept(
    graph: Graph,
    mode: Mode = TRAIN,
    *,
    input_grad: bool = False,
    checkpoint: Checkpoint = NOTHING,
) -> tuple[Kept, ...]:
    """Return the distinct storages that autograd keeps, each at the layer that is the first to keep it.

    Of a stretch behind a checkpoint that is what enters it.
    """
    run = trace(graph, mode, input_grad=input_grad)
    if checkpoint == NOTHING:
        return kept_of(run.steps, run.sizes)
    reached = reached_steps(run.steps, [run.values[i] for i in ends(graph)])
    found = [
        stretch if is_read(stretch, run.steps, reached) else replace(stretch, entering={})
        for stretch in stretches(graph, run.steps, run.values, mode, checkpoint)
    ]
    return kept_of(run.steps, run.sizes, behind_by_step(found))


def kept_of(
    steps: Sequence[Ran], sizes: Sequence[int], behind: Mapping[int, Stretch] = {}
) -> tuple[Kept, ...]:
    """Return the storages that are kept in a run of ``steps``, some of them ``behind`` a checkpoint."""
    found: dict[int, Kept] = {}
    for moment, ran in enumerate(steps):
        stretch = behind.get(moment)
        if stretch is None:
            keeping = [(storage, ran.node, word) for word, storage in ran.kept]
        else:
            keeping = [(storage, node, "input") for storage, node in stretch.entering.items()]
        for storage, node, word in keeping:
            if storage not in found:
                found[storage] = Kept(node, word, sizes[storage])
    return tuple(found.values())


def saved_bytes(
    graph: Graph,
    mode: Mode = TRAIN,
    *,
    input_grad: bool = False,
    checkpoint: Checkpoint = NOTHING,
) -> tuple[int, ...]:
    """Measure what autograd keeps for the backward pass, at the layer that is the first to keep it.

    Counts:  distinct storages among the saved tensors, whole where a view of one is kept; the input too; behind a
             checkpoint what enters it; under autocast the copies that it makes of weights
    Ignores: parameters and buffers; the loss and its labels; gradients; what only lives inside a kernel
    Unit:    bytes
    Source:  torch.autograd.graph.saved_tensors_hooks
    """
    sums = [0] * len(graph.nodes)
    for one in kept(graph, mode, input_grad=input_grad, checkpoint=checkpoint):
        sums[one.node] += one.nbytes
    return tuple(sums)


def saved_what(
    graph: Graph,
    mode: Mode = TRAIN,
    *,
    input_grad: bool = False,
    checkpoint: Checkpoint = NOTHING,
) -> tuple[str, ...]:
    """Say what each layer is the first to keep: ``input, indices``; nothing where it is empty."""
    words: list[dict[str, None]] = [{} for _ in graph.nodes]
    for one in kept(graph, mode, input_grad=input_grad, checkpoint=checkpoint):
        words[one.node][one.word] = None
    return tuple(", ".join(w) for w in words)
