"""archstat memory: what the activations take."""

import click

from archstat.cli.command import Command, option
from archstat.cli.options import TABLE, Given, common
from archstat.cli.specs import print_tables, spec_arguments

EXAMPLES = """
archstat memory vgg16                          one image, forward
archstat memory vgg16 --backward               and the lecture's doubling for the backward pass
archstat memory vgg16 --batch 64 --dtype float16
archstat memory resnet50 --units iec           MiB = 2^20 bytes
"""


@click.command(cls=Command, examples=EXAMPLES)
@spec_arguments
@option(
    "--backward",
    is_flag=True,
    section=TABLE,
    help="Add the lecture's estimate for training: activations x 2.",
)
@common("spec", "run", "grouping", "order", "format", "units")
def command(given: Given, specs: tuple[str, ...], backward: bool) -> int:
    """Measure the activations in memory, layer by layer, as CS231n lecture 9 counts them.

    Every output that occupies memory of its own counts, and the input too: an in-place activation, a view and
    dropout at inference add nothing.
    """
    from archstat.report import kinds

    return print_tables(specs, given, kinds.memory(backward=backward))
