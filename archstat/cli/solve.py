"""archstat solve: the largest value of a setting that keeps to a limit."""

import click

from archstat.cli.command import Command, option
from archstat.cli.options import NETWORK, Given, common
from archstat.cli.specs import Reference, settings_of

EXAMPLES = """
archstat solve resnet --vary width --max macs=2G
archstat solve resnet50 --vary batch --max training_peak_bytes=24GiB
archstat solve mobilenet_v1 --vary resolution --max macs=300M
archstat solve mobilenet_v1 --vary width=0.1:1.5:0.05 --max params=3M --max macs=300M
archstat solve resnet --set depth=101 --vary width=8:512:8 --max params=26M -f json
"""


@click.command(cls=Command, examples=EXAMPLES)
@click.argument("spec", type=Reference(), metavar="SPEC")
@option("--vary", required=True, metavar="NAME[=VALUES]", section=NETWORK,
        help="A variable, batch or resolution: whole numbers from 1, or the values of first:last:step.")  # fmt: skip
@option("--max", "limits", multiple=True, metavar="METRIC=LIMIT",
        help="The most that may be: params=26M, macs=300M, training_peak_bytes=24GiB. Repeatable.")  # fmt: skip
@common("spec", "run", "transfer", "format")
def command(given: Given, spec: str, vary: str, limits: tuple[str, ...]) -> int:
    """Find the largest width, batch, resolution or other setting that keeps to limits, and what limits it.

    Values that give no network are passed over. The search doubles and halves, then tries the values above the answer,
    since a number need not grow with a setting everywhere.

    Exit code 1 where no value fits.
    """
    from archstat.cli.output import send
    from archstat.render.solution import render
    from archstat.variants.axes import read_axis
    from archstat.variants.solve import read_limit, solve

    name, equals, values = vary.partition("=")
    found = solve(
        spec,
        name.strip(),
        [read_limit(text) for text in limits],
        among=read_axis(name.strip(), values) if equals else None,
        settings=settings_of(given),
        aux=given.aux,
    )
    send(given, lambda form, style: render(form, found, style))
    return 0
