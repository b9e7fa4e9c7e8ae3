"""Checked budgets as JUnit XML, which GitLab, Jenkins and others show: a suite for each spec, a case for each limit."""

from xml.etree.ElementTree import Element, SubElement, indent, tostring

from archstat.budget.check import Check, Checks
from archstat.budget.judge import Outcome
from archstat.render.check import Locate, words
from archstat.render.escape import clean
from archstat.render.style import Style


def render(name: str, checks: Checks, style: Style, locate: Locate) -> str:
    outcomes = len(checks.outcomes)
    failed, broken = checks.count("fail"), len(checks.problems)
    root = Element("testsuites", _counts("archstat check", outcomes + broken, failed, broken))
    for check in checks.checks:
        if check.outcomes:
            _suite(root, check, locate)
    for problem in checks.problems:
        suite = SubElement(root, "testsuite", _counts(problem.reference, 1, 0, 1))
        case = SubElement(suite, "testcase", name="loads", classname=clean(problem.reference))
        said = clean(problem.error.message)
        error = SubElement(case, "error", type=type(problem.error).__name__, message=said)
        error.text = "\n".join(map(clean, str(problem.error).split("\n")))
    indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{tostring(root, encoding="unicode")}\n'


def _suite(root: Element, check: Check, locate: Locate) -> None:
    counts = _counts(check.reference, len(check.outcomes), len(check.failed), 0)
    suite = SubElement(root, "testsuite", counts)
    for outcome in check.outcomes:
        case = SubElement(suite, "testcase", _case(check, outcome, locate))
        said = words.sentence(outcome)
        if outcome.verdict == "fail":
            failure = SubElement(case, "failure", type=outcome.limit.bound, message=said)
            lines = [said, words.causes(outcome), f"set at {clean(outcome.limit.where)}"]
            failure.text = "\n".join(line for line in lines if line)
        elif outcome.verdict == "new":
            SubElement(case, "skipped", message=said)
        elif outcome.verdict == "warn":
            SubElement(case, "system-out").text = f"WARN  {said}"


def _counts(name: str, tests: int, failures: int, errors: int) -> dict[str, str]:
    return {
        "name": clean(name),
        "tests": str(tests),
        "failures": str(failures),
        "errors": str(errors),
    }


def _case(check: Check, outcome: Outcome, locate: Locate) -> dict[str, str]:
    limit = outcome.limit
    found = {
        "name": f"{limit.metric} {limit.bound} {clean(limit.written)}",
        "classname": clean(check.reference),
    }
    if limit.mark:
        found |= {"file": clean(locate(limit.mark.file)), "line": str(limit.mark.line)}
    return found
