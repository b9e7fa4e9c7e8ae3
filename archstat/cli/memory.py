"""archstat memory: what the activations take."""

from typing import TYPE_CHECKING, Any

import click

from archstat.cli.checkpoints import Checkpoints
from archstat.cli.command import Command, option
from archstat.cli.measured import Measured, refuse
from archstat.cli.options import NETWORK, TABLE, Count, Given, common
from archstat.cli.specs import print_tables, spec_arguments

if TYPE_CHECKING:
    from archstat.report.kinds import Kind
    from archstat.report.peaks import Training

EXAMPLES = """
archstat memory vgg16                          one image, forward
archstat memory vgg16 --backward               and what PyTorch keeps for the backward pass
archstat memory resnet50 --peak                and the most that is alive at once
archstat memory resnet50 --batch 256 --optimizer momentum
archstat memory resnet50 --peak --checkpoint stages      each stage runs again
archstat memory resnet50 --fit 24GiB --optimizer adam    the largest batch that fits
archstat memory resnet50 --batch 256 --optimizer momentum --gpus 8
archstat memory resnet50 --fit 24GiB --gpus 8            the largest batch on eight of them
archstat memory alexnet --split 2              AlexNet's two GPUs: what each holds, and what crosses
archstat memory alexnet --split 2 --backward --optimizer momentum --batch 128
archstat memory vit_b_16 --curve               the memory over a step of training, drawn
archstat memory vgg16 --batch 64 --dtype float16
archstat memory vgg16 --backward --amp bfloat16          under torch.autocast
archstat memory resnet50 --backward --peak --engine torch   the same, measured by PyTorch
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
    help="Draw the memory over a step of training; its numbers in JSON, and none in CSV and TSV.",
)
@option(
    "--optimizer",
    type=click.Choice(["sgd", "momentum", "adam", "adamw"]),
    section=NETWORK,
    help="With peaks or --split: sgd, the default, sgd with momentum, adam or adamw; adds gradients and their state.",
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
    type=Count(1024, least=2),
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
    help="With --backward or --peak: under torch.autocast to that type; weights stay in float32.",
)
@option(
    "--fit",
    metavar="SIZE",
    section=NETWORK,
    help="Find the largest batch whose step of training takes no more than SIZE: 24GiB, 80GB.",
)
@common("spec", "run", "transfer", "grouping", "order", "columns", "format", "units", "engine")
def command(given: Given, specs: tuple[str, ...], **options: Any) -> int:
    """Measure the activations in memory, layer by layer, as CS231n lecture 9 counts them.

    Every output that occupies memory of its own counts, and the input too: an in-place activation, a view and
    dropout at inference add nothing.

    With --backward also what PyTorch's autograd keeps: each storage counts once, at the layer that is the first to
    keep it; parameters don't count.

    With --gpus all numbers are those of one GPU, which holds all weights, gradients and optimizer state.

    With --split the channels of every layer are divided, as AlexNet's were over two GPUs, and a layer that mixes them
    reads those of the other devices. --backward adds what each keeps, and the gradients that go back; --optimizer its
    gradients and optimizer state.

    With --peak also the most that is alive at once, in a forward pass without gradients and in a step of training:
    parameters, gradients, optimizer state, activations and temporaries, at the moment that the line names. The loss
    is cross_entropy. cuDNN's and oneDNN's workspaces, the allocator's rounding and the CUDA context come on top.

    With --checkpoint a stage keeps what enters it alone, and runs again in the backward pass: less memory, more MACs.

    With --fit the batch is the largest that can be trained in so much memory, with --gpus on each of them. Exit code
    1 if not even the smallest can.
    """
    asked = Measured(**options)
    refuse(asked, given)
    if asked.split is not None:
        return print_tables(specs, given, of_one_device(asked, asked.split))
    training = how_trained(asked)
    kind = one_table(asked, training)
    if asked.fit is not None:
        from archstat.cli.fitting import print_fitting

        return print_fitting(specs, given, kind, training, asked.fit, asked.gpus)
    if asked.gpus is not None:
        from archstat.report.devices import share_of_batch
        from archstat.report.kinds import on_gpus

        kind = on_gpus(kind, asked.gpus, given.batch)
        given = given._replace(batch=share_of_batch(given.batch, asked.gpus))
    return print_tables(specs, given, kind)


def how_trained(asked: Measured) -> "Training":
    """Return how the network is trained, PyTorch's defaults where nothing is said."""
    from archstat.ops.tape import Mode
    from archstat.passes.checkpoint import NOTHING
    from archstat.passes.optimizers import Implementation, Optimizer
    from archstat.report.peaks import Training

    usual: Implementation = "foreach" if asked.device == "cuda" else "for-loop"
    return Training(
        Mode(
            training=asked.mode != "eval",
            device=asked.device or "cpu",
            autocast=asked.amp or "",
        ),
        Optimizer(asked.optimizer or "sgd", asked.implementation or usual, asked.weight_decay),
        asked.accumulate or "in-place",
        asked.input_grad,
        asked.checkpoint or NOTHING,
    )


def one_table(asked: Measured, training: "Training") -> "Kind":
    """Return the table of a network on one device."""
    from archstat.report import kinds

    if not asked.backward and not asked.wants_peak:
        return kinds.memory()
    from archstat.report.peaks import model_states, peaks

    return kinds.memory(
        backward=asked.backward,
        peaks=peaks(training, curve=asked.curve) if asked.wants_peak else None,
        states=model_states(training) if asked.optimizer else (),
        training=training,
    )


def of_one_device(asked: Measured, devices: int) -> "Kind":
    """Return the table of one of several devices that divide the channels."""
    from archstat.report.split import divided

    training = how_trained(asked)
    return divided(
        devices,
        backward=training.mode if asked.backward else None,
        optimizer=training.optimizer if asked.optimizer else None,
    )
