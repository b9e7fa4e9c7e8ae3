"""archstat expand: a spec written out."""

import click

from archstat.cli.command import Command
from archstat.cli.options import Given, common
from archstat.cli.specs import Reference, settings_of

EXAMPLES = """
archstat expand resnet50
archstat expand net.yaml --set width=64 -o wide.yaml
"""


@click.command(cls=Command, examples=EXAMPLES)
@click.argument("spec", type=Reference(), metavar="SPEC")
@common("spec", "transfer", "file")
def command(given: Given, spec: str) -> int:
    """Write a spec out: blocks called, repeats unrolled, expressions worked out, 'extends' merged.

    What is printed is a spec again, with the same layers and the same numbers.
    """
    from archstat.cli.output import send_text
    from archstat.spec.expand import expand

    send_text(given, expand(spec, settings_of(given)))
    return 0
