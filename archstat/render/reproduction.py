"""Printed figures beside the computed ones: tables row by row, then figure by figure under each source."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from textwrap import wrap
from typing import Any

from msgspec.structs import replace

from archstat.render import markdown
from archstat.render.escape import cell, clean
from archstat.render.escape import markdown as escaped
from archstat.render.figures import COLOURS, PLAIN, WORDS, cells, read_as, reasons
from archstat.render.grid import draw, line_width
from archstat.render.ink import ink
from archstat.render.json import envelope, published
from archstat.render.layout import Field
from archstat.render.style import Style
from archstat.render.table import fit
from archstat.report.published import Verdict
from archstat.report.reproduce import Reproduction, Table, tally
from archstat.report.values import written
from archstat.units import parse

_AGREE = ("reproduced", "truncated")
_SUMMABLE = (
    "activations", "weights", "params", "macs", "flops", "biases", "activation_bytes", "trainable_params",
)  # fmt: skip


def render(name: str, found: Sequence[Reproduction], style: Style, unread: int = 0) -> str:
    """Write the reproductions in the format ``name``; ``unread`` counts the specs that couldn't be judged."""
    if name == "json":
        return envelope("reproduce", "rows", list(_items(found)), flat=True)
    if name in ("csv", "tsv"):
        return _separated(found, "," if name == "csv" else "\t")
    lines = _markdown(found, unread) if name == "markdown" else _text(found, style, unread)
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _items(found: Sequence[Reproduction]) -> Iterator[dict[str, Any]]:
    for reproduction in found:
        for verdict in reproduction.verdicts:
            figure = verdict.figure
            yield {
                "spec": reproduction.reference,
                "table": figure.table,
                "row": figure.row,
                "holds": verdict.holds,
                "expression": figure.computed,
                **published(verdict.line),
            }


def _separated(found: Sequence[Reproduction], delimiter: str) -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerow(["spec", "table", "row", "holds", "expression", *PLAIN])
    for reproduction in found:
        for verdict in reproduction.verdicts:
            figure = verdict.figure
            holds = "yes" if verdict.holds else "no"
            texts = (reproduction.reference, figure.table, figure.row, holds, figure.computed)
            writer.writerow([*map(cell, texts), *cells(verdict.line)])
    return out.getvalue()


def _text(found: Sequence[Reproduction], style: Style, unread: int) -> Iterator[str]:
    for reproduction in found:
        yield f"{ink(clean(reproduction.name), 'bold', color=style.color)}  " + ink(
            clean(reproduction.reference), "dim", color=style.color
        )
        yield ""
        for table in reproduction.tables:
            yield ink(clean(table.title), "bold", color=style.color)
            yield ink(clean(table.source), "dim", color=style.color)
            for i, block in enumerate(_blocks(_table_fields(table), style.width)):
                if i:
                    yield ""
                yield from draw(block, style)
            for reason in _below(table):
                width = 10_000 if style.width is None else max(24, style.width)
                yield from (
                    ink(part, "dim", color=style.color)
                    for part in wrap(reason, width, subsequent_indent="  ")
                )
            yield ""
        for source, verdicts in reproduction.figures:
            yield ink(clean(source), "dim", color=style.color)
            yield from _figures(verdicts, style)
            yield ""
        if not reproduction.verdicts:
            yield ink("no printed figures", "dim", color=style.color)
            yield ""
    yield from _closing(found, style, unread)


def _figures(verdicts: Sequence[Verdict], style: Style) -> Iterator[str]:
    lines = list(draw(fit(_figure_fields(verdicts), style.width)[0], style))
    head = len(lines) - len(verdicts)
    yield from lines[:head]
    for verdict, line in zip(verdicts, lines[head:], strict=True):
        word = _word(verdict)
        colour = "red" if not verdict.holds else COLOURS[verdict.outcome]
        yield line.replace(word, ink(word, colour, color=style.color))
        for text in reasons(verdict.line):
            width = 10_000 if style.width is None else max(24, style.width - 4)
            yield from ("    " + ink(part, "dim", color=style.color) for part in wrap(text, width))


def _below(table: Table) -> Iterator[str]:
    """Say what is read as another suffix and why the marked cells don't agree; rows with one reason together."""
    suffixes: dict[str, None] = {}
    found: dict[tuple[str, str], list[str]] = {}
    for row, verdicts in table.rows:
        for verdict in verdicts:
            if verdict is None:
                continue
            line = verdict.line
            if line.read_as:
                suffixes[f"{line.quantity}: {read_as(line)}"] = None
            if verdict.outcome not in _AGREE:
                said = replace(line, read_as="")
                reason = "; ".join([WORDS[line.verdict], *reasons(said)])
                found.setdefault((line.quantity, reason), []).append(clean(row))
    yield from suffixes
    for (metric, reason), rows in found.items():
        yield f"! {', '.join(rows)}, {metric}: {reason}"


