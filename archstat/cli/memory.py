"""archstat memory: what the activations take."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import click

from archstat.cli.checkpoints import Checkpoints
from archstat.cli.command import Command, option
from archstat.cli.options import NETWORK, TABLE, Count, Given, common
from archstat.cli.specs import print_tables, spec_arguments

if TYPE_CHECKING:
    from collections.abc import Callable

    from archstat.graph import Graph
    from archstat.passes.checkpoint import Checkpoint
    from archstat.passes.optimizers import Implementation, Name
    from archstat.report.columns import Column
    from archstat.report.kinds import Kind
    from archstat.report.peaks import Accumulate
    from archstat.report.report import PeakLine

    Peaks = Callable[[Graph], tuple[PeakLine, ...]]

EXAMPLES = """
archstat memory vgg16                          one image, forward
archstat memory vgg16 --backward               and what PyTorch keeps for the backward pass
archstat memory resnet50 --peak                and the most that is alive at once
archstat memory resnet50 --batch 256 --optimizer momentum
archstat memory resnet50 --peak --checkpoint stages      each stage runs again
archstat memory resnet50 --fit 24GiB --optimizer adam    the largest batch that fits
archstat memory resnet50 --batch 256 --optimizer momentum --gpus 8
archstat memory alexnet --split 2              AlexNet's two GPUs: what each holds, and what crosses
archstat memory vit_b_16 --curve               the memory over a step of training, drawn
archstat memory vgg16 --batch 64 --dtype float16
archstat memory vgg16 --backward --amp bfloat16          under torch.autocast
archstat memory resnet50 --units iec           MiB = 2^20 bytes
"""


@click.command(cls=Command, examples=EXAMPLES)
@spec_arguments
@option(
    "--backward",
    is_flag=True,
    section=TABLE,
    help="Add what PyTorch keeps for the backward pass, exactly, and the lecture's estimate: activations x 2.",
)
@option(
    "--peak",
    is_flag=True,
    section=TABLE,
    help="Add the most that is alive at once, and when: in inference, and in a step of training.",
)
@option(
    "--curve",
    is_flag=True,
    section=TABLE,
    help="Draw the memory over a step of training.",
)
@option(
    "--optimizer",
    type=click.Choice(["sgd", "momentum", "adam", "adamw"]),
    section=NETWORK,
    help="With --peak: sgd, the default, sgd with momentum, adam or adamw; adds gradients and optimizer state.",
)
@option(
    "--implementation",
    type=click.Choice(["for-loop", "foreach", "fused"]),
    section=NETWORK,
    help="With --optimizer: PyTorch's for-loop, its default on the CPU, foreach, its default with cuda, or fused.",
)
@option(
    "--weight-decay",
    is_flag=True,
    section=NETWORK,
    help="With --optimizer: weights decay, for which SGD and Adam make copies.",
)
@option(
    "--gpus",
    type=Count(2**20),
    metavar="N",
    section=NETWORK,
    help="Data parallel: what each of N GPUs holds, --batch divided over them, and what they exchange.",
)
@option(
    "--split",
    type=Count(1024),
    metavar="N",
    section=NETWORK,
    help="Model parallel: every layer's channels divided over N devices, and the bytes that they read of each other's.",
)
@option(
    "--accumulate",
    type=click.Choice(["in-place", "out-of-place"]),
    section=NETWORK,
    help="With --peak: how gradients that meet are added. PyTorch adds in place, unless a dispatch mode watches it.",
)
@option(
    "--mode",
    type=click.Choice(["train", "eval"]),
    section=NETWORK,
    help="With --backward or --peak: model.train(), the default, or model.eval().",
)
@option(
    "--device",
    type=click.Choice(["cpu", "cuda"]),
    section=NETWORK,
    help="With --backward or --peak: whose kernels, the CPU's by default.",
)
@option(
    "--input-grad",
    is_flag=True,
    section=NETWORK,
    help="With --backward or --peak: the input has a gradient too.",
)
@option(
    "--checkpoint",
    type=Checkpoints(),
    section=NETWORK,
    metavar="none|stages|segments=N",
    help="With --backward or --peak: what runs again for backward: each stage, or all but the last of N segments.",
)
@option(
    "--amp",
    type=click.Choice(["bfloat16", "float16"]),
    section=NETWORK,
    help="With --backward: under torch.autocast to that type, on the CPU; weights stay in float32.",
)
@option(
    "--fit",
    metavar="SIZE",
    section=NETWORK,
    help="Find the largest batch whose step of training takes no more than SIZE: 24GiB, 80GB.",
)
@common("spec", "run", "transfer", "grouping", "order", "format", "units", "engine")
def command(
    given: Given,
    specs: tuple[str, ...],
    backward: bool,
    peak: bool,
    curve: bool,
    optimizer: "Name | None",
    implementation: "Implementation | None",
    weight_decay: bool,
    gpus: int | None,
    split: int | None,
    accumulate: "Accumulate | None",
    mode: str | None,
    device: Literal["cpu", "cuda"] | None,
    input_grad: bool,
    checkpoint: "Checkpoint | None",
    amp: str | None,
    fit: str | None,
) -> int:
    """Measure the activations in memory, layer by layer, as CS231n lecture 9 counts them.

    Every output that occupies memory of its own counts, and the input too: an in-place activation, a view and
    dropout at inference add nothing.

    With --backward also what PyTorch's autograd keeps: each storage counts once, at the layer that is the first to
    keep it; parameters don't count.

    With --gpus all numbers are those of one GPU, which holds all weights, gradients and optimizer state.

    With --split the channels of every layer are divided, as AlexNet's were over two GPUs, and a layer that mixes them
    reads those of the other devices.

    With --peak also the most that is alive at once, in a forward pass without gradients and in a step of training:
    parameters, gradients, optimizer state, activations and temporaries, at the moment that the line names. The loss
    is cross_entropy. cuDNN's and oneDNN's workspaces, the allocator's rounding and the CUDA context come on top.

    With --checkpoint a stage keeps what enters it alone, and runs again in the backward pass: less memory, more MACs.

    With --fit the batch is the largest that can be trained in so much memory. Exit code 1 if not even the smallest can.
    """
    from archstat.cli.gradients import need_gradients
    from archstat.ops.tape import Mode
    from archstat.passes.checkpoint import NOTHING
    from archstat.report import kinds

    if fit is not None:
        others = {"--batch": given.batch > 1, "--gpus": gpus, "--split": split}
        refuse_beside("--fit", {**others, "--engine": given.engine != "static"})
        need_gradients(given.dtype, "--fit")
    if split is not None:
        refuse_beside("--split", {"--gpus": gpus})
    whole = given.batch
    if gpus is not None:
        from archstat.report.devices import share_of_batch

        need_gradients(given.dtype, "--gpus")
        given = given._replace(batch=share_of_batch(whole, gpus))

    def shown(kind: "Kind") -> int:
        return print_tables(specs, given, kind if gpus is None else on_gpus(kind, gpus, whole))

    run_as = {
        "--mode": mode,
        "--device": device,
        "--input-grad": input_grad,
        "--checkpoint": checkpoint,
    }
    peak = peak or curve or bool(optimizer) or fit is not None
    if amp:
        refuse_without("--backward", {} if backward else {"--amp": amp})
        # The copies of weights in autocast's cache live on, and gradients are cast back: no peak is known.
        asked = {"--fit": fit, "--optimizer": optimizer, "--curve": curve, "--peak": peak}
        run_by = {"--checkpoint": checkpoint, "--device cuda": device == "cuda"}
        refuse_beside("--amp", {**asked, **run_by, "--dtype": given.dtype != "float32"})
    refuse_without("--peak", {} if peak else {"--accumulate": accumulate})
    tuned = {"--implementation": implementation, "--weight-decay": weight_decay}
    refuse_without("--optimizer", {} if optimizer else tuned)
    if split is not None:
        from archstat.report.split import divided

        asked = {"--optimizer": optimizer, "--curve": curve, "--peak": peak, "--backward": backward}
        refuse_beside("--split", {**asked, **run_as, "--engine": given.engine != "static"})
        return print_tables(specs, given, divided(split))
    if not backward and not peak:
        refuse_without("--backward or --peak", run_as)
        return shown(kinds.memory())
    if backward or optimizer or any(run_as.values()):
        need_gradients(given.dtype, "--backward" if backward else "--optimizer")
    run = Mode(training=mode != "eval", device=device or "cpu", autocast=amp or "")
    found: Peaks | None = None
    states: tuple[Column, ...] = ()
    if peak:
        from archstat.passes.optimizers import Optimizer
        from archstat.report.peaks import Training, model_states, peaks

        usual: Implementation = "foreach" if device == "cuda" else "for-loop"
        chosen = Optimizer(optimizer or "sgd", implementation or usual, weight_decay)
        training = Training(
            run, chosen, accumulate or "in-place", input_grad, checkpoint or NOTHING
        )
        found = peaks(training, curve=curve)
        states = model_states(training) if optimizer else ()
    kind = kinds.memory(
        backward=backward,
        peaks=found,
        states=states,
        mode=run,
        input_grad=input_grad,
        checkpoint=checkpoint or NOTHING,
    )
    if fit is not None:
        from archstat.cli.fitting import print_fitting

        return print_fitting(specs, given, kind, training, fit)
    return shown(kind)


def on_gpus(kind: "Kind", gpus: int, batch: int) -> "Kind":
    """Return the table of one of several GPUs that share a batch."""
    from msgspec.structs import replace

    from archstat.report.devices import Devices, data_parallel

    return replace(kind, devices=Devices(gpus, "batch", batch), lines=data_parallel(gpus))


def refuse_beside(other: str, options: Mapping[str, object]) -> None:
    """Refuse options that can't go with another."""
    from archstat.errors import UsageError

    for name, value in options.items():
        if value:
            raise UsageError(f"{name} can't go with {other}", hint=f"leave out {name}")


def refuse_without(needed: str, options: Mapping[str, object]) -> None:
    """Refuse options that mean nothing without another."""
    from archstat.errors import UsageError

    for name, value in options.items():
        if value:
            raise UsageError(f"{name} says nothing without {needed}", hint=f"add {needed}")
