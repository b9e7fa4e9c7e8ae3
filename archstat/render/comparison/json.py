"""Comparisons as JSON, with every layer: exact integers in base units, ``null`` for the unknown.

    {"format_version": "1.0", "kind": "compare", "tool": {...}, "base": "origin/main",
     "problems": [{"reference": "broken.yaml", "message": "...", "file": "broken.yaml", "line": 3, "column": 5}],
     "comparisons": [{
       "mark": "~",
       "old": {"reference": "inception_naive", "name": "...", "settings": {...}, "output": [672, 28, 28],
               "receptive_field": [5, 5], "depth": 1},
       "new": {...},
       "columns": [{"key": "macs", "unit": "MAC", "about": "...", "estimate": false}, ...],
       "totals": {"macs": {"old": 854196224, "new": 271351808, "change": -582844416}, ...},
       "incomplete": [],
       "rows": [{"mark": "~", "path": "5x5.conv", "was": "5x5.conv", "op": "conv", "layers": 1,
                 "macs": {"old": 481689600, "new": 120422400, "change": -361267200}, ...,
                 "differs": ["input 256x28x28 -> 64x28x28"]}, ...],
       "published": [{"reference": "inception_naive", "quantity": "macs", "printed": "854M", ...}]}]}

The changes of ``rows`` add up to those of ``totals``, where those are sums over layers: a peak of memory stands in
``totals`` alone. ``incomplete`` names the totals that miss an unknown layer. A side that isn't there is ``null``.
"""

from collections.abc import Sequence
from typing import Any

from archstat.comparison.changes import Change
from archstat.comparison.compare import Comparison
from archstat.comparison.outcome import Outcome, Problem
from archstat.comparison.side import Side
from archstat.comparison.view import view
from archstat.render.comparison import words
from archstat.render.json import envelope, published, transfer
from archstat.render.style import Style
from archstat.report.arrange import Arrangement

KIND = "compare"


def render(outcome: Outcome, arrangement: Arrangement, style: Style) -> str:
    """Return the comparisons in one envelope."""
    about = {"base": outcome.base, "problems": [_problem(one) for one in outcome.problems]}
    items = [_comparison(one, arrangement) for one in outcome.comparisons]
    return envelope(KIND, "comparisons", items, about=about)


def _comparison(one: Comparison, arrangement: Arrangement) -> dict[str, Any]:
    keys = [column.key for column in one.columns]
    return {
        "mark": words.mark(one),
        "old": _side(one.old),
        "new": _side(one.new),
        "columns": [
            {"key": c.key, "unit": c.unit, "about": c.about, "estimate": c.estimate}
            for c in (total.column for total in one.totals)
        ],
        "totals": {t.column.key: _cell(t.old, t.new, t.change) for t in one.totals},
        "incomplete": [total.column.key for total in one.totals if total.least],
        "rows": [_row(keys, row) for row in view(one, arrangement).rows],
        "published": [
            {
                "side": "old" if side is one.old else "new",
                "reference": side.reference,
                **published(line),
            }
            for side, line in one.published
        ],
    }


def _side(side: Side | None) -> dict[str, Any] | None:
    if side is None:
        return None
    given = side.conditions
    return {
        "reference": side.reference,
        "name": side.name,
        "settings": {
            "input": given.input,
            "batch": given.batch,
            "dtype": given.dtype,
            "aux": given.aux,
            "variables": dict(sorted(given.variables.items())),
            **transfer(given),
        },
        "output": side.output,
        "receptive_field": side.field,
        "depth": side.depth,
    }


def _row(keys: Sequence[str], row: Change) -> dict[str, Any]:
    cells = zip(keys, row.old, row.new, row.changes, strict=True)
    return {
        "mark": row.mark,
        "path": row.path,
        "was": row.was or (row.path if row.mark != "+" else ""),
        "op": row.op,
        "layers": row.count,
        **{key: _cell(old, new, change) for key, old, new, change in cells},
        "differs": row.notes,
    }


def _cell(old: int | None, new: int | None, change: int | None) -> dict[str, int | None]:
    return {"old": old, "new": new, "change": change}


def _problem(problem: Problem) -> dict[str, Any]:
    mark = getattr(problem.error, "mark", None)
    return {
        "reference": problem.reference,
        "message": problem.error.message,
        "file": mark.file if mark else None,
        "line": mark.line if mark else None,
        "column": mark.column if mark else None,
    }