def _figure_fields(verdicts: Sequence[Verdict]) -> list[Field]:
    return [
        Field("figure", tuple(clean(v.figure.quantity) for v in verdicts)),
        Field("printed", tuple(clean(v.figure.printed) for v in verdicts), right=True),
        Field("computed", tuple(written(v.computed) for v in verdicts), right=True),
        Field("verdict", tuple(_word(v) for v in verdicts)),
    ]


def _word(verdict: Verdict) -> str:
    word = WORDS[verdict.outcome]
    return word if verdict.holds else f"{word}: NOT AS RECORDED ({verdict.figure.verdict})"


def _table_fields(table: Table) -> list[Field]:
    """Lay a printed table out: for each column what is printed and what the graph gives."""
    sums = any(metric in _SUMMABLE for metric in table.metrics)
    found = [Field("row", tuple(clean(row) for row, _ in table.rows), "TOTAL" if sums else "")]
    for i, metric in enumerate(table.metrics):
        cells = [verdicts[i] for _, verdicts in table.rows]
        printed, computed = _totals(metric, cells)
        shown = tuple(clean(v.figure.printed) if v else "" for v in cells)
        marks = tuple(_mark(v) for v in cells)
        found.append(Field(f"{metric}, printed", shown, printed, right=True))
        found.append(Field("computed", marks, computed, right=True))
    return found


def _blocks(found: Sequence[Field], limit: int | None) -> Iterator[list[Field]]:
    """Yield the table, or the rows with as many of its metrics as a line has room for, one block under the other."""
    names, *others = found
    block: list[Field] = []
    for at in range(0, len(others), 2):
        pair = others[at : at + 2]
        if block and limit is not None and line_width([names, *block, *pair]) > limit:
            yield [_footed(names, block), *block]
            block = []
        block += pair
    yield [_footed(names, block), *block]


def _footed(names: Field, block: Sequence[Field]) -> Field:
    return names if any(field.footer for field in block) else replace(names, footer="")


def _mark(verdict: Verdict | None) -> str:
    if verdict is None:
        return ""
    return written(verdict.computed) + ("" if verdict.outcome in _AGREE else " !")


def _totals(metric: str, cells: Sequence[Verdict | None]) -> tuple[str, str]:
    """Add up both columns where a sum means something."""
    if metric not in _SUMMABLE:
        return "", ""
    held = [v for v in cells if v is not None]
    printed = sum((parse(v.figure.meant).value for v in held), Fraction())
    computed = sum(v.computed for v in held if not isinstance(v.computed, tuple))
    return written(printed), written(computed)


def _closing(found: Sequence[Reproduction], style: Style, unread: int) -> Iterator[str]:
    """Count the verdicts, and say PASS only if there are some, all hold, and no spec was left out."""
    counts = tally(found)
    figures = sum(len(r.verdicts) for r in found)
    specs = "1 spec" if len(found) == 1 else f"{len(found)} specs"
    if figures:
        said = "1 printed figure" if figures == 1 else f"{figures} printed figures"
        yield f"{said} of {specs}: {', '.join(_counted(counts))}"
    elif found:
        yield f"no printed figures in {specs}, nothing to hold"
    broken = counts["broken"]
    failures = [f"{broken} not as recorded in the spec"] if broken else []
    if unread:
        failures.append(f"{unread} spec{'' if unread == 1 else 's'} could not be read")
    if failures:
        yield ink(f"FAIL  {'; '.join(failures)}", "red", color=style.color)
        for reproduction in found:
            for verdict in reproduction.broken:
                figure = verdict.figure
                yield f"  {figure.mark}: {clean(figure.quantity)} {clean(figure.printed)}"
    elif figures:
        yield ink("PASS  all as recorded in the specs", "green", color=style.color)


def _counted(counts: Mapping[str, int]) -> Iterator[str]:
    if good := counts["reproduced"] + counts["truncated"]:
        cut = f" ({counts['truncated']} cut off, not rounded)" if counts["truncated"] else ""
        yield f"{good} reproduced{cut}"
    if counts["accounting"]:
        yield f"{counts['accounting']} in another accounting"
    if slips := counts["slip"]:
        yield "1 slip" if slips == 1 else f"{slips} slips"
    if differ := counts["differs"]:
        yield f"{differ} that {'does' if differ == 1 else 'do'} not reproduce"


def _markdown(found: Sequence[Reproduction], unread: int) -> Iterator[str]:
    for reproduction in found:
        yield f"### {escaped(reproduction.name)}"
        yield ""
        for table in reproduction.tables:
            yield f"**{escaped(table.title)}** ({escaped(table.source)})"
            yield ""
            yield from markdown.table(_table_fields(table))
            yield ""
            for reason in _below(table):
                yield escaped(reason)
                yield ""
        for source, verdicts in reproduction.figures:
            yield f"**{escaped(source)}**"
            yield ""
            because = tuple("; ".join(reasons(v.line)) for v in verdicts)
            yield from markdown.table([*_figure_fields(verdicts), Field("because", because)])
            yield ""
    yield from _closing(found, Style(), unread)
