"""Printed figures beside the computed ones: tables row by row, then figure by figure under each source."""

from collections.abc import Iterator, Sequence
from textwrap import wrap

from archstat.render import listing, markdown
from archstat.render.escape import clean
from archstat.render.escape import markdown as escaped
from archstat.render.grid import draw
from archstat.render.ink import ink
from archstat.render.layout import Field
from archstat.render.style import Style
from archstat.render.table import fit
from archstat.report.published import Verdict
from archstat.report.reproduce import Reproduction, Table, tally
from archstat.units import exact, parse

_COLOURS = {"reproduced": "green", "truncated": "green", "slip": "yellow", "differs": "red"}
_WORDS = {
    "reproduced": "reproduced",
    "truncated": "reproduced, cut off",
    "slip": "a slip",
    "differs": "does not reproduce",
}
_SUMMABLE = (
    "activations", "weights", "params", "macs", "flops", "biases", "activation_bytes", "trainable_params",
)  # fmt: skip


def render(name: str, found: Sequence[Reproduction], style: Style) -> str:
    """Write the reproductions in the format ``name``."""
    if name in ("json", "csv", "tsv"):
        return listing.render(name, _listing(found), style)
    lines = _markdown(found) if name == "markdown" else _text(found, style)
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _listing(found: Sequence[Reproduction]) -> listing.Listing:
    columns = (
        "spec", "table", "row", "quantity", "printed", "computed", "verdict", "holds", "expression",
        "derivation", "derived", "why", "source",
    )  # fmt: skip
    rows = [
        (
            r.reference,
            v.figure.table,
            v.figure.row,
            v.figure.quantity,
            v.figure.printed,
            v.computed,
            v.outcome,
            "yes" if v.holds else "no",
            v.figure.computed,
            v.figure.slip or "",
            v.derived,
            v.figure.why,
            v.figure.source,
        )
        for r in found
        for v in r.verdicts
    ]
    return listing.Listing(kind="reproduce", columns=columns, rows=tuple(rows))


def _text(found: Sequence[Reproduction], style: Style) -> Iterator[str]:
    for reproduction in found:
        yield f"{ink(clean(reproduction.name), 'bold', color=style.color)}  " + ink(
            clean(reproduction.reference), "dim", color=style.color
        )
        yield ""
        for table in reproduction.tables:
            yield ink(clean(table.title), "bold", color=style.color)
            yield ink(clean(table.source), "dim", color=style.color)
            kept, dropped = fit(_table_fields(table), style.width)
            yield from draw(kept, style)
            if dropped:
                yield ink(f"left out to fit: {', '.join(dropped)}", "dim", color=style.color)
            for reason in _cell_reasons(table):
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
    yield from _closing(found, style)


def _figures(verdicts: Sequence[Verdict], style: Style) -> Iterator[str]:
    lines = list(draw(fit(_figure_fields(verdicts), style.width)[0], style))
    head = len(lines) - len(verdicts)
    yield from lines[:head]
    for verdict, line in zip(verdicts, lines[head:], strict=True):
        word = _word(verdict)
        colour = "red" if not verdict.holds else _COLOURS[verdict.outcome]
        yield line.replace(word, ink(word, colour, color=style.color))
        for text in _reasons(verdict):
            width = 10_000 if style.width is None else max(24, style.width - 4)
            yield from ("    " + ink(part, "dim", color=style.color) for part in wrap(text, width))


def _reasons(verdict: Verdict) -> Iterator[str]:
    if verdict.derived:
        yield f"{clean(verdict.figure.slip or '')} = {verdict.derived}"
    if verdict.figure.why:
        yield clean(verdict.figure.why)


def _cell_reasons(table: Table) -> Iterator[str]:
    """Say why the marked cells don't reproduce; rows with the same reason together."""
    found: dict[tuple[str, str], list[str]] = {}
    for row, verdicts in table.rows:
        for verdict in verdicts:
            if verdict is not None and verdict.outcome not in ("reproduced", "truncated"):
                reason = "; ".join(_reasons(verdict)) or _word(verdict)
                found.setdefault((verdict.figure.metric, reason), []).append(clean(row))
    for (metric, reason), rows in found.items():
        yield f"! {', '.join(rows)}, {metric}: {reason}"


def _figure_fields(verdicts: Sequence[Verdict]) -> list[Field]:
    return [
        Field("figure", tuple(clean(v.figure.quantity) for v in verdicts)),
        Field("printed", tuple(clean(v.figure.printed) for v in verdicts), right=True),
        Field("computed", tuple(v.computed for v in verdicts), right=True),
        Field("verdict", tuple(_word(v) for v in verdicts)),
    ]


def _word(verdict: Verdict) -> str:
    word = _WORDS[verdict.outcome]
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
        found.append(Field(f"{metric}, printed", shown, printed, right=True, rank=0))
        found.append(Field("computed", marks, computed, right=True, rank=0))
    return found


def _mark(verdict: Verdict | None) -> str:
    if verdict is None:
        return ""
    return (
        verdict.computed
        if verdict.outcome in ("reproduced", "truncated")
        else f"{verdict.computed} !"
    )


def _totals(metric: str, cells: Sequence[Verdict | None]) -> tuple[str, str]:
    """Add up both columns where a sum means something."""
    if metric not in _SUMMABLE:
        return "", ""
    held = [v for v in cells if v is not None]
    printed = sum(parse(v.figure.printed).value for v in held)
    computed = sum(int(v.computed.replace(",", "")) for v in held)
    return exact(int(printed)), exact(computed)


def _closing(found: Sequence[Reproduction], style: Style) -> Iterator[str]:
    counts = tally(found)
    figures = sum(len(r.verdicts) for r in found)
    specs = "1 spec" if len(found) == 1 else f"{len(found)} specs"
    yield (
        f"{figures} printed figures of {specs}: {counts['reproduced'] + counts['truncated']} reproduced "
        f"({counts['truncated']} cut off, not rounded), {counts['slip']} slips, {counts['differs']} that "
        "do not reproduce"
    )
    if counts["broken"]:
        failed = f"FAIL  {counts['broken']} not as recorded in the spec"
        yield ink(failed, "red", color=style.color)
        for reproduction in found:
            for verdict in reproduction.broken:
                yield f"  {verdict.figure.mark}: {clean(verdict.figure.quantity)} {clean(verdict.figure.printed)}"
    else:
        yield ink("PASS  all as recorded in the specs", "green", color=style.color)


def _markdown(found: Sequence[Reproduction]) -> Iterator[str]:
    for reproduction in found:
        yield f"### {escaped(reproduction.name)}"
        yield ""
        for table in reproduction.tables:
            yield f"**{escaped(table.title)}** ({escaped(table.source)})"
            yield ""
            yield from markdown.table(_table_fields(table))
            yield ""
            for reason in _cell_reasons(table):
                yield escaped(reason)
                yield ""
        for source, verdicts in reproduction.figures:
            yield f"**{escaped(source)}**"
            yield ""
            reasons = tuple("; ".join(_reasons(v)) for v in verdicts)
            yield from markdown.table([*_figure_fields(verdicts), Field("because", reasons)])
            yield ""
    yield from _closing(found, Style())
