"""An op's options as a spec writes them."""

from functools import cache

from archstat.ops.base import Op
from archstat.ops.options import Value


def options(op: Op) -> tuple[tuple[str, str], ...]:
    """Return the options that aren't the default, in the order of their declaration: name and value.

    >>> from archstat.ops.conv import Conv
    >>> options(Conv(channels=64, kernel=3))
    (('channels', '64'), ('kernel', '3'))
    """
    defaults = op.defaults()
    values = [(name, getattr(op, name)) for name in op.__struct_fields__]
    return tuple(
        (name, flow(value))
        for name, value in values
        if name not in defaults or value != defaults[name]
    )


_MOST_PLACES = 60
"""Behind the point of a decimal; what takes more, or has no end, is written as a quotient."""


@cache
def default(kind: type[Op], option: str) -> str:
    """Return an option's default value; nothing if it has none, or one that other options give."""
    value = kind.defaults().get(option)
    return "" if value is None else flow(value)


def flow(value: Value) -> str:
    """Write a value exactly, as a number or expression of the format.

    >>> from fractions import Fraction
    >>> flow((1, 2)), flow(True), flow(Fraction(1, 8)), flow(Fraction(1, 3))
    ('[1, 2]', 'true', '0.125', '1/3')
    >>> flow(Fraction("0.1767766952966369"))  # as a quotient it would be beyond the limit of whole numbers
    '0.1767766952966369'
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return "[" + ", ".join(flow(v) for v in value) + "]"
    if isinstance(value, str | int):
        return str(value)
    decimal, places = value, 0
    while decimal.denominator != 1 and places < _MOST_PLACES:
        decimal, places = decimal * 10, places + 1
    if decimal.denominator != 1:
        return f"{value.numerator}/{value.denominator}"
    digits = f"{abs(decimal.numerator):0{places + 1}d}"
    sign = "-" if value < 0 else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else f"{sign}{digits}"
