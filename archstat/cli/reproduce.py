"""archstat reproduce: printed figures beside the computed ones."""

import click

from archstat.cli.command import Command
from archstat.cli.options import Given, common
from archstat.cli.specs import FAILED, Reference

EXAMPLES = """
archstat reproduce vgg16                       the papers' and the lecture's figures of one network
archstat reproduce lecture                     the tables of CS231n's lecture on architectures
archstat reproduce                             every figure of every bundled spec
archstat reproduce -f csv -o figures.csv
"""

NOT_AS_RECORDED = 1


@click.command(cls=Command, examples=EXAMPLES)
@click.argument("specs", nargs=-1, type=Reference(), metavar="[SPEC...|lecture]")
@common("format")
def command(given: Given, specs: tuple[str, ...]) -> int:
    """Hold the figures that papers and lectures print against what the graph gives.

    Each spec carries its printed figures with their sources. A figure is reproduced; or it is a slip, and the
    derivation that gives it is computed from the graph; or it does not reproduce, and the reason is said where
    it is known. Exit code 1 when a verdict is not the one that the spec records.
    """
    from archstat.cli.output import send
    from archstat.cli.specs import load_each
    from archstat.render.reproduction import render
    from archstat.report.reproduce import LECTURE, LECTURE_SPECS, reproduce
    from archstat.spec import bundled

    lecture = specs == ("lecture",)
    if lecture:
        specs = tuple(name for name in LECTURE_SPECS if name in bundled())
    loaded, whole = load_each(specs or bundled(), given)
    found = [reproduce(spec, source=LECTURE if lecture else "") for spec in loaded]
    if not specs or lecture:
        found = [r for r in found if r.verdicts]
    send(given, lambda name, style: render(name, found, style))
    if any(r.broken for r in found):
        return NOT_AS_RECORDED
    return 0 if whole else FAILED
