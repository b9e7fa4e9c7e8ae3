"""Comparisons as CSV or TSV: one table of all, with every layer. A column of a comparison is three here.

``row`` says what a line is: ``layer`` (``stage`` or ``op``), ``total`` or ``problem``.
"""

import csv
import io
from collections.abc import Iterable, Iterator

from archstat.comparison.compare import Comparison
from archstat.comparison.outcome import Outcome
from archstat.comparison.view import view
from archstat.render.comparison import words
from archstat.render.escape import cell
from archstat.render.style import Style
from archstat.report.arrange import Arrangement

_BEFORE = ("old", "new", "row", "mark", "path", "was", "op", "layers")


def render(outcome: Outcome, arrangement: Arrangement, style: Style, delimiter: str = ",") -> str:
    """Return all comparisons as one table with a header line."""
    keys = [total.column.key for one in outcome.comparisons[:1] for total in one.totals]
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    header = [f"{key}_{what}" for key in keys for what in ("old", "new", "change")]
    writer.writerow([*_BEFORE, *header, "differs"])
    for one in outcome.comparisons:
        writer.writerows(_lines(one, arrangement))
    for problem in outcome.problems:
        said = [
            cell(problem.reference),
            "problem",
            *[""] * (5 + len(header)),
            cell(problem.error.message),
        ]
        writer.writerow(["", *said])
    return out.getvalue()


def _lines(one: Comparison, arrangement: Arrangement) -> Iterator[list[str]]:
    both = [cell(side.reference) if side else "" for side in (one.old, one.new)]
    shown = view(one, arrangement)
    for row in shown.rows:
        # A sign would be taken for a formula, so it is a word of its own here, never the beginning of a path.
        before = [
            shown.by,
            _SIGNS[row.mark],
            cell(row.path),
            cell(row.was),
            cell(row.op),
            str(row.count),
        ]
        cells = [n for triple in zip(row.old, row.new, row.changes, strict=True) for n in triple]
        # What is no sum over the layers stands in the total's row alone.
        numbers = [*_numbers(cells), *[""] * (3 * len(one.wholes))]
        yield [*both, *before, *numbers, cell("; ".join(row.notes))]
    count = str(sum(row.count for row in shown.rows))
    totals = [n for t in one.totals for n in (t.old, t.new, t.change)]
    least = [total.column.key for total in one.totals if total.least]
    note = f"at least: {', '.join(least)}" if least else ""
    yield [
        *both,
        "total",
        _SIGNS[words.mark(one)],
        "TOTAL",
        "",
        "",
        count,
        *_numbers(totals),
        note,
    ]


def _numbers(cells: Iterable[int | None]) -> list[str]:
    return ["" if n is None else str(n) for n in cells]


_SIGNS = {"+": "added", "-": "removed", "~": "differs", "=": "same"}
