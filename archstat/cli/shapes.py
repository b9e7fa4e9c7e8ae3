"""archstat shapes: every tensor's shape."""

from typing import TYPE_CHECKING

import click

from archstat.cli.command import Command, option
from archstat.cli.options import TABLE, Given, common
from archstat.cli.specs import print_tables, spec_arguments

if TYPE_CHECKING:
    from archstat.report.grouping import Layout

EXAMPLES = """
archstat shapes alexnet
archstat shapes alexnet --layout hwc           height x width x channels, as the lecture writes
archstat shapes googlenet --by stage
archstat shapes vit_b_16 --engine torch        as PyTorch has them
"""


@click.command(cls=Command, examples=EXAMPLES)
@spec_arguments
@option("--layout", type=click.Choice(["chw", "hwc"]), default="chw", section=TABLE,
        help="Channels first (chw, the default) or last (hwc). Parameters stay as PyTorch has them.")  # fmt: skip
@common("spec", "run", "transfer", "grouping", "columns", "format", "engine")
def command(given: Given, specs: tuple[str, ...], layout: "Layout") -> int:
    """Show the shape of every tensor of one sample, in network order."""
    from archstat.report import kinds

    if given.depth is None:
        given = given._replace(by=given.by or "layer")
    return print_tables(specs, given, kinds.shapes(), layout)
