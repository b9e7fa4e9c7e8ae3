"""archstat lint: check specs."""

from typing import TYPE_CHECKING

import click

from archstat.cli.command import Command, option
from archstat.cli.options import Given, common
from archstat.cli.specs import FAILED, Reference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archstat.errors import ArchstatError
    from archstat.graph import Graph
    from archstat.render.style import Style
    from archstat.spec.lint import Finding

EXAMPLES = """
archstat lint net.yaml
archstat lint configs/*.yaml --strict          warnings fail too: for CI and pre-commit
"""

FOUND = 1
Row = tuple[str, int | None, int | None, str, str, str]


@click.command(cls=Command, examples=EXAMPLES)
@click.argument("specs", nargs=-1, required=True, type=Reference(), metavar="FILE...")
@option("--strict", is_flag=True, help="Exit with 1 on warnings.")
@common("format")
def command(given: Given, specs: tuple[str, ...]) -> int:
    """Check that specs hold, and remark on what is probably not meant.

    The exit code is 2 where a spec doesn't hold; warnings alone give 0, or 1 with --strict.
    """
    from archstat.cli.output import send
    from archstat.errors import ArchstatError
    from archstat.render.escape import clean_lines
    from archstat.render.listing import Listing, render
    from archstat.spec.lint import lint

    texts: list[str] = []
    rows: list[Row] = []
    for spec in specs:
        try:
            findings = lint(spec, _destroyed)
        except ArchstatError as error:
            texts.append(str(error) if "error: " in str(error) else f"error: {error}")
            rows.append(_error_row(spec, error))
        else:
            texts += map(str, findings)
            rows += map(_row, findings)
    errors = sum(row[3] == "error" for row in rows)
    texts.append(_verdict(len(specs), errors, len(rows) - errors))
    columns = ("file", "line", "column", "severity", "message", "hint")
    listing = Listing(kind="lint", columns=columns, rows=tuple(rows))

    def write(name: str, style: "Style") -> str:
        if name == "table":
            return "".join(f"{clean_lines(text)}\n" for text in texts)
        return render(name, listing, style)

    send(given, write)
    if errors:
        return FAILED
    return FOUND if rows and given.strict else 0


def _destroyed(graph: "Graph") -> "Iterator[Finding]":
    """Remark on layers in place for which PyTorch refuses to train the network."""
    from archstat.ops.tape import Mode
    from archstat.passes.overwritten import overwritten, reason
    from archstat.spec.lint import Finding

    seen = set()
    for found in overwritten(graph, Mode()):
        mark = graph.nodes[found.by].mark
        if mark is None or (mark.line, mark.column) in seen:
            continue
        seen.add((mark.line, mark.column))
        said = f"PyTorch refuses to train it: {reason(graph, found)}"
        yield Finding(mark, said, "'inplace: false' keeps both")


def _row(finding: "Finding") -> Row:
    mark = finding.mark
    return mark.file, mark.line, mark.column, "warning", finding.message, finding.hint


def _error_row(spec: str, error: "ArchstatError") -> Row:
    mark = getattr(error, "mark", None)
    place = (mark.file, mark.line, mark.column) if mark else (spec, None, None)
    return *place, "error", error.message, error.hint or ""


def _verdict(specs: int, errors: int, warnings: int) -> str:
    def some(n: int, noun: str) -> str:
        return f"{n} {noun}" if n == 1 else f"{n} {noun}s"

    if not errors and not warnings:
        return f"{some(specs, 'spec')}, nothing to remark"
    return f"{some(specs, 'spec')}: {some(errors, 'error')}, {some(warnings, 'warning')}"
