"""The functions that every expression may call. All are exact: whole numbers and fractions, no floats."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from archstat.errors import SpecError
from archstat.ops.options import Value, show

Number = int | Fraction
Function = Callable[..., Value]


def divisible(x: Number, by: Number = 8) -> Number:
    """Round a width as MobileNet does: the nearest multiple of ``by``, at least ``by``, never under 90 % of ``x``.

    >>> divisible(36)
    40
    >>> divisible(16 * Fraction(3, 4))
    16
    """
    _numbers("divisible", x, by)
    if by <= 0:
        raise SpecError("divisible() needs a positive 'by'")
    nearest_multiple = max(by, (x + Fraction(by) / 2) // by * by)
    return nearest_multiple + by if nearest_multiple * 10 < 9 * x else nearest_multiple


def _floor(x: Number) -> int:
    _numbers("floor", x)
    return x // 1


def _ceil(x: Number) -> int:
    _numbers("ceil", x)
    return -(-x // 1)


def _round(x: Number) -> int:
    _numbers("round", x)
    return (x + Fraction(1, 2)) // 1


def _min(first: Number, *others: Number) -> Number:
    _numbers("min", first, *others)
    return min(first, *others) if others else first


def _max(first: Number, *others: Number) -> Number:
    _numbers("max", first, *others)
    return max(first, *others) if others else first


def _numbers(name: str, *values: Any) -> None:
    for value in values:
        if isinstance(value, bool) or not isinstance(value, (int, Fraction)):
            raise SpecError(f"{name}() needs numbers, not {show(value)}")


FUNCTIONS: dict[str, Function] = {
    "min": _min, "max": _max, "floor": _floor, "ceil": _ceil, "round": _round, "divisible": divisible,
}  # fmt: skip

SIGNATURES = {
    "min": "min(a, b, ...)", "max": "max(a, b, ...)", "floor": "floor(x)", "ceil": "ceil(x)",
    "round": "round(x)", "divisible": "divisible(x, by=8)",
}  # fmt: skip
"""How each is called, for messages."""
