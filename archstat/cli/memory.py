"""archstat memory: what the activations take."""

from collections.abc import Mapping
from typing import Literal

import click

from archstat.cli.command import Command, option
from archstat.cli.options import NETWORK, TABLE, Given, common
from archstat.cli.specs import print_tables, spec_arguments

EXAMPLES = """
archstat memory vgg16                          one image, forward
archstat memory vgg16 --backward               and what PyTorch keeps for the backward pass
archstat memory resnet50 --peak                and the most that is alive at once
archstat memory vgg16 --batch 64 --dtype float16
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
    help="Add the most that is alive at once in a forward pass without gradients, and when.",
)
@option(
    "--mode",
    type=click.Choice(["train", "eval"]),
    section=NETWORK,
    help="With --backward: model.train(), the default, or model.eval().",
)
@option(
    "--device",
    type=click.Choice(["cpu", "cuda"]),
    section=NETWORK,
    help="With --backward: whose kernels, the CPU's by default.",
)
@option(
    "--input-grad",
    is_flag=True,
    section=NETWORK,
    help="With --backward: the input has a gradient too.",
)
@common("spec", "run", "grouping", "order", "format", "units", "engine")
def command(
    given: Given,
    specs: tuple[str, ...],
    backward: bool,
    peak: bool,
    mode: str | None,
    device: Literal["cpu", "cuda"] | None,
    input_grad: bool,
) -> int:
    """Measure the activations in memory, layer by layer, as CS231n lecture 9 counts them.

    Every output that occupies memory of its own counts, and the input too: an in-place activation, a view and
    dropout at inference add nothing.

    With --backward also what PyTorch's autograd keeps: each storage counts once, at the layer that is the first to
    keep it; parameters don't count. cuDNN's and oneDNN's workspaces and the allocator's rounding come on top.
    """
    from archstat.errors import UsageError
    from archstat.ops.tape import Mode
    from archstat.report import kinds

    if not backward:
        refuse_without(
            "--backward", {"--mode": mode, "--device": device, "--input-grad": input_grad}
        )
        return print_tables(specs, given, kinds.memory(peak=peak))
    if given.dtype not in ("float64", "float32", "float16", "bfloat16"):
        raise UsageError(
            f"PyTorch takes no gradients of {given.dtype}", hint="leave out --backward"
        )
    run = Mode(training=mode != "eval", device=device or "cpu")
    kind = kinds.memory(backward=True, peak=peak, mode=run, input_grad=input_grad)
    return print_tables(specs, given, kind)


def refuse_without(needed: str, options: Mapping[str, object]) -> None:
    """Refuse options that mean nothing without another."""
    from archstat.errors import UsageError

    for name, value in options.items():
        if value:
            raise UsageError(f"{name} says nothing without {needed}", hint=f"add {needed}")
