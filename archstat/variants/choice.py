"""Which variants are shown, and in what order: those that conditions hold for, the front, sorted."""

from collections.abc import Sequence
from fractions import Fraction
from typing import TypeGuard

import msgspec

from archstat.errors import ArchstatError, UsageError, printable
from archstat.ops.options import Value
from archstat.spec import expressions
from archstat.variants.condition import Condition
from archstat.variants.family import Number, Numbers, known_metric


class Variant(msgspec.Struct, frozen=True):
    """One combination: its ``values`` as text, its ``numbers``; or why there is no such network.

    ``numbers`` stand in the order of the sweep's metrics, ``None`` where one is unknown.
    """

    values: tuple[str, ...]
    numbers: Numbers = ()
    error: str = ""


class Goal(msgspec.Struct, frozen=True):
    """What a front wants of one number: the least (``sign`` 1), or the most (-1)."""

    key: str
    sign: int


def read_goal(text: str, names: Sequence[str]) -> Goal:
    """Read ``macs``, the least, or ``+params``, the most; ``names`` are the settings."""
    word = text.strip()
    key = word.removeprefix("+")
    return Goal(key if key in names else known_metric(key), -1 if word.startswith("+") else 1)


class Choice:
    """Chooses among variants whose values are ``names`` and whose numbers are ``keys``."""

    def __init__(self, names: Sequence[str], keys: Sequence[str]) -> None:
        self._names = list(names)
        self._keys = list(keys)

    def value(self, one: Variant, name: str) -> Value | None:
        """Return the value of a setting, a word where it is none; or else a number, ``None`` where it is unknown."""
        if name not in self._names:
            return one.numbers[self._keys.index(name)] if one.numbers else None
        text = one.values[self._names.index(name)]
        try:
            return expressions.evaluate(text, {})
        except ArchstatError:
            return text

    def holding(self, found: list[Variant], conditions: Sequence[Condition]) -> list[Variant]:
        """Return the variants for which all conditions hold. Raises a UsageError on an unknown number."""
        return [one for one in found if all(self._holds(one, c) for c in conditions)]

    def _holds(self, one: Variant, condition: Condition) -> bool:
        values: dict[str, Value] = {}
        for name in condition.names:
            value = self.value(one, name)
            if value is None:
                raise UsageError(f"'{printable(condition.text[:60])}': {name} is unknown")
            values[name] = value
        return condition.holds(values)

    def front(self, found: list[Variant], goals: Sequence[Goal]) -> list[Variant]:
        """Return the variants that no other is at least as good as in every goal and better in one."""
        if not goals:
            return found
        scores = [self._score(one, goals) for one in found]
        best: list[tuple[Number, ...]] = []
        # In order, what beats a variant comes before it.
        for score in sorted(set(scores)):
            if not any(_beats(other, score) for other in best):
                best.append(score)
        kept = set(best)
        return [one for one, score in zip(found, scores, strict=True) if score in kept]

    def _score(self, one: Variant, goals: Sequence[Goal]) -> tuple[Number, ...]:
        score = []
        for goal in goals:
            value = self.value(one, goal.key)
            if not _is_number(value):
                raise UsageError(f"{goal.key} isn't a number for every variant")
            score.append(goal.sign * value)
        return tuple(score)

    def sorted(self, found: list[Variant], key: str) -> list[Variant]:
        """Sort by a metric, the largest first, or by a setting, the smallest first; what has no number comes last."""
        sign = 1 if key in self._names else -1

        def order(one: Variant) -> tuple[bool, Number, str]:
            value = self.value(one, key)
            if _is_number(value):
                return False, sign * value, ""
            return True, 0, value if isinstance(value, str) else ""

        return sorted(found, key=order)


def _is_number(value: Value | None) -> TypeGuard[Number]:
    return isinstance(value, (int, Fraction)) and not isinstance(value, bool)


def _beats(other: tuple[Number, ...], score: tuple[Number, ...]) -> bool:
    return all(a <= b for a, b in zip(other, score, strict=True))
