"""Where text goes: standard output or files, in which format, and what the screen can show."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import click

from archstat.cli.command import columns
from archstat.cli.options import Given
from archstat.errors import ArchstatError, UsageError
from archstat.render.escape import clean_lines
from archstat.render.formats import MACHINE, render
from archstat.render.style import Style

if TYPE_CHECKING:
    from archstat.report.report import Report

Detail = Literal["people", "everything"]
Build = Callable[[Detail], "Sequence[Report]"]


def emit(given: Given, build: Build) -> None:
    """Build reports and write them in every format that was asked for.

    ``build`` is called once for people and once for machines, at most.
    """
    built: dict[Detail, Sequence[Report]] = {}

    def write(name: str, style: Style) -> str:
        detail: Detail = "everything" if name in MACHINE or given.everything else "people"
        if detail not in built:
            built[detail] = build(detail)
        if given.strict:
            refuse_unknown(built[detail])
        return render(name, built[detail], style)

    send(given, write)


def send(
    given: Given, write: Callable[[str, Style], str], extensions: Mapping[str, str] = {}
) -> None:
    """Write text to standard output or to files; ``write`` gives it in a named format.

    ``extensions`` name the formats that only this command has.
    """
    if not given.outputs:
        show(write(given.format or "table", screen(given)), given)
        return
    from archstat.cli.files import format_of, write_whole

    targets = [(file, format_of(file, given.format, extensions)) for file in given.outputs]
    texts = {name: write(name, Style(system=given.units, plain=given.plain)) for _, name in targets}
    for file, name in targets:
        if file == "-":
            show(texts[name], given)
        else:
            write_whole(file, texts[name])
            say(f"wrote {file}", given)


def send_text(given: Given, text: str) -> None:
    """Write text that has one form only: to standard output or to files."""
    for file in given.outputs or ("-",):
        if file == "-":
            show(text, given)
        else:
            from archstat.cli.files import write_whole

            write_whole(file, text)
            say(f"wrote {file}", given)


def say(text: str, given: Given) -> None:
    """Write a note to standard error, unless --quiet."""
    if not given.quiet:
        click.echo(text, file=sys.stderr)


def show(text: str, given: Given) -> None:
    """Write to standard output."""
    if given.plain:
        text = text.encode("ascii", "replace").decode()
    click.echo(text, file=sys.stdout, nl=False, color=True)


def complain(error: ArchstatError) -> None:
    """Write an error to standard error, with nothing in it that a terminal would obey."""
    said = clean_lines(str(error))
    first = said.partition("\n")[0]
    click.echo(said if "error: " in first else f"error: {said}", file=sys.stderr)


def refuse_unknown(reports: "Sequence[Report]") -> None:
    """Raise a UsageError if a total misses a layer."""
    for report in reports:
        if report.partial:
            keys = [column.key for column in report.columns]
            at = keys.index(report.partial[0])
            rows = [row.path for row in report.rows if row.cells[at] is None]
            raise UsageError(
                f"{report.name}: {report.partial[0]} of {', '.join(rows[:3])} is unknown",
                hint="without --strict the total reads 'at least'",
            )


def screen(given: Given) -> Style:
    """Find out what standard output can show."""
    terminal = sys.stdout.isatty()
    dumb = os.environ.get("TERM") in ("dumb", "unknown")
    utf8 = (sys.stdout.encoding or "").lower().replace("-", "").replace("_", "").startswith("utf")
    return Style(
        width=columns(),
        color=_wants_color(given, terminal=terminal and not dumb),
        unicode=utf8 and not given.plain,
        bars=terminal and not dumb and not given.plain,
        plain=given.plain,
        system=given.units,
    )


def _wants_color(given: Given, *, terminal: bool) -> bool:
    """--color, then NO_COLOR, then FORCE_COLOR, then whether it is a terminal. --plain has none."""
    if given.plain or given.color != "auto":
        return given.color == "always" and not given.plain
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") != "0":
        return True
    return terminal
