"""archstat flops: what one forward pass costs."""

import click

from archstat.cli.command import Command, option
from archstat.cli.options import TABLE, Given, common
from archstat.cli.specs import print_tables, spec_arguments

EXAMPLES = """
archstat flops vgg16                           multiply-accumulates (MACs)
archstat flops vgg16 --count flops             all floating-point operations
archstat flops inception_naive inception_bottleneck
archstat flops resnet50 --input 3x320x320 --by stage
archstat flops resnet50 --backward             and those of a step of training
"""


@click.command(cls=Command, examples=EXAMPLES)
@spec_arguments
@option("--count", type=click.Choice(["macs", "flops"]), default="macs", section=TABLE,
        help="macs (the default): multiply-accumulates; flops: 2 per MAC plus everything else.")  # fmt: skip
@option("--backward", is_flag=True, section=TABLE,
        help="Add the MACs of the gradients, and of a whole step of training.")  # fmt: skip
@common("spec", "run", "transfer", "grouping", "order", "columns", "format", "engine")
def command(given: Given, specs: tuple[str, ...], count: str, backward: bool) -> int:
    """Count the operations of one forward pass, layer by layer.

    Papers that say FLOPs mostly mean MACs: archstat never mixes the two.

    With --backward also what the gradients take: a layer's weight has one where it is trained, its input where
    something below is. So a backward pass takes less than twice a forward pass, and a frozen network less still.
    """
    from archstat.cli.gradients import need_gradients
    from archstat.report import kinds

    if backward:
        need_gradients(given.dtype, "--backward")
    return print_tables(specs, given, kinds.flops(count=count, backward=backward))
