"""archstat explain: the arithmetic behind a layer's numbers."""

import click

from archstat.cli.command import Command
from archstat.cli.options import Given, common
from archstat.cli.specs import Layer, Reference, settings_of

EXAMPLES = """
archstat explain alexnet conv1
archstat explain resnet50 conv2.bottleneck1
archstat explain vgg16 'fc*'                   a glob
archstat explain net.yaml                      every layer with something to explain
"""


@click.command(cls=Command, examples=EXAMPLES)
@click.argument("spec", type=Reference(), metavar="SPEC")
@click.argument("layers", nargs=-1, type=Layer(), metavar="[LAYER...]")
@common("spec", "run", "format", "units")
def command(given: Given, spec: str, layers: tuple[str, ...]) -> int:
    """Write out the arithmetic of layers: shapes, parameters, MACs, FLOPs and memory.

    LAYER is a path as the tables show it, the beginning of one, or a glob.
    """
    from archstat.cli.output import send
    from archstat.render import board, listing
    from archstat.render.style import Style
    from archstat.report.explain import explain
    from archstat.spec import load

    explanation = explain(load(spec, settings_of(given)), layers, aux=given.aux)

    def write(name: str, style: Style) -> str:
        if name == "table":
            return board.render(explanation, style)
        return listing.render(name, board.listing(explanation), style)

    send(given, write)
    return 0
