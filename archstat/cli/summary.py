"""archstat summary: networks side by side."""

import click

from archstat.cli.command import Command
from archstat.cli.options import Given, common
from archstat.cli.specs import FAILED, load_each, settings_of, spec_arguments

EXAMPLES = """
archstat summary alexnet vgg16 googlenet resnet50
archstat summary resnet* net.yaml -f csv       exact numbers
archstat summary mobilenet_v1 --input 3x128x128
"""


@click.command(cls=Command, examples=EXAMPLES)
@spec_arguments
@common("spec", "run", "transfer", "format", "units")
def command(given: Given, specs: tuple[str, ...]) -> int:
    """Compare networks: one row for each, with params, MACs, activations, memory and output."""
    from archstat.cli.output import emit
    from archstat.report.summary import summarize

    loaded, whole = load_each(specs, given)
    if loaded:
        emit(given, lambda _: [summarize(loaded, aux=given.aux, settings=settings_of(given))])
    return 0 if whole else FAILED
