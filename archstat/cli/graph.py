"""archstat graph: the network as PyTorch code, as a picture, or as a list."""

from typing import Literal

import click

from archstat.cli.command import Command, option
from archstat.cli.options import OUTPUT, TABLE, Count, Given, common
from archstat.cli.specs import Reference, settings_of

EXAMPLES = """
archstat graph resnet50 -f torch               PyTorch code that runs by itself
archstat graph vgg16 -f torch -o vgg16.py
archstat graph googlenet -f mermaid            a flowchart, stage by stage
archstat graph lenet5 -f dot --by layer | dot -Tsvg > lenet5.svg
archstat graph resnet18 --depth 2              what each block reads and gives
"""

FORMATS = ("torch", "mermaid", "dot", "table", "csv", "tsv", "json", "markdown")
EXTENSIONS = {".py": "torch", ".mmd": "mermaid", ".mermaid": "mermaid", ".dot": "dot", ".gv": "dot"}


@click.command(cls=Command, examples=EXAMPLES)
@click.argument("spec", type=Reference(), metavar="SPEC")
@option("--by", "folding", type=click.Choice(["stage", "layer"]), section=TABLE,
        help="A box for each stage (the default) or each layer; -f torch writes every layer.")  # fmt: skip
@option("--depth", type=Count(48), metavar="N", section=TABLE,
        help="A box for each first N words of the path.")  # fmt: skip
@option("-f", "--format", type=click.Choice(FORMATS), section=OUTPUT, help="table by default.")
@option("-o", "--output", "outputs", multiple=True, metavar="FILE", section=OUTPUT,
        help="Write to a file; .py .mmd .dot and .txt .csv .tsv .json .md name the format. Repeatable.")  # fmt: skip
@common("spec", "run", "transfer", "screen")
def command(given: Given, spec: str, folding: Literal["stage", "layer"] | None) -> int:
    """Write a network as PyTorch code, as a diagram, or as a list of what reads what.

    The code is one file that imports torch and nothing else; its state dict has the layers' paths as keys.
    Writing it needs no torch. The batch, the element type and what is frozen stand in the code alone.
    """
    from archstat.cli.output import send
    from archstat.render import drawing, listing
    from archstat.render.style import Style
    from archstat.report.arrange import check_grouping
    from archstat.report.diagram import diagram
    from archstat.spec import load

    check_grouping(folding, given.depth)
    loaded = load(spec, settings_of(given))

    def write(name: str, style: Style) -> str:
        if name == "torch":
            from archstat.pytorch.source import source

            return source(loaded.graph.select(aux=given.aux))
        depth = given.depth or (None if folding == "layer" else 1)
        drawn = diagram(loaded, depth=depth, aux=given.aux)
        if name in ("mermaid", "dot"):
            return drawing.mermaid(drawn) if name == "mermaid" else drawing.dot(drawn)
        return listing.render(name, drawing.listing(drawn), style)

    send(given, write, extensions=EXTENSIONS)
    return 0
