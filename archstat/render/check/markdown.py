"""Checked budgets as Markdown, for a pull request's comment or a job's summary.

The first line is a hidden marker, by which a later run finds the comment that it replaces.
"""

from collections.abc import Iterator, Sequence

from archstat.budget.check import Check, Checks
from archstat.budget.judge import Outcome
from archstat.render import markdown
from archstat.render.check import Locate, words
from archstat.render.check.text import fields
from archstat.render.escape import markdown as escaped
from archstat.render.style import Style

MARKER = "<!-- archstat check -->"

LONGEST = 60_000
"""Characters; GitHub takes 65,536 in a comment."""

_CELL = 300
"""Characters of a line about one limit that are shown."""


def render(name: str, checks: Checks, style: Style, locate: Locate) -> str:
    lines, length, left_out = [], 0, 0
    for line in _lines(checks):
        length += len(line) + 1
        if length > LONGEST:
            left_out += 1
        else:
            lines.append(line)
    if left_out:
        lines += ["", f"*{left_out:,} more lines; `archstat check -f json` has them all*"]
        if lines.count("<details>") > lines.count("</details>"):
            lines += ["", "</details>"]
    return "".join(f"{line}\n" for line in lines)


def _lines(checks: Checks) -> Iterator[str]:
    yield MARKER
    yield f"### {words.headline(checks)}: {words.closing(checks)}"
    shown = [pair for pair in words.worst_first(checks) if pair[1].verdict != "pass"]
    passed = [pair for pair in checks.outcomes if pair[1].verdict == "pass"]
    if shown:
        yield ""
        yield from markdown.table(fields(shown))
    yield from _causes(shown)
    if checks.problems:
        yield ""
        for problem in checks.problems:
            mark = getattr(problem.error, "mark", None)
            place = str(mark) if mark else problem.reference
            said = f"{place}: {problem.error.message}"
            yield f"- {escaped(_short(said))}"
    if advice := words.advice(checks):
        yield from ("", f"See where it goes: {_code(advice)}")
    if passed:
        yield from ("", "<details>", f"<summary>{len(passed):,} within budget</summary>", "")
        yield from markdown.table(fields(passed))
        yield from ("", "</details>")
    if said := words.without(checks):
        yield from ("", f"*{escaped(said)}*")


def _causes(pairs: Sequence[tuple[Check, Outcome]]) -> Iterator[str]:
    listed = [
        f"{check.reference}, {words.causes(outcome)}"
        for check, outcome in pairs
        if outcome.verdict == "fail" and outcome.causes
    ]
    if listed:
        yield ""
        yield from (f"- {escaped(_short(line))}" for line in listed)


def _short(text: str) -> str:
    return text if len(text) <= _CELL else f"{text[: _CELL - 1]}…"


def _code(text: str) -> str:
    """Write a command as code; backticks in a name can't end it."""
    return f"`{text.replace('`', '')}`"
