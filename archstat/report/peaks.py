"""The moments at which most memory is alive, as lines below a table."""

from collections.abc import Callable, Iterable
from typing import Literal

import msgspec

from archstat.graph import Graph
from archstat.ops.tape import Mode
from archstat.passes.checkpoint import NOTHING, Checkpoint
from archstat.passes.loss import ends
from archstat.passes.optimizers import Optimizer, optimizer_bytes
from archstat.passes.peak import inference_peak
from archstat.passes.training import TrainingPeak, training_peak
from archstat.report.columns import BY_KEY, Column
from archstat.report.report import PeakLine
from archstat.tensor import WITH_GRADIENTS

Accumulate = Literal["in-place", "out-of-place"]

STATIC = ("parameters", "buffers", "optimizer state")
"""What is alive all the time, in every layer: told by its sum."""

POINTS = 240
"""How many points a curve has at most: each the largest of a stretch of the step."""


class Training(msgspec.Struct, frozen=True):
    """How a network is trained. ``accumulate`` says how gradients that meet are added."""

    mode: Mode = Mode()
    optimizer: Optimizer = Optimizer()
    accumulate: Accumulate = "in-place"
    input_grad: bool = False
    checkpoint: Checkpoint = NOTHING

    def peak(self, graph: Graph) -> TrainingPeak | None:
        """Return the peak of one step, ``None`` where nothing is trained."""
        in_place = self.accumulate == "in-place"
        return training_peak(
            graph,
            self.mode,
            self.optimizer,
            in_place=in_place,
            input_grad=self.input_grad,
            checkpoint=self.checkpoint,
        )

    def said(self) -> str:
        """Say how the network is trained where that isn't as usual: nothing, or ``a step of training in eval mode``."""
        chosen, behind = self.optimizer, self.checkpoint
        usual = "foreach" if self.mode.device == "cuda" else "for-loop"
        found = [
            "in eval mode" if not self.mode.training else "",
            "with CUDA's kernels" if self.mode.device == "cuda" else "",
            f"under autocast to {self.mode.autocast}" if self.mode.autocast else "",
            "with a gradient of the input" if self.input_grad else "",
            "with gradients added out of place" if self.accumulate == "out-of-place" else "",
            f"with the {chosen.implementation} implementation of {chosen.name}"
            if chosen.implementation != usual
            else "",
            "with weight decay" if chosen.weight_decay else "",
            "with each stage behind a checkpoint" if behind.by == "stages" else "",
            f"with all but the last of {behind.count:,} segments behind checkpoints"
            if behind.by == "segments"
            else "",
        ]
        how = ", ".join(filter(None, found))
        return f"a step of training {how}" if how else ""


DEFAULT = Training()
TRAIN = Mode()


def peaks(
    training: Training = DEFAULT, *, curve: bool = False
) -> Callable[[Graph], tuple[PeakLine, ...]]:
    """Return what gives a graph's lines: inference, and a step of training where something is trained."""

    def lines(graph: Graph) -> tuple[PeakLine, ...]:
        line = trained(graph, training, curve=curve)
        return (inference(graph, training.mode), *((line,) if line else ()))

    return lines


def inference(graph: Graph, mode: Mode = TRAIN) -> PeakLine:
    """Return the peak of a forward pass without gradients; parameters and buffers are not in it."""
    peak = inference_peak(graph, mode)
    at = graph.nodes[peak.node]
    return PeakLine(
        key="inference_peak_bytes",
        nbytes=peak.nbytes,
        path=at.path,
        op=at.op.word,
        alive=_by_path(graph, peak.alive),
    )


def can_train(graph: Graph) -> bool:
    """Say whether PyTorch takes gradients of the graph's types: of numbers, not of whole ones."""
    floating = all(graph.nodes[i].output.is_floating for i in ends(graph))
    return floating and graph.dtype in WITH_GRADIENTS


def trained(graph: Graph, training: Training = DEFAULT, *, curve: bool = False) -> PeakLine | None:
    """Return the peak of a step of training, ``None`` where nothing can be trained."""
    peak = training.peak(graph) if can_train(graph) else None
    if peak is None:
        return None
    at = graph.nodes[peak.node] if peak.node >= 0 else None
    parts: dict[str, int] = {}
    for piece in peak.alive:
        parts[piece.kind] = parts.get(piece.kind, 0) + piece.nbytes
    moving = ((p.node, p.nbytes) for p in peak.alive if p.kind not in STATIC and p.node >= 0)
    begins = dict(peak.phases)["forward"]
    run = peak.curve[begins:]
    stretch = -(-len(run) // POINTS)
    return PeakLine(
        key="training_peak_bytes",
        nbytes=peak.nbytes,
        path=at.path if at else "",
        op=at.op.word if at else "",
        alive=_by_path(graph, moving),
        phase=peak.phase,
        parts=tuple(sorted(parts.items(), key=lambda part: -part[1])),
        curve=tuple(max(run[i : i + stretch]) for i in range(0, len(run), stretch))
        if curve
        else (),
        phases=tuple((phase, (event - begins) // stretch) for phase, event in peak.phases),
    )


def _by_path(graph: Graph, alive: Iterable[tuple[int, int]]) -> tuple[tuple[str, int], ...]:
    found: dict[str, int] = {}
    for node, nbytes in alive:
        path = graph.nodes[node].path
        found[path] = found.get(path, 0) + nbytes
    return tuple(found.items())


def model_states(training: Training) -> tuple[Column, Column]:
    """Return the columns of what a trained parameter takes besides itself: its gradient, and optimizer state."""
    name = training.optimizer.name
    return (
        BY_KEY["gradient_bytes"],
        Column(
            "optimizer_bytes",
            "optimizer state",
            "bytes",
            f"what {name} keeps from step to step",
            lambda graph: optimizer_bytes(graph, training.optimizer, training.mode.device),
        ),
    )
