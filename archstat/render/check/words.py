"""What is said of one limit, in the words that all formats share."""

import shlex
from collections.abc import Iterator
from fractions import Fraction

from archstat.budget.check import Check, Checks
from archstat.budget.judge import Outcome
from archstat.budget.meter import unit_of
from archstat.render.escape import clean
from archstat.render.layout import conditions
from archstat.report.report import Conditions
from archstat.report.values import written
from archstat.units import percent

WORDS = {"fail": "FAIL", "warn": "WARN", "new": "NEW", "pass": "PASS"}
"""Worst first."""

COLOURS = {"fail": "red", "warn": "yellow", "new": "cyan", "pass": "green"}

CAUSES = 3
"""Layers named below a failure."""

_SIGNS = {"max": ("<=", ">"), "min": (">=", "<"), "exact": ("=", "!="), "max_change": ("<=", ">")}

_TABLES = {
    "params": "params", "weights": "params --no-bias", "biases": "params --no-bias", "buffers": "params",
    "trainable_params": "params --trainable", "param_bytes": "params", "buffer_bytes": "params", "macs": "flops",
    "backward_macs": "flops --backward", "flops": "flops --count flops", "saved_bytes": "memory --backward",
    "forward_backward_bytes": "memory --backward", "inference_peak_bytes": "memory --peak",
    "training_peak_bytes": "memory --peak", "gradient_bytes": "memory --optimizer sgd",
    "momentum_bytes": "memory --optimizer momentum", "momentum_peak_bytes": "memory --optimizer momentum",
    "adam_bytes": "memory --optimizer adam", "adam_peak_bytes": "memory --optimizer adam",
    "output": "shapes", "depth": "shapes",
}  # fmt: skip
"""Where each metric's table is; memory for the others."""


def value(outcome: Outcome) -> str:
    """Return the number that was held to the limit, ``?`` if it is unknown."""
    return "?" if outcome.value is None else written(outcome.value)


def limit(outcome: Outcome) -> str:
    """Return the limit as it was written, behind what it means: ``> max 120M``."""
    given = outcome.limit
    shown = clean(given.written)
    if given.bound == "max_change":
        sign = "" if shown.startswith(("+", "-")) else "+"
        of = "no base" if outcome.base is None else f"base {written(outcome.base)}"
        said = f"{of} {sign}{shown}"
    else:
        said = f"{given.bound} {shown}"
    if outcome.value is None or outcome.verdict == "new":
        return said
    return f"{_SIGNS[given.bound][outcome.verdict == 'fail']} {said}"


def room(outcome: Outcome) -> str:
    """Say how far a number is beyond its limit, or how much of it is used."""
    if outcome.verdict == "new":
        return "not in the base"
    if outcome.value is None:
        return f"unknown: {_names(outcome.unknown)}" if outcome.unknown else "unknown"
    if outcome.verdict != "fail":
        return change(outcome) or (
            f"{_percent(outcome.share)} used" if outcome.share is not None else ""
        )
    if outcome.excess is None:
        return clean(outcome.hint)
    by = {"min": "short by", "exact": "off by"}.get(outcome.limit.bound, "over by")
    share = _of_allowed(outcome)
    hint = f"; {clean(outcome.hint)}" if outcome.hint else ""
    size = outcome.excess if outcome.excess > 0 else -outcome.excess
    return f"{by} {written(size)}{share}{hint}"


def change(outcome: Outcome) -> str:
    """Say what a number changed by: ``+1,024 (+0.3%)``; nothing where there is no base."""
    if not isinstance(outcome.base, int) or not isinstance(outcome.value, int):
        return ""
    by = outcome.value - outcome.base
    sign = "+" if by > 0 else "-" if by else ""
    share = f" ({sign}{percent(abs(by), outcome.base)})" if by and outcome.base else ""
    return f"{sign}{abs(by):,}{share}" if by else "no change"


def sentence(outcome: Outcome) -> str:
    """Say it all on one line: ``macs 128,049,152 > max 120M, over by 8,049,152 (6.7%)``."""
    said = f"{outcome.limit.metric} {value(outcome)} {limit(outcome)}"
    more = room(outcome)
    return f"{said}, {more}" if more else said


def causes(outcome: Outcome) -> str:
    """Name the largest layers behind a number, or what changed most, and the rest in a word."""
    if not outcome.causes:
        return ""
    metric = outcome.limit.metric
    changed = outcome.limit.bound == "max_change"
    shown = CAUSES if len(outcome.causes) > CAUSES + 1 else CAUSES + 1
    named = [_cause(path, n, outcome, changed) for path, n in outcome.causes[:shown]]
    rest = outcome.causes[shown:]
    if rest:
        named.append(_cause(f"[{len(rest):,} others]", sum(n for _, n in rest), outcome, changed))
    what = f"what adds {metric}" if changed else f"largest {unit_word(metric)}"
    return f"{what}: {', '.join(named)}"


def unit_word(metric: str) -> str:
    """Name what a metric counts: the metric itself, or bytes."""
    return "bytes" if unit_of(metric) == "bytes" else metric


def closing(checks: Checks) -> str:
    """Count the verdicts: ``1 failed, 2 passed: 2 specs``."""
    counts = [
        f"{n} {word}"
        for verdict, word in (("fail", "failed"), ("warn", "near the limit"), ("new", "new"), ("pass", "passed"))
        if (n := checks.count(verdict))
    ]  # fmt: skip
    specs = len(checks.checks)
    said = f"{', '.join(counts) or 'nothing checked'}: {specs} spec{'' if specs == 1 else 's'}"
    if checks.conditions != Conditions():
        said += f", at {conditions(checks.conditions)}"
    if checks.problems:
        said += f", and {len(checks.problems)} that could not be checked"
    return said


def headline(checks: Checks) -> str:
    """Return FAIL or PASS for everything together."""
    return "FAIL" if checks.count("fail") or checks.problems else "PASS"


def advice(checks: Checks) -> str:
    """Say which command shows more of the first failure; nothing where there is none."""
    for check, outcome in checks.outcomes:
        if outcome.verdict == "fail":
            spec = shlex.quote(clean(check.reference))
            table, *options = _TABLES.get(outcome.limit.metric, "memory").split()
            return " ".join(["archstat", table, spec, *options])
    return ""


def without(checks: Checks) -> str:
    """Name the specs that nothing limits."""
    names = [check.reference for check in checks.without]
    return f"no budget: {_names(tuple(names))}" if names else ""


def worst_first(checks: Checks) -> Iterator[tuple[Check, Outcome]]:
    """Yield the outcomes, failures first, else in the order of the specs."""
    ranks = list(WORDS)
    yield from sorted(checks.outcomes, key=lambda pair: ranks.index(pair[1].verdict))


def _cause(path: str, n: int, outcome: Outcome, changed: bool) -> str:
    total = outcome.value if isinstance(outcome.value, int) else 0
    share = f" ({percent(n, total)})" if total and not changed else ""
    return f"{clean(path)} {'+' if changed else ''}{n:,}{share}"


def _of_allowed(outcome: Outcome) -> str:
    if isinstance(outcome.allowed, tuple) or not outcome.allowed or outcome.excess is None:
        return ""
    return f" ({_percent(abs(Fraction(outcome.excess)) / outcome.allowed)})"


def _percent(share: Fraction) -> str:
    return percent(share.numerator, share.denominator)


def _names(paths: tuple[str, ...], most: int = 3) -> str:
    more = f" and {len(paths) - most} more" if len(paths) > most else ""
    return ", ".join(map(clean, paths[:most])) + more
