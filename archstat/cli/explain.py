"""archstat explain: the arithmetic behind a layer's numbers."""

import click

from archstat.cli.command import Command, option
from archstat.cli.options import Given, common
from archstat.cli.refusals import refuse_beside
from archstat.cli.specs import Layer, Reference, settings_of

EXAMPLES = """
archstat explain alexnet conv1
archstat explain resnet50 conv2.bottleneck1
archstat explain vgg16 'fc*'                   a glob
archstat explain net.yaml                      every layer with something to explain
archstat explain resnet50 --against thop       the sum from archstat's MACs to thop's figure
archstat explain resnet50 --against 4.1G       which tools print this, and how
archstat explain resnet --formula macs --in width,resolution
"""


def _tools(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    from archstat.report.accountings import TOOLS

    return [name for name in TOOLS if name.startswith(incomplete)]


@click.command(cls=Command, examples=EXAMPLES)
@click.argument("spec", type=Reference(), metavar="SPEC")
@click.argument("layers", nargs=-1, type=Layer(), metavar="[LAYER...]")
@option("--against", metavar="TOOL|FIGURE", shell_complete=_tools,
        help="How flopcounter, fvcore, torchinfo, thop, ultralytics-thop, ptflops, calflops, torchvision or keras "
        "comes to its figures; 4.1G: which of them print it.")  # fmt: skip
@option(
    "--formula",
    metavar="METRIC",
    help="A number of the network as a polynomial in the variables of --in.",
)
@option("--in", "named", metavar="VAR[,VAR]",
        help="With --formula: variables of the spec, batch or resolution.")  # fmt: skip
@common("spec", "run", "transfer", "format", "units")
def command(
    given: Given,
    spec: str,
    layers: tuple[str, ...],
    against: str | None,
    formula: str | None,
    named: str | None,
) -> int:
    """Write out the arithmetic of layers: shapes, parameters, MACs, FLOPs and memory.

    LAYER is a path as the tables show it, the beginning of one, or a glob. With --against it is the network's total
    that is explained: a sum from archstat's to what another tool prints, by rule, without that tool. With
    --formula it is how a number goes with variables: a polynomial, and the values at which it was tried and is equal.
    """
    exact = {"--units": given.units != "si"}
    if formula is not None or named is not None:
        refuse_beside("--formula", exact)
        return _formula(given, spec, layers, against, formula, named)
    if against is not None:
        refuse_beside("--against", exact)
        return _against(given, spec, layers, against)
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


def _formula(
    given: Given,
    spec: str,
    layers: tuple[str, ...],
    against: str | None,
    metric: str | None,
    named: str | None,
) -> int:
    from archstat.cli.output import send
    from archstat.errors import UsageError
    from archstat.render.formula import render
    from archstat.variants.formula import formula

    if metric is None or named is None:
        raise UsageError("--formula and --in belong together", hint="--formula macs --in width")
    if layers or against is not None:
        raise UsageError("--formula explains the total: it takes no layers and no --against")
    names = [name.strip() for name in named.split(",") if name.strip()]
    found = formula(spec, metric, names, settings=settings_of(given), aux=given.aux)
    send(given, lambda form, style: render(form, found, style))
    return 0


def _against(given: Given, spec: str, layers: tuple[str, ...], against: str) -> int:
    from archstat.cli.output import send
    from archstat.errors import UsageError
    from archstat.render.accounts import render
    from archstat.report.accountings import answer
    from archstat.spec import load

    if layers:
        raise UsageError("--against explains the total, so it takes no layers")
    settings = settings_of(given)
    found = answer(load(spec, settings), against, settings, aux=given.aux)
    send(given, lambda name, style: render(name, found, style))
    return 0
