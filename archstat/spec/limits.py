"""Limits: ``budget: {params: 26M, macs: {max: 4.1G, max_change: +2%}, output: 1000}``. Read here, held elsewhere."""

import re
from fractions import Fraction

import msgspec

from archstat.errors import SpecError
from archstat.spec.figure_parts import known_metric, read_metric
from archstat.spec.model import Bound, Limit
from archstat.spec.nodes import Mapping, Scalar, YamlNode, expect, printable, refuse_empty
from archstat.spec.words import nearest
from archstat.tensor import Shape
from archstat.units import parse, suffix

BOUNDS: tuple[Bound, ...] = ("max", "min", "exact", "max_change")

_LARGEST_SIZE = 15
"""Digits of one axis of an output."""

_OTHER_BOUNDS = {
    "maximum": "max", "upper": "max", "limit": "max", "minimum": "min", "lower": "min", "equal": "exact",
    "equals": "exact", "value": "exact", "change": "max_change", "max_increase": "max_change",
}  # fmt: skip


def read_budget(node: YamlNode | None) -> tuple[Limit, ...]:
    """Read a budget: each metric has one limit, or a mapping of bounds to limits."""
    if node is None:
        return ()
    limits: list[Limit] = []
    for key, value in expect(node, Mapping, "a budget maps metrics to limits").entries:
        refuse_empty(key, value)
        metric = read_metric(key)
        if not isinstance(value, Mapping):
            limits.append(_placed(metric, usual_bound(metric), value))
            continue
        for bound, inner in value.entries:
            refuse_empty(bound, inner)
            limits.append(_placed(metric, _bound(bound), inner))
    return tuple(limits)


def parse_limit(metric: str, bound: Bound, text: str) -> Limit:
    """Read one limit from text. Raises a SpecError, without a place, on anything that can't be held."""
    known_metric(metric)
    if metric == "output":
        return Limit(metric=metric, bound=bound, written=text, amount=_shape(bound, text))
    if bound == "max_change":
        amount, percent = _change(metric, text)
        return Limit(metric=metric, bound=bound, written=text, amount=amount, percent=percent)
    return Limit(metric=metric, bound=bound, written=text, amount=_number(metric, text))


def parse_percent(text: str) -> Fraction:
    """Read a percentage as a fraction of one. Raises a SpecError, without a place, unless it is from 0% to 100%.

    >>> parse_percent("95%")
    Fraction(19, 20)
    """
    found = re.fullmatch(r"([0-9]{1,3}(?:\.[0-9]{1,9})?)%", text, re.ASCII)
    share = Fraction(found[1]) / 100 if found else None
    if share is None or share > 1:
        raise SpecError(f"'{printable(text)}' is not a percentage", hint="write 95%")
    return share


def merged(*budgets: tuple[Limit, ...]) -> tuple[Limit, ...]:
    """Lay budgets over one another: a later one's limit replaces an earlier one's of the same metric and bound."""
    found = {(limit.metric, limit.bound): limit for budget in budgets for limit in budget}
    return tuple(found.values())


def usual_bound(metric: str) -> Bound:
    """Return what a limit without a word means: the most, or of a shape the shape itself."""
    return "exact" if metric == "output" else "max"


def _placed(metric: str, bound: Bound, node: YamlNode) -> Limit:
    value = expect(node, Scalar, "a limit is a number, such as 140M")
    try:
        limit = parse_limit(metric, bound, value.text)
    except SpecError as error:
        raise error.at(value.mark) from None
    return msgspec.structs.replace(limit, mark=value.mark)


def _bound(key: Scalar) -> Bound:
    for bound in BOUNDS:
        if key.text == bound:
            return bound
    other = _OTHER_BOUNDS.get(key.text.lower())
    hint = f"did you mean '{other}'?" if other else nearest(key.text, BOUNDS)
    raise key.error(
        f"a limit has no '{printable(key.text)}'", hint=hint or f"there are {', '.join(BOUNDS)}"
    )


def _shape(bound: Bound, text: str) -> Shape:
    if bound != "exact":
        raise SpecError(
            "an output is a shape, which has no most and no least",
            hint="write 'output: 1000', or --exact output=1000",
        )
    parts = text.split("x")
    if len(parts) > 8 or not all(
        p.isascii() and p.isdigit() and len(p) <= _LARGEST_SIZE for p in parts
    ):
        raise SpecError(
            f"'{printable(text)}' is not a shape", hint="write 1000, or channels first 480x28x28"
        )
    return tuple(map(int, parts))


def _number(metric: str, text: str) -> Fraction:
    if text.startswith("~"):
        raise SpecError(f"'{printable(text)}' is no limit", hint="a limit is exact: leave out '~'")
    quantity = parse(text)
    is_bytes = metric.endswith("_bytes")
    if quantity.unit == "bytes" and not is_bytes:
        raise SpecError(f"{metric} isn't counted in bytes", hint="write 26M, or 1.5G")
    if is_bytes and suffix(text) in ("B", "Ki", "Mi", "Gi"):
        raise SpecError(
            f"'{printable(text)}' says no unit of bytes",
            hint="write 120MB or 120MiB; a number alone is bytes",
        )
    return quantity.value


def _change(metric: str, text: str) -> tuple[Fraction, bool]:
    sign = -1 if text.startswith("-") else 1
    size = text[1:] if text.startswith(("+", "-")) else text
    if not size.endswith("%"):
        return sign * _number(metric, size), False
    found = re.fullmatch(r"[0-9]{1,9}(?:\.[0-9]{1,9})?", size[:-1], re.ASCII)
    if found is None:
        raise SpecError(f"'{printable(text)}' is not a change", hint="write +2%, 0%, -5% or +100k")
    return sign * Fraction(found[0]) / 100, True
