"""Checked budgets as SARIF 2.1.0, which code scanning shows: a result for each limit that doesn't hold or nearly so."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import msgspec

from archstat import __version__
from archstat.budget.check import Checks
from archstat.errors import Mark
from archstat.render.check import Locate, words
from archstat.render.escape import clean
from archstat.render.style import Style

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"

_LEVELS = {"fail": "error", "warn": "warning", "new": "note"}


def render(name: str, checks: Checks, style: Style, locate: Locate) -> str:
    results = list(_results(checks, locate))
    rules = [{"id": rule} for rule in dict.fromkeys(result["ruleId"] for result in results)]
    driver = {"name": "archstat", "version": __version__, "rules": rules}
    # Places count characters, as Python does; readers may take another unit for granted.
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return msgspec.json.format(msgspec.json.encode(log), indent=2).decode() + "\n"


def _results(checks: Checks, locate: Locate) -> Iterator[dict[str, Any]]:
    for problem in checks.problems:
        mark = getattr(problem.error, "mark", None) or Mark(problem.reference, 1, 1)
        yield _result("spec", "error", problem.error.message, mark, locate)
    for check, outcome in words.worst_first(checks):
        if outcome.verdict != "pass":
            mark = outcome.limit.mark or Mark(check.file, 1, 1)
            lines = [f"{check.reference}: {words.sentence(outcome)}", words.causes(outcome)]
            said = ". ".join(line for line in lines if line)
            rule = f"{outcome.limit.metric}/{outcome.limit.bound}"
            yield _result(rule, _LEVELS[outcome.verdict], said, mark, locate)


def _result(rule: str, level: str, said: str, mark: Mark, locate: Locate) -> dict[str, Any]:
    region = {"startLine": mark.line, "startColumn": mark.column}
    uri = quote(clean(locate(mark.file)))
    place = {"artifactLocation": {"uri": uri}, "region": region}
    return {
        "ruleId": rule,
        "level": level,
        "message": {"text": clean(said)},
        "locations": [{"physicalLocation": place}],
    }
