"""Checked budgets as annotations in GitHub's diff: workflow commands, one a line."""

from collections.abc import Iterator

from archstat.budget.check import Checks
from archstat.errors import Mark
from archstat.render.annotation import annotation
from archstat.render.check import Locate, words
from archstat.render.style import Style

_KINDS = {"fail": "error", "warn": "warning", "new": "notice"}


def render(name: str, checks: Checks, style: Style, locate: Locate) -> str:
    return "".join(f"{line}\n" for line in _lines(checks, locate))


def _lines(checks: Checks, locate: Locate) -> Iterator[str]:
    for problem in checks.problems:
        mark = getattr(problem.error, "mark", None) or Mark(problem.reference, 1, 1)
        hint = f"\nhint: {problem.error.hint}" if problem.error.hint else ""
        said = problem.error.message + hint
        title = f"{problem.reference} can't be checked"
        yield annotation("error", said, mark, locate=locate, title=title)
    for check, outcome in words.worst_first(checks):
        if outcome.verdict == "pass":
            continue
        # A limit of the command line has no place: the annotation stands at the top of the spec.
        mark = outcome.limit.mark or Mark(check.file, 1, 1)
        lines = [words.sentence(outcome), words.causes(outcome)]
        if not outcome.limit.mark:
            lines.append(f"set by {outcome.limit.where}")
        title = f"{check.reference}: {outcome.limit.metric}"
        said = "\n".join(line for line in lines if line)
        yield annotation(_KINDS[outcome.verdict], said, mark, locate=locate, title=title)
    yield f"{words.headline(checks)}  {words.closing(checks)}"
