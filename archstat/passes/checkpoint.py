"""Activation checkpointing: stretches of layers that keep what enters them alone, and run again in the backward pass.

As torch.utils.checkpoint does it with ``use_reentrant=False``: the first node of the backward pass that needs what its
stretch would have kept runs the stretch again, up to the last tensor that is needed and no further.
"""

from collections.abc import Collection, Sequence
from itertools import groupby
from typing import Literal

import msgspec

from archstat.errors import UsageError
from archstat.graph import Graph, Node
from archstat.ops.base import total
from archstat.ops.tape import Mode, Step
from archstat.passes.loss import ends
from archstat.passes.overwritten import writes
from archstat.passes.reached import reached_steps
from archstat.passes.trace import Ran, Value, trace


class Checkpoint(msgspec.Struct, frozen=True):
    """What runs again: each top-level stage by itself, or ``count`` segments of them, the last of which doesn't."""

    by: Literal["none", "stages", "segments"] = "none"
    count: int = 0

    def said(self) -> str:
        """Return the words that ask for it; nothing where nothing runs again."""
        if self.by == "none":
            return ""
        return f"checkpoint {self.by}{f'={self.count}' if self.count else ''}"


class Stretch(msgspec.Struct, frozen=True):
    """Steps ``start`` to ``stop`` of a run behind one checkpoint.

    ``entering`` are the storages that come in, each with the first layer that takes it: all that is kept. Running
    again ends with step ``last``, the last that keeps something; behind the backward pass of ``first`` nothing needs
    what entered. Where nothing of it ``keeps`` anything it needs no running again.
    """

    start: int
    stop: int
    entering: dict[int, int]
    first: int
    last: int
    keeps: bool


NOTHING = Checkpoint()


def layers_behind(graph: Graph, checkpoint: Checkpoint) -> tuple[range, ...]:
    """Return the stretches of nodes that are each behind a checkpoint.

    Segments are cut as torch.utils.checkpoint.checkpoint_sequential cuts a sequence: ``stages // count`` stages each,
    and the rest runs as it is. Raises a UsageError where there are fewer stages than segments.
    """
    if checkpoint.by == "none":
        return ()
    stages = [
        (nodes[0], nodes[-1] + 1)
        for _, run in groupby(range(len(graph.nodes)), key=lambda i: graph.nodes[i].stage)
        if graph.nodes[(nodes := list(run))[0]].inputs
    ]
    if checkpoint.by == "stages":
        return tuple(range(*stage) for stage in stages)
    each = len(stages) // checkpoint.count
    if not each:
        raise UsageError(
            f"'{graph.name}' can't be cut into {checkpoint.count} segments: it has {len(stages)} top-level stages",
            hint=f"say at most --checkpoint segments={len(stages)}",
        )
    return tuple(
        range(stages[i][0], stages[i + each - 1][1])
        for i in range(0, each * (checkpoint.count - 1), each)
    )


def stretches(
    graph: Graph,
    steps: Sequence[Ran],
    values: Sequence[Value],
    mode: Mode,
    checkpoint: Checkpoint,
) -> tuple[Stretch, ...]:
    """Return what a run keeps, and runs again.

    Raises a UsageError where a layer in place overwrites what a stretch would have to start from again.
    """
    layers = layers_behind(graph, checkpoint)
    found: list[Stretch] = []
    for nodes in layers:
        moments = [m for m, ran in enumerate(steps) if ran.node in nodes]
        keeping = [m for m in moments if steps[m].keeps]
        entering: dict[int, int] = {}
        for node in nodes:
            for i in graph.nodes[node].inputs:
                if i < nodes.start and values[i].storage >= 0:
                    entering.setdefault(values[i].storage, node)
        found.append(
            Stretch(
                moments[0],
                moments[-1] + 1,
                entering,
                min(keeping, default=-1),
                max(keeping, default=-1),
                bool(keeping),
            )
        )
    _refuse_overwritten(graph, steps, mode, found)
    return tuple(found)


def behind_by_step(found: Sequence[Stretch]) -> dict[int, Stretch]:
    """Return the stretch of each step that runs again."""
    return {m: s for s in found if s.keeps for m in range(s.start, s.stop)}


def is_read(stretch: Stretch, steps: Sequence[Ran], reached: Collection[int]) -> bool:
    """Say whether a gradient comes to something that a stretch keeps, which else lets go of what entered."""
    return any(steps[m].keeps for m in reached if stretch.start <= m < stretch.stop)


def _refuse_overwritten(
    graph: Graph, steps: Sequence[Ran], mode: Mode, found: Sequence[Stretch]
) -> None:
    for moment, ran in enumerate(steps):
        if ran.node < 0 or not writes(graph.nodes[ran.node], ran, mode):
            continue
        for stretch in found:
            if stretch.keeps and stretch.start <= moment and ran.y.storage in stretch.entering:
                start, by = (graph.nodes[n].path for n in (steps[stretch.start].node, ran.node))
                raise UsageError(
                    f"no checkpoint can start at '{start}': '{by}' overwrites in place what enters there, "
                    "and PyTorch refuses to run it again",
                    hint="cut elsewhere, with another --checkpoint segments=N, or leave out its 'inplace: true'",
                )


def recompute_macs(
    graph: Graph, checkpoint: Checkpoint, mode: Mode, *, input_grad: bool = False
) -> tuple[int, ...]:
    """Count the multiply-accumulates that checkpoints make run once more in a backward pass.

    Counts:  the layers of each stretch up to the last tensor that its backward pass needs
    Ignores: what comes behind that; layers that no checkpoint holds
    Unit:    MAC (two FLOPs)
    Source:  torch.utils.flop_counter at half, over a step of training
    """
    run = trace(graph, mode, input_grad=input_grad)
    counts = [0] * len(graph.nodes)
    reached = reached_steps(run.steps, [run.values[i] for i in ends(graph)])
    for stretch in stretches(graph, run.steps, run.values, mode, checkpoint):
        if not is_read(stretch, run.steps, reached):
            continue
        end = stretch.last + run.steps[stretch.last].behind
        inside = range(stretch.start, stretch.stop)
        for index, moments in groupby(inside, key=lambda m: run.steps[m].node):
            of_node = list(moments)
            node, again = graph.nodes[index], [run.steps[m].step for m in of_node if m < end]
            # Before the one step of an op that isn't a composite there may be casts.
            whole = of_node[-1] < end and len(node.op.tape(node.io, mode)) == 1
            counts[index] = _macs(node, again, whole=whole)
    return tuple(counts)


def _macs(node: Node, steps: Sequence[Step], *, whole: bool) -> int:
    """Count what some steps of a node work out: all of it, or of a composite the terms that they name."""
    macs = node.op.macs(node.io)
    named = {label for step in steps for label in step.macs}
    return total({label: terms for label, terms in macs.items() if whole or label in named})
