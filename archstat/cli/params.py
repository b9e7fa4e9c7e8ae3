"""archstat params: where the parameters are."""

import click

from archstat.cli.command import Command, option
from archstat.cli.options import TABLE, Given, common
from archstat.cli.specs import print_tables, spec_arguments

EXAMPLES = """
archstat params vgg16
archstat params vgg16 --no-bias                weights alone, as the lecture counts
archstat params resnet50 --by stage
archstat params alexnet -n 3                   the three largest layers
archstat params net.yaml --set classes=10 -o params.md -o params.json
"""


@click.command(cls=Command, examples=EXAMPLES)
@spec_arguments
@option("--no-bias", is_flag=True, section=TABLE, help="Count weights alone, as the lecture does.")
@option("--trainable", is_flag=True, section=TABLE, help="Count what 'freeze:' leaves to train.")
@common("spec", "run", "transfer", "grouping", "order", "columns", "format", "engine")
def command(given: Given, specs: tuple[str, ...], no_bias: bool, trainable: bool) -> int:
    """Count the parameters of a network, layer by layer."""
    from archstat.report import kinds

    return print_tables(specs, given, kinds.params(no_bias=no_bias, trainable=trainable))
