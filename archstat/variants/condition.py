"""Conditions on a variant's numbers: ``macs < 4G and width >= 64``."""

import re
from collections.abc import Collection, Mapping

import msgspec

from archstat.errors import SpecError, UsageError, printable
from archstat.ops.options import Value
from archstat.spec import expressions
from archstat.units import parse

_SUFFIXED = re.compile(
    r"(?<![\w.])([0-9]{1,15}(?:\.[0-9]{1,15})?(?:[kKMGT]i?B?|B))(?![\w.(])", re.ASCII
)


class Condition(msgspec.Struct, frozen=True, eq=False):
    """A condition as written, and the names that it asks about."""

    text: str
    expression: expressions.Expression

    @property
    def names(self) -> tuple[str, ...]:
        return self.expression.names

    def holds(self, values: Mapping[str, Value]) -> bool:
        """Say whether it holds. Raises a UsageError where it is no condition."""
        try:
            found = self.expression.value(values)
        except SpecError as error:
            raise UsageError(f"'{printable(self.text[:60])}': {error.message}") from None
        if not isinstance(found, bool):
            raise UsageError(
                f"'{printable(self.text[:60])}' is no condition", hint="compare it: macs < 4G"
            )
        return found


def read_condition(text: str, known: Collection[str]) -> Condition:
    """Read a condition over the ``known`` names, in which numbers may have suffixes. Raises a UsageError.

    >>> condition = read_condition("macs < 4G and width >= 64", ("macs", "width"))
    >>> condition.holds({"macs": 3_900_000_000, "width": 64})
    True
    """
    try:
        plain = _SUFFIXED.sub(lambda found: str(parse(found[1]).value), text)
        expression = expressions.parse(plain)
    except SpecError as error:
        hint = error.hint or "write macs < 4G and width >= 64"
        raise UsageError(f"'{printable(text[:60])}': {error.message}", hint=hint) from None
    try:
        expressions.check_names(expression, known)
    except SpecError as error:
        hint = error.hint or f"there are {', '.join(known)}"
        raise UsageError(f"'{printable(text[:60])}': {error.message}", hint=hint) from None
    return Condition(text, expression)
