"""Holds a number to a limit, exactly. What is unknown fails: it might be anything."""

from collections.abc import Callable
from fractions import Fraction
from typing import Literal

import msgspec

from archstat.budget.meter import Parts, Reading
from archstat.report.values import Value, written
from archstat.spec.model import Limit
from archstat.tensor import Shape
from archstat.units import parse

Verdict = Literal["pass", "warn", "fail", "new"]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """One limit, judged.

    ``verdict`` is pass; warn, for a number that comes near its most; fail; or new, where a change is limited and the
    base has no such spec. ``allowed`` is what the limit comes to, ``excess`` by how much the value is beyond it; both
    are exact. ``causes`` are the layers that it comes from, the largest first; of a change, the layers that changed.
    """

    limit: Limit
    verdict: Verdict
    value: Value | None
    allowed: Value | None
    base: Value | None = None
    excess: int | Fraction | None = None
    unknown: tuple[str, ...] = ()
    causes: Parts = ()
    hint: str = ""

    @property
    def share(self) -> Fraction | None:
        """How much of the limit is used, one being all of it; ``None`` unless it is a most above nothing."""
        number = isinstance(self.value, int) and isinstance(self.allowed, int | Fraction)
        if not number or not self.allowed or self.limit.bound != "max":
            return None
        assert isinstance(self.value, int)
        assert isinstance(self.allowed, int | Fraction)
        return Fraction(self.value) / self.allowed


def judge(
    limit: Limit,
    reading: Reading,
    *,
    base: Reading | None = None,
    changed: Callable[[], Parts] | None = None,
    warn_at: Fraction | None = None,
) -> Outcome:
    """Hold what was read to a limit.

    ``base`` is the same metric of the base, ``None`` where the base has no such spec; ``changed`` gives the layers
    that differ from it. A value from ``warn_at`` of its most on gets a warning.
    """
    if limit.bound == "max_change":
        return _judge_change(limit, reading, base, changed)
    if reading.value is None:
        return _unknown(limit, reading.unknown)
    if isinstance(reading.value, tuple):
        return _judge_shape(limit, reading.value)
    assert isinstance(limit.amount, Fraction)
    value, allowed = reading.value, _plain(limit.amount)
    excess = allowed - value if limit.bound == "min" else value - allowed
    failed = excess != 0 if limit.bound == "exact" else excess > 0
    near = limit.bound == "max" and warn_at is not None and value >= warn_at * allowed
    return Outcome(
        limit=limit,
        verdict="fail" if failed else "warn" if near and value else "pass",
        value=value,
        allowed=allowed,
        excess=excess if failed else None,
        causes=_largest(reading.parts) if failed or near else (),
        hint=_in_full(limit, value) if failed and limit.bound == "exact" else "",
    )


def _judge_change(
    limit: Limit, reading: Reading, base: Reading | None, changed: Callable[[], Parts] | None
) -> Outcome:
    assert isinstance(limit.amount, Fraction)
    if base is None:
        verdict: Verdict = "new" if reading.value is not None else "fail"
        return Outcome(
            limit=limit, verdict=verdict, value=reading.value, allowed=None, unknown=reading.unknown
        )
    if not isinstance(reading.value, int) or not isinstance(base.value, int):
        return _unknown(limit, reading.unknown or base.unknown)
    most = base.value * (1 + limit.amount) if limit.percent else base.value + limit.amount
    excess = reading.value - most
    return Outcome(
        limit=limit,
        verdict="fail" if excess > 0 else "pass",
        value=reading.value,
        allowed=_plain(most),
        base=base.value,
        excess=_plain(excess) if excess > 0 else None,
        causes=_largest(changed()) if excess > 0 and changed else (),
    )


def _judge_shape(limit: Limit, shape: Shape) -> Outcome:
    wanted = limit.amount
    assert isinstance(wanted, tuple)
    turned = shape == (wanted[-1], *wanted[:-1])
    return Outcome(
        limit=limit,
        verdict="pass" if shape == wanted else "fail",
        value=shape,
        allowed=wanted,
        hint=f"channels first: {written(shape)}" if turned and shape != wanted else "",
    )


def _unknown(limit: Limit, unknown: tuple[str, ...]) -> Outcome:
    return Outcome(limit=limit, verdict="fail", value=None, allowed=None, unknown=unknown)


def _in_full(limit: Limit, value: int) -> str:
    """Say what an exact limit in short form would be."""
    if parse(limit.written).matches(value):
        return f"an exact limit is written in full: {written(value)}"
    return ""


def _largest(parts: Parts) -> Parts:
    return tuple(sorted(parts, key=lambda part: -part[1]))


def _plain(amount: Fraction) -> int | Fraction:
    """Return a whole number as one."""
    return int(amount) if amount.denominator == 1 else amount
