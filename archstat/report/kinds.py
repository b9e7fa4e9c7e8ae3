"""The kinds of report: which columns each shows, and what a row of nothing is called."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from archstat import passes
from archstat.errors import UsageError
from archstat.graph import Graph
from archstat.ops.base import Terms
from archstat.ops.tape import Mode
from archstat.report.columns import BY_KEY, READING_BY_KEY, Column, Reading
from archstat.report.report import Label, PeakLine
from archstat.tensor import Shape

if TYPE_CHECKING:
    from archstat.report.devices import Devices, Line
    from archstat.report.peaks import Training

NOTED: tuple[Label, ...] = ("output", "note")


class Kind(msgspec.Struct, frozen=True):
    """``shown`` are column keys of the table, ``aside`` those whose total stands below it.

    ``nothing`` finishes the sentence "7 layers ... not shown". ``quantity`` names the published figures that
    belong below the table. ``own`` are columns that take the place of those of the same key; ``what`` says of each
    layer what it keeps, ``notes`` what stands behind it, ``idle`` whether nothing is to be said of it; ``peaks`` gives
    the moments at which most is alive; ``devices`` share the work, of which each has ``outputs`` and ``tensors``, and
    ``lines`` say what goes between them. ``shapes`` takes the place of the tensors' shapes, batch included; ``remarks``
    stand below the table. Keys in ``split`` are aside only where they come to what the first column does, those in
    ``unfrozen`` only where nothing is frozen. ``seen`` says what a receptive field doesn't; ``added`` are the keys
    among ``shown`` that were asked for beside the kind's own. ``training`` says how the network is trained, where that
    is what the numbers are about, ``engine`` who measures, if not archstat's own rules.
    """

    name: str
    shown: tuple[str, ...]
    aside: tuple[str, ...] = ()
    nothing: str = ""
    quantity: str = ""
    with_input: bool = False
    labels: tuple[Label, ...] = ("output",)
    own: tuple[Column, ...] = ()
    what: Callable[[Graph], tuple[str, ...]] | None = None
    notes: Callable[[Graph], tuple[str, ...]] | None = None
    idle: Callable[[Graph], tuple[bool, ...]] | None = None
    peaks: Callable[[Graph], tuple[PeakLine, ...]] | None = None
    outputs: Callable[[Graph], tuple[Shape, ...]] | None = None
    tensors: Callable[[Graph], tuple[Terms, ...]] | None = None
    devices: "Devices | None" = None
    lines: "Callable[[Graph], tuple[Line, ...]] | None" = None
    shapes: Callable[[Graph], tuple[tuple[Shape, Terms], ...]] | None = None
    remarks: Callable[[Graph], tuple[str, ...]] | None = None
    split: tuple[str, ...] = ()
    unfrozen: tuple[str, ...] = ()
    seen: Callable[[Graph], tuple[str, ...]] | None = None
    added: tuple[str, ...] = ()
    training: "Training | None" = None
    engine: str = ""

    def column(self, key: str) -> Column | Reading:
        """Return the column of a key: this report's own, or the common one."""
        own = next((column for column in self.own if column.key == key), None)
        return own or BY_KEY.get(key) or READING_BY_KEY[key]


def params(*, no_bias: bool = False, trainable: bool = False) -> Kind:
    """Return the parameter table: of all params, of weights alone, or of what is trained."""
    if no_bias and trainable:
        raise UsageError(
            "--no-bias and --trainable can't be combined", hint="run one after the other"
        )
    if no_bias:
        return Kind(
            "params", ("weights",), ("biases", "params"), "without weights", "params", labels=NOTED
        )
    if trainable:
        return Kind(
            "params",
            ("trainable_params",),
            ("params",),
            "with nothing to train",
            "params",
            labels=NOTED,
        )
    aside = ("trainable_params", "buffers")
    return Kind(
        "params",
        ("params",),
        aside,
        "without parameters",
        "params",
        labels=NOTED,
        split=("trainable_params",),
    )


def flops(*, count: str = "macs", backward: bool = False) -> Kind:
    """Return the cost table: of multiply-accumulates or of floating-point operations.

    ``backward`` adds those of the gradients, which are counted in MACs alone, and the sum of both.
    """
    if backward and count == "flops":
        raise UsageError("--backward counts MACs, not FLOPs", hint="leave out --count flops")
    if backward:
        return Kind(
            "flops",
            ("macs", "backward_macs"),
            ("training_macs", "flops"),
            "without MACs",
            "macs",
            own=(_TRAINING,),
        )
    if count == "flops":
        return Kind("flops", ("flops",), ("macs",), "without FLOPs", "macs")
    return Kind("flops", ("macs",), ("flops",), "without MACs", "macs")


