"""A report as comma-separated values, for spreadsheets and data frames.

One table for all reports. ``row`` says what a line is: ``layer``, ``stage``, ``op``, ``spec`` (a summary),
``total``, ``peak``, ``part`` (of the peak before it), ``note``, ``devices``, ``fit`` or ``published``; a printed figure
has columns of its own, at the end. Numbers are exact, in the unit that the header's key says; an unknown one is empty.
What is no layer's stands in ``note``, as ``key: number``; a total says there that it misses an unknown layer.
"""

import csv
import io
from collections.abc import Iterator, Sequence

from archstat.render.escape import cell, shape, shapes
from archstat.render.figures import PLAIN, cells
from archstat.render.style import Style
from archstat.report.report import Cell, Report, Row
from archstat.report.values import plain

_BEFORE = ("spec", "row", "path", "op", "layers", "input", "output", "parameters")


def render(reports: Sequence[Report], style: Style, delimiter: str = ",") -> str:
    """Return the reports as one table with a header line."""
    keys = list(dict.fromkeys(column.key for report in reports for column in report.columns))
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    says = any("saved" in report.labels for report in reports)
    last = PLAIN if any(report.published for report in reports) else ()
    writer.writerow([*_BEFORE, *keys, *(["saved_what"] if says else []), "note", *last])
    for report in reports:
        what = [row.saved for row in report.rows]
        for i, (before, values, note) in enumerate(_lines(report)):
            numbers = [_written(values.get(key)) for key in keys]
            saved = [what[i] if i < len(what) else ""] if says else []
            writer.writerow([*map(cell, before), *numbers, *saved, cell(note), *("" for _ in last)])
        between = len(_BEFORE) - 2 + len(keys) + says + 1
        for line in report.published:
            writer.writerow([cell(report.reference), "published", *[""] * between, *cells(line)])
    return out.getvalue()


def _lines(report: Report) -> Iterator[tuple[tuple[str, ...], dict[str, Cell], str]]:
    keys = [column.key for column in report.columns]
    spec = report.reference
    kind = "spec" if report.kind == "summary" else report.by
    before: tuple[str, ...]
    for row in report.rows:
        name = row.path if report.kind == "summary" else spec
        before = (name, kind, row.path, row.op, str(row.count), *_shapes(row))
        yield before, dict(zip(keys, row.cells, strict=True)), row.said
    if report.totals:
        least = [key for key in report.partial if report.total[key] is not None]
        missing = f"at least: {', '.join(least)}" if least else ""
        count = str(sum(row.count for row in report.rows))
        before = (spec, "total", "TOTAL", "", count, "", "", "")
        yield before, dict(zip(keys, report.totals, strict=True)), missing
    for peak in report.peaks:
        before = (spec, "peak", peak.path, peak.op, "", "", "", "")
        yield before, {}, f"{peak.key}: {peak.nbytes}"
        for what, nbytes in peak.parts:
            yield (spec, "part", *before[2:]), {}, f"{what}: {nbytes}"
    for note in report.notes:
        yield (spec, "note", "", "", "", "", "", ""), {}, note
    for word, key, number in _facts(report):
        yield (spec, word, "", "", "", "", "", ""), {}, f"{key}: {number}"


def _facts(report: Report) -> Iterator[tuple[str, str, int]]:
    """Yield what is no layer's: who shares the work, what goes between them, and how large a batch fits."""
    if report.devices is not None:
        yield "devices", "count", report.devices.count
        if report.devices.batch:
            yield "devices", "batch", report.devices.batch
    for line in report.lines:
        yield "devices", line.key, line.nbytes
    if report.fit is not None:
        for key, number in report.fit.numbers().items():
            if number is not None:
                yield "fit", key, number


def _written(cell: Cell) -> str:
    return "" if cell is None else str(plain(cell))


def _shapes(row: Row) -> tuple[str, str, str]:
    tensors = " ".join(f"{name}={shape(sizes)}" for name, sizes in row.tensors.items())
    return shapes(row.inputs), shape(row.output), tensors
