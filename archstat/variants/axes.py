"""Which values a setting takes: ``32:128:16`` is 32, 48, ..., 128; ``1:64:*2`` doubles; ``18,34,50`` are those."""

import re
from collections.abc import Sequence
from fractions import Fraction

import msgspec

from archstat.errors import SpecError, UsageError, printable
from archstat.ops.options import Value
from archstat.report.values import plain
from archstat.spec import expressions

MOST_VALUES = 1_000_000

_DECIMAL = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")
_WRITTEN = "write 32:128:16, 1:64:*2 or 18,34,50"


class Axis(msgspec.Struct, frozen=True):
    """A setting and its values, as text: what ``--set`` would say of each."""

    name: str
    values: tuple[str, ...]


def read_axis(name: str, text: str) -> Axis:
    """Read the values of one setting, each once, both ends of a range included. Raises a UsageError on what names none.

    >>> read_axis("width", "32:64:16").values, read_axis("batch", "1:8:*2,32").values
    (('32', '48', '64'), ('1', '2', '4', '8', '32'))
    >>> read_axis("width", "0.25:1:0.25").values
    ('0.25', '0.5', '0.75', '1')
    """
    found: dict[str | Fraction, str] = {}
    for part in text.split(","):
        word = part.strip()
        if not word:
            raise _refused(name, text, "has an empty value", _WRITTEN)
        for value in _range(name, word) if ":" in word else (word,):
            found.setdefault(Fraction(value) if _DECIMAL.fullmatch(value) else value, value)
        if len(found) > MOST_VALUES:
            raise _too_many(name, text)
    return Axis(name, tuple(found.values()))


def rising(axis: Axis) -> Axis:
    """Return the values from the smallest to the largest, equal ones once. Raises a UsageError for a word.

    >>> rising(Axis("width", ("64", "0.5", "8", "64.0"))).values
    ('0.5', '8', '64')
    """
    found: dict[int | Fraction, str] = {}
    for value in axis.values:
        found.setdefault(_size(axis.name, value), value)
    return Axis(axis.name, tuple(found[size] for size in sorted(found)))


def changes_nothing(name: str, metrics: Sequence[str]) -> str:
    """Say that a setting changes none of some numbers.

    >>> changes_nothing("batch", ["params"])
    "'batch' doesn't change params"
    >>> changes_nothing("batch", ["params", "weights", "depth"])
    "'batch' changes neither params nor weights nor depth"
    """
    if len(metrics) == 1:
        return f"'{name}' doesn't change {metrics[0]}"
    return f"'{name}' changes neither {' nor '.join(metrics)}"


def _range(name: str, text: str) -> tuple[str, ...]:
    parts = text.split(":")
    if len(parts) not in (2, 3):
        raise _refused(name, text, "is not a range", "write first:last, or first:last:step")
    times = len(parts) == 3 and parts[2].startswith("*")
    first, last = (_number(name, text, part) for part in parts[:2])
    step = _number(name, text, parts[2].removeprefix("*")) if len(parts) == 3 else Fraction(1)
    if first > last:
        raise _refused(name, text, "holds no value", "the first comes before the last")
    if times:
        if first <= 0 or step <= 1:
            raise _refused(name, text, "never ends", "multiply a positive number by more than 1")
    elif step <= 0:
        raise _refused(name, text, "never ends", "a step is more than 0")
    if not times and (last - first) / step >= MOST_VALUES:
        raise _too_many(name, text)
    values, at = [], first
    while at <= last:
        values.append(str(plain(at)))
        at = at * step if times else at + step
        if len(values) > MOST_VALUES:
            raise _too_many(name, text)
    return tuple(values)


def _number(name: str, text: str, part: str) -> Fraction:
    if not _DECIMAL.fullmatch(part.strip()):
        raise _refused(name, text, "is not a range of numbers", _WRITTEN)
    return Fraction(part.strip())


def _size(name: str, value: str) -> int | Fraction:
    try:
        size: Value = expressions.evaluate(value, {})
    except SpecError:
        size = value
    if isinstance(size, bool) or not isinstance(size, (int, Fraction)):
        raise UsageError(
            f"{printable(name[:64])}={printable(value[:40])} is no number, so that none is the largest"
        )
    return size


def _refused(name: str, text: str, what: str, hint: str) -> UsageError:
    return UsageError(f"{printable(name[:64])}={printable(text[:60])} {what}", hint=hint)


def _too_many(name: str, text: str) -> UsageError:
    return _refused(name, text, f"has more than {MOST_VALUES:,} values", "take larger steps")
