"""archstat shapes: every tensor's shape."""

from typing import TYPE_CHECKING

import click

from archstat.cli.command import Command, option
from archstat.cli.options import TABLE, Given, common
from archstat.cli.specs import FAILED, load_each, settings_of, spec_arguments

if TYPE_CHECKING:
    from archstat.report.grouping import Layout
    from archstat.report.report import Report

EXAMPLES = """
archstat shapes alexnet
archstat shapes alexnet --layout hwc           height x width x channels, as the lecture writes
archstat shapes googlenet --by stage
"""


@click.command(cls=Command, examples=EXAMPLES)
@spec_arguments
@option("--layout", type=click.Choice(["chw", "hwc"]), default="chw", section=TABLE,
        help="Channels first (chw, the default) or last (hwc). Parameters stay as PyTorch has them.")  # fmt: skip
@common("spec", "run", "transfer", "grouping", "format")
def command(given: Given, specs: tuple[str, ...], layout: "Layout") -> int:
    """Show the shape of every tensor of one sample, in network order."""
    from archstat.cli.output import Detail, emit
    from archstat.report import kinds
    from archstat.report.arrange import Arrangement
    from archstat.report.tabulate import tabulate

    loaded, whole = load_each(specs, given)

    def build(detail: Detail) -> "list[Report]":
        arrangement = Arrangement(by=given.by or "layer", depth=given.depth, layout=layout)
        settings = settings_of(given)
        return [
            tabulate(s, kinds.shapes(), arrangement, aux=given.aux, settings=settings)
            for s in loaded
        ]

    if loaded:
        emit(given, build)
    return 0 if whole else FAILED
