"""archstat summary: networks side by side."""

from typing import TYPE_CHECKING

import click

from archstat.cli.command import Command
from archstat.cli.options import Given, common
from archstat.cli.refusals import refuse_without
from archstat.cli.specs import FAILED, load_each, print_tables, settings_of, spec_arguments

if TYPE_CHECKING:
    from archstat.report.report import Report

EXAMPLES = """
archstat summary alexnet vgg16 googlenet resnet50
archstat summary resnet* net.yaml -f csv       exact numbers
archstat summary mobilenet_v1 --input 3x128x128
archstat summary vgg16 --by op                 where params, MACs and memory sit: conv against linear
archstat summary vgg16 resnet50 --by stage     the same by stage
"""


@click.command(cls=Command, examples=EXAMPLES)
@spec_arguments
@common("spec", "run", "transfer", "grouping", "order", "columns", "format", "units")
def command(given: Given, specs: tuple[str, ...]) -> int:
    """Compare networks: one row for each, with depth, params, MACs, activations, memory and output.

    With --by or --depth one table for each network: where its params sit, and where its compute and memory, each with
    its share.
    """
    from archstat.cli.output import Detail, emit
    from archstat.report.summary import summarize

    if given.by or given.depth:
        from archstat.report.kinds import SHARES

        return print_tables(specs, given, SHARES)
    asked = {"--sort": given.sort, "--top": given.top, "--all": given.everything}
    refuse_without("--by", asked)
    loaded, whole = load_each(specs, given)

    def build(detail: Detail) -> "list[Report]":
        more = detail == "people"
        settings = settings_of(given)
        return [summarize(loaded, aux=given.aux, settings=settings, added=given.add, more=more)]

    if loaded:
        emit(given, build)
    return 0 if whole else FAILED
