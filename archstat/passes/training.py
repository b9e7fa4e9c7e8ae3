"""The most memory that is alive at once in a step of training."""

import msgspec

from archstat.graph import Graph
from archstat.ops.tape import Mode
from archstat.passes.checkpoint import NOTHING, Checkpoint
from archstat.passes.ledger import Phase, Piece
from archstat.passes.optimizers import Optimizer
from archstat.passes.training_step import TrainingStep


class TrainingPeak(msgspec.Struct, frozen=True):
    """The moment of a training step at which most is alive, and every piece of memory that is alive then.

    ``node`` is the layer that runs, negative where none does. ``curve`` are the bytes alive after each event of the
    step, ``phases`` the event with which each phase begins.
    """

    nbytes: int
    phase: Phase
    node: int
    alive: tuple[Piece, ...]
    curve: tuple[int, ...]
    phases: tuple[tuple[Phase, int], ...]


SGD = Optimizer()
TRAIN = Mode()


def training_peak(
    graph: Graph,
    mode: Mode = TRAIN,
    optimizer: Optimizer = SGD,
    *,
    in_place: bool = True,
    input_grad: bool = False,
    checkpoint: Checkpoint = NOTHING,
) -> TrainingPeak | None:
    """Return the peak of one training step, or ``None`` where nothing is trained.

    Counts:  parameters, buffers, gradients, optimizer state, the input and int64 labels, activations, what autograd
             keeps, temporaries of backward formulas and of the optimizer; the loss is cross_entropy
    Ignores: workspaces inside a kernel (cuDNN, oneDNN, cuBLAS), the allocator's rounding and fragmentation, the CUDA
             context; the state of the random generator that each checkpoint keeps
    Unit:    bytes
    Source:  the storages alive between ops of a step of torch.fx.GraphModule, under a TorchDispatchMode, which adds
             gradients out of place (``in_place=False``); PyTorch unwatched adds them in place
    """
    step = TrainingStep(
        graph, mode, optimizer, in_place=in_place, input_grad=input_grad, checkpoint=checkpoint
    )
    if not step.loss.needs_grad:
        return None
    ledger = step.run()
    at = ledger.peak_at
    return TrainingPeak(
        ledger.peak, at.phase, at.node, ledger.alive_at_peak(), ledger.curve(), ledger.phases()
    )
