"""Networks held to their budgets."""

import os
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from functools import partial

import msgspec

from archstat.budget.base import Base, Built
from archstat.budget.judge import Outcome, judge
from archstat.budget.meter import Meter
from archstat.errors import ArchstatError, SpecError, UsageError
from archstat.report.architecture import Architecture, load
from archstat.report.report import Conditions
from archstat.spec.limits import BOUNDS, merged, parse_limit, parse_percent, usual_bound
from archstat.spec.model import Bound, Limit

Given = str | int | tuple[int, ...]
Budget = Mapping[str, "Given | Mapping[str, Given]"]
"""Metric -> its limit, or bound -> limit: ``{"params": "26M", "macs": {"max": "4.1G", "max_change": "+2%"}}``."""


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One network and its limits, each judged. ``reference`` is what the user asked for, ``file`` what was read."""

    reference: str
    name: str
    file: str
    outcomes: tuple[Outcome, ...]

    @property
    def passed(self) -> bool:
        """Whether no limit failed."""
        return not self.failed

    @property
    def failed(self) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.outcomes if outcome.verdict == "fail")


class Problem(msgspec.Struct, frozen=True):
    """A spec that couldn't be checked, and why."""

    reference: str
    error: ArchstatError


class Checks(msgspec.Struct, frozen=True, kw_only=True):
    """What came of checking several specs, under ``conditions``. ``base`` names what changes were held against."""

    checks: tuple[Check, ...]
    problems: tuple[Problem, ...] = ()
    base: str = ""
    conditions: Conditions = Conditions()

    @property
    def outcomes(self) -> tuple[tuple[Check, Outcome], ...]:
        return tuple((check, outcome) for check in self.checks for outcome in check.outcomes)

    @property
    def without(self) -> tuple[Check, ...]:
        """The specs that nothing limits."""
        return tuple(check for check in self.checks if not check.outcomes)

    def count(self, verdict: str) -> int:
        """Return how many limits have a verdict."""
        return sum(outcome.verdict == verdict for _, outcome in self.outcomes)


def check_limits(
    net: Architecture,
    limits: Sequence[Limit],
    *,
    base: Base | None = None,
    warn_at: Fraction | None = None,
) -> Check:
    """Hold a network to limits. Without a ``base``, limited changes are new."""
    meter = Meter(net.graph)
    outcomes = []
    for limit in limits:
        metric = limit.metric
        relative = base if limit.bound == "max_change" else None
        outcomes.append(
            judge(
                limit,
                meter.read(metric),
                base=relative.read(metric) if relative else None,
                changed=partial(relative.changed, net, metric) if relative else None,
                warn_at=warn_at,
            )
        )
    spec = net.spec
    return Check(reference=spec.reference, name=spec.name, file=spec.file, outcomes=tuple(outcomes))


def check(
    spec: Architecture | str | os.PathLike[str],
    budget: Budget | None = None,
    *,
    base: Architecture | str | os.PathLike[str] | None = None,
    warn_at: str | None = None,
) -> Check:
    """Hold an architecture, or what ``load`` takes, to a budget laid over the spec's own.

    ``base`` is what ``max_change`` is held against. Raises what ``load`` raises, and an ArchstatError for a limit that
    can't be held, and where there is none at all.
    """
    net = spec if isinstance(spec, Architecture) else load(spec)
    limits = merged(net.spec.budget, tuple(_limits(budget or {})))
    if not limits:
        raise UsageError(
            f"'{net.spec.reference}' has no budget", hint="give one: check(spec, {'params': '26M'})"
        )
    relative = [limit for limit in limits if limit.bound == "max_change"]
    if relative and base is None:
        raise UsageError(
            f"{relative[0].metric}: max_change needs a base", hint="give one: base='old.yaml'"
        )
    old = base if isinstance(base, Architecture) or base is None else load(base)
    return check_limits(
        net,
        limits,
        base=Built(old) if old else None,
        warn_at=parse_percent(warn_at) if warn_at else None,
    )


def _limits(budget: Budget) -> Iterable[Limit]:
    if not isinstance(budget, Mapping):
        raise UsageError(
            f"a budget is a mapping of metrics, not {budget!r:.80}",
            hint="check(spec, {'params': '26M'})",
        )
    for metric, said in budget.items():
        if not isinstance(said, Mapping):
            yield _limit(metric, usual_bound(metric), said)
            continue
        for word, inner in said.items():
            bound = next((b for b in BOUNDS if b == word), None)
            if bound is None:
                raise UsageError(f"a limit has no '{word}'", hint=f"there are {', '.join(BOUNDS)}")
            yield _limit(metric, bound, inner)


def _limit(metric: str, bound: Bound, said: Given) -> Limit:
    text = "x".join(map(str, said)) if isinstance(said, tuple) else str(said)
    try:
        limit = parse_limit(metric, bound, text)
    except SpecError as error:
        raise UsageError(f"{metric}: {error.message}", hint=error.hint) from None
    return msgspec.structs.replace(limit, option=f"{metric}: {text}")