def memory(
    *,
    backward: bool = False,
    peaks: Callable[[Graph], tuple[PeakLine, ...]] | None = None,
    states: tuple[Column, ...] = (),
    training: "Training | None" = None,
) -> Kind:
    """Return the lecture's memory table.

    ``backward`` adds what PyTorch keeps, and where nothing is frozen the lecture's estimate of it; ``peaks`` the most
    that is alive, ``states`` columns of what training keeps for each param. All of these are of a network trained as
    ``training`` says, which stands below the table; a checkpoint adds what runs again.
    """
    table = Kind(
        "memory",
        ("activations", "activation_bytes"),
        ("param_bytes", "buffer_bytes"),
        "without memory of their own",
        "activations",
        with_input=True,
    )
    if not backward and peaks is None:
        return table
    from archstat.passes.checkpoint import recompute_macs
    from archstat.passes.saved import saved_bytes, saved_what
    from archstat.report.peaks import DEFAULT

    how = training or DEFAULT
    mode, behind, input_grad = how.mode, how.checkpoint, how.input_grad
    if behind.by != "none":
        again = Column(
            "recompute_macs",
            "recompute MACs",
            "MAC",
            "run once more in the backward pass, behind checkpoints",
            lambda graph: recompute_macs(graph, behind, mode, input_grad=input_grad),
        )
        states = (*states, again)

    def remarks(graph: Graph) -> tuple[str, ...]:
        said = how.said()
        return (*((said,) if said else ()), *_refused(graph, mode, input_grad))

    table = msgspec.structs.replace(
        table,
        aside=(*table.aside, *(column.key for column in states)),
        own=states,
        peaks=peaks,
        remarks=remarks,
        training=how,
    )
    if not backward:
        return table
    saved = msgspec.structs.replace(
        BY_KEY["saved_bytes"],
        about=f"what PyTorch keeps for backward, {kept_where(mode)}",
        values=lambda graph: saved_bytes(graph, mode, input_grad=input_grad, checkpoint=behind),
    )
    return msgspec.structs.replace(
        table,
        shown=(*table.shown, "saved_bytes"),
        aside=("forward_backward_bytes", *table.aside),
        nothing="with nothing to hold or keep",
        labels=("output", "saved"),
        own=(saved, *states),
        unfrozen=("forward_backward_bytes",),
        what=lambda graph: saved_what(graph, mode, input_grad=input_grad, checkpoint=behind),
    )


MOST_REFUSALS = 3
"""Reasons that stand below a table."""


def _refused(graph: Graph, mode: Mode, input_grad: bool) -> tuple[str, ...]:
    """Say that PyTorch won't train the network, where it won't: its numbers are of a step that never ends."""
    from archstat.passes.refused import refusals

    reasons = refusals(graph, mode, input_grad=input_grad)
    return tuple(f"PyTorch refuses to train it: {reason}" for reason in reasons[:MOST_REFUSALS])


def kept_where(mode: Mode) -> str:
    """Say how a network runs: ``in training on the CPU``."""
    run = "in training" if mode.training else "in eval mode"
    where = "on the CPU" if mode.device == "cpu" else "with CUDA's kernels"
    cast = f", under autocast to {mode.autocast}, copies of weights too" if mode.autocast else ""
    return f"{run} {where}{cast}"


def on_gpus(kind: Kind, gpus: int, batch: int) -> Kind:
    """Return the table of one of several GPUs that share a batch."""
    from archstat.report.devices import Devices, data_parallel

    devices = Devices(gpus, "batch", batch)
    return msgspec.structs.replace(kind, devices=devices, lines=data_parallel(gpus))


def shapes() -> Kind:
    """Return the table of every tensor's shape."""
    return Kind("shapes", (), with_input=True, labels=("op", "output", "tensors", "note"))


def receptive_field(*, branches: bool = True) -> Kind:
    """Return the table of receptive fields; without ``branches`` the smallest path is the largest."""
    from archstat.passes.receptive_field import field_kept, field_notes

    smallest = ("smallest_receptive_field",)
    return Kind(
        "receptive-field",
        (
            "receptive_field",
            *(smallest if branches else ()),
            "jump",
            "effective_padding",
            "field_centre",
        ),
        () if branches else smallest,
        "without change",
        "receptive_field",
        with_input=True,
        seen=field_notes,
        idle=field_kept,
    )


def _training_macs(graph: Graph) -> passes.Values:
    from archstat.passes.backward_macs import backward_macs

    pairs = zip(passes.macs(graph), backward_macs(graph), strict=True)
    return tuple(forward + backward for forward, backward in pairs)


_TRAINING = Column(
    "training_macs", "training step", "MAC", "forward and backward MACs", _training_macs
)

SHARES = Kind(
    "shares",
    ("params", "macs", "activation_bytes"),
    nothing="without any of them",
    with_input=True,
)
"""Where params sit, and where compute and memory: each number with its share."""

SUMMARY = Kind("summary", ("params", "macs", "activations", "activation_bytes"))
