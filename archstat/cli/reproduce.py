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

    Each spec carries its printed figures with their sources. A figure is reproduced; or it is a slip or
    comes from another accounting, and the derivation that gives it is computed from the graph; or it does not
    reproduce, and the reason is said where it is known. Exit code 1 when a verdict is not the one that the spec
    records, 2 when a spec can't be judged.
    """
    from archstat.cli.output import complain, send
    from archstat.cli.specs import load_each
    from archstat.errors import ArchstatError
    from archstat.render.reproduction import render
    from archstat.report.reproduce import LECTURE, LECTURE_SPECS, reproduce
    from archstat.spec import bundled

    lecture = specs == ("lecture",)
    if lecture:
        specs = tuple(name for name in LECTURE_SPECS if name in bundled())
    asked = specs or bundled()
    found = []
    for spec in load_each(asked, given)[0]:
        try:
            found.append(reproduce(spec, source=LECTURE if lecture else ""))
        except ArchstatError as error:
            complain(error)
    unread = len(asked) - len(found)
    if not specs or lecture:
        found = [r for r in found if r.verdicts]
    send(given, lambda name, style: render(name, found, style, unread))
    if unread:
        return FAILED
    return NOT_AS_RECORDED if any(r.broken for r in found) else 0
