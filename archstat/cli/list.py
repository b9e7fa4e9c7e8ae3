"""archstat list: the bundled networks."""

import click

from archstat.cli.command import Command
from archstat.cli.options import Given, common

EXAMPLES = """
archstat list
archstat list resnet                           those with this in their name
archstat list -f json
"""


@click.command(cls=Command, examples=EXAMPLES)
@click.argument("words", nargs=-1, metavar="[WORD...]")
@common("format")
def command(given: Given, words: tuple[str, ...]) -> int:
    """List the networks that ship with archstat; every command takes their names."""
    from archstat.cli.output import send
    from archstat.errors import UsageError
    from archstat.render.listing import Listing, render
    from archstat.spec import bundled, describe

    wanted = [word.lower() for word in words]
    rows = [
        (name, title, about)
        for name in bundled()
        for title, about in [describe(name)]
        if all(word in f"{name} {title} {about}".lower() for word in wanted)
    ]
    if not rows:
        raise UsageError(f"no bundled network has '{' '.join(words)}' in its name")
    columns = ("spec", "name", "about")
    listing = Listing(kind="list", columns=columns, rows=tuple(rows), flat=True)
    send(given, lambda name, style: render(name, listing, style))
    return 0
