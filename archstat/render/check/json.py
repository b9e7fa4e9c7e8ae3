"""Checked budgets for programs: JSON, CSV and TSV. Numbers are exact, a fraction a decimal or ``a/b`` in text."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from archstat.budget.check import Check, Checks
from archstat.budget.judge import Outcome
from archstat.budget.meter import unit_of
from archstat.render.check import Locate
from archstat.render.escape import cell
from archstat.render.json import envelope, transfer
from archstat.render.style import Style
from archstat.report.report import Conditions
from archstat.report.values import Value, plain

CAUSES = 20
"""Layers that a row names at most, the largest first."""

COLUMNS = ("spec", "name", "verdict", "metric", "unit", "bound", "limit", "value", "allowed", "base", "excess",
           "file", "line", "column", "option", "hint")  # fmt: skip


def render(name: str, checks: Checks, style: Style, locate: Locate) -> str:
    if name != "json":
        return _separated(checks, "," if name == "csv" else "\t")
    counts = {word: checks.count(verdict) for verdict, word in _COUNTED}
    about = {
        "summary": {**counts, "specs": len(checks.checks), "unreadable": len(checks.problems)},
        "base": checks.base or None,
        "settings": _settings(checks.conditions),
        "problems": [_problem(p.reference, p.error) for p in checks.problems],
        "without_budget": [check.reference for check in checks.without],
    }
    return envelope("check", "rows", list(_rows(checks)), flat=True, about=about)


_COUNTED = (("fail", "failed"), ("warn", "warned"), ("new", "new"), ("pass", "passed"))


def _settings(given: Conditions) -> dict[str, Any]:
    """Return what was asked of all specs; without an input it is each spec's own."""
    return {
        "input": given.input or None,
        "batch": given.batch,
        "dtype": given.dtype,
        "aux": given.aux,
        "variables": dict(sorted(given.variables.items())),
        **transfer(given),
    }


def _rows(checks: Checks) -> Iterator[dict[str, Any]]:
    for check, outcome in checks.outcomes:
        causes = [{"path": path, "amount": n} for path, n in outcome.causes[:CAUSES]]
        yield {**_row(check, outcome), "unknown": outcome.unknown, "causes": causes}


def _row(check: Check, outcome: Outcome) -> dict[str, Any]:
    limit = outcome.limit
    mark = limit.mark
    return {
        "spec": check.reference,
        "name": check.name,
        "verdict": outcome.verdict,
        "metric": limit.metric,
        "unit": unit_of(limit.metric),
        "bound": limit.bound,
        "limit": limit.written,
        "value": _value(outcome.value),
        "allowed": _value(outcome.allowed),
        "base": _value(outcome.base),
        "excess": _value(outcome.excess),
        "file": mark.file if mark else None,
        "line": mark.line if mark else None,
        "column": mark.column if mark else None,
        "option": limit.option or None,
        "hint": outcome.hint,
    }


def _value(value: Value | None) -> int | str | None:
    return None if value is None else plain(value)


def _problem(reference: str, error: Any) -> dict[str, Any]:
    mark = getattr(error, "mark", None)
    return {
        "spec": reference,
        "file": mark.file if mark else None,
        "line": mark.line if mark else None,
        "column": mark.column if mark else None,
        "message": error.message,
        "hint": error.hint or "",
    }


def _separated(checks: Checks, delimiter: str) -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerow(COLUMNS)
    for check, outcome in checks.outcomes:
        row = _row(check, outcome)
        values = (row[key] for key in COLUMNS)
        writer.writerow([cell(v) if isinstance(v, str) else "" if v is None else v for v in values])
    return out.getvalue()
