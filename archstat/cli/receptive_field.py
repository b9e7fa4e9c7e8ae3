"""archstat receptive-field: what one unit sees of the input, layer by layer."""

from typing import TYPE_CHECKING

import click

from archstat.cli.command import Command
from archstat.cli.options import Given, common
from archstat.cli.specs import FAILED, arrangement_of, load_each, settings_of, spec_arguments

if TYPE_CHECKING:
    from archstat.report.report import Report

EXAMPLES = """
archstat receptive-field vgg16
archstat receptive-field resnet50 --by stage
archstat receptive-field conv7x7 conv3x3_stack
archstat receptive-field net.yaml -f csv       every layer, exact numbers
archstat explain alexnet conv5                 the arithmetic of a layer
"""


@click.command("receptive-field", cls=Command, examples=EXAMPLES)
@spec_arguments
@common("spec", "run", "grouping", "order", "format")
def command(given: Given, specs: tuple[str, ...]) -> int:
    """Show what one unit of each layer sees of the input: size, jump, padding, and where the first unit's centre is.

    All are in input positions along one axis; 11x3 is one number for each axis. The jump is the effective stride. A
    field is the largest path's, as if the input had no ends, unless a layer sees everything: then it is the input.
    """
    from archstat.cli.output import Detail, emit
    from archstat.report import kinds
    from archstat.report.tabulate import tabulate

    loaded, whole = load_each(specs, given)

    def build(detail: Detail) -> "list[Report]":
        arrangement = arrangement_of(given, detail)
        settings = settings_of(given)
        return [
            tabulate(
                s,
                kinds.receptive_field(branches=any(len(n.inputs) > 1 for n in s.graph.nodes)),
                arrangement,
                aux=given.aux,
                settings=settings,
            )
            for s in loaded
        ]

    if loaded:
        emit(given, build)
    return 0 if whole else FAILED
