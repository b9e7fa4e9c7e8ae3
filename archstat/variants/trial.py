"""Values of a setting, each tried once: whether it gives a network, and whether that keeps to the limits."""

from collections.abc import Sequence
from fractions import Fraction

import msgspec

from archstat.errors import ArchstatError, UsageError
from archstat.report.values import written
from archstat.spec.model import Limit
from archstat.variants.family import Family, Number, unknown

LARGEST = 2**24
"""The largest whole number that is tried: no dimension of a network is larger."""

_WINDOW = 256
"""Values in a row without a network after which no more are looked at."""


class Trial(msgspec.Struct, frozen=True):
    """The value at a position, and its numbers in the order of the limits; ``fits`` says that all hold."""

    at: int
    value: str
    numbers: tuple[Number, ...]
    fits: bool


class Trials:
    """The values of one setting: ``values``, or the whole numbers from 1 on. Positions count from 0."""

    def __init__(
        self,
        family: Family,
        variable: str,
        limits: Sequence[Limit],
        values: tuple[str, ...] | None,
    ) -> None:
        self.variable = variable
        self.limits = limits
        self.bounded = values is not None
        self.count = LARGEST if values is None else len(values)
        self._family = family
        self._values = values
        self._tried: dict[int, Trial | str] = {}  # A message where there is no network.

    @property
    def built(self) -> list[Trial]:
        """The values that gave a network."""
        return [t for t in self._tried.values() if isinstance(t, Trial)]

    @property
    def without(self) -> list[str]:
        """Those of the given values that were tried and gave no network, in order."""
        tried = sorted(self._tried.items()) if self.bounded else []
        return [self._value(at) for at, found in tried if isinstance(found, str)]

    def valid(self, at: int, end: int | None = None) -> Trial | None:
        """Return the first value from ``at`` on, before ``end``, that gives a network, if one of the next does."""
        for i in range(at, min(at + _WINDOW, self.count if end is None else end)):
            trial = self._try(i)
            if isinstance(trial, Trial):
                return trial
        return None

    def valid_below(self, at: int, end: int) -> Trial | None:
        """Return the first value below ``at`` and above ``end`` that gives a network, if one of the next does."""
        for i in range(at - 1, max(end, at - 1 - _WINDOW), -1):
            trial = self._try(i)
            if isinstance(trial, Trial):
                return trial
        return None

    def last(self) -> Trial | None:
        """Return the last value that gives a network."""
        return self.valid_below(self.count, -1)

    def refused(self, at: int) -> str:
        """Say why the value at a position gives no network; nothing where there is no such value."""
        found = self._try(at) if at < self.count else None
        return f"{self.variable}={self._value(at)}: {found}" if isinstance(found, str) else ""

    def refuse_alike(self) -> None:
        """Raise the error that all values tried gave, if the setting as it is gives it too: it isn't about values."""
        try:
            self._measure(0, self._family.default(self.variable))
        except ArchstatError as error:
            if all(found == error.message for found in self._tried.values()):
                raise

    def gives_network(self, value: str) -> bool:
        """Whether a value, which need not be one of these, gives a network."""
        try:
            self._family.graph({self.variable: value})
        except ArchstatError:
            return False
        return True

    def said(self, trial: Trial) -> str:
        """Say a value's numbers: ``macs is 568,740,352 at width=1``."""
        numbers = zip(self.limits, trial.numbers, strict=True)
        said = " and ".join(f"{limit.metric} is {written(n)}" for limit, n in numbers)
        return f"{said} at {self.variable}={trial.value}"

    def _value(self, at: int) -> str:
        return str(at + 1) if self._values is None else self._values[at]

    def _try(self, at: int) -> Trial | str:
        if at not in self._tried:
            try:
                self._tried[at] = self._measure(at, self._value(at))
            except ArchstatError as error:
                # Not the error: its traceback would keep what was built of the network.
                self._tried[at] = error.message
        return self._tried[at]

    def _measure(self, at: int, value: str) -> Trial:
        metrics = [limit.metric for limit in self.limits]
        numbers = self._family.measure({self.variable: value}, metrics)
        known = tuple(n for n in numbers if n is not None)
        if len(known) < len(numbers):
            raise UsageError(unknown(metrics[numbers.index(None)]))
        fits = all(n <= amount(limit) for n, limit in zip(known, self.limits, strict=True))
        return Trial(at, value, known, fits)


def amount(limit: Limit) -> Fraction:
    """Return a limit's number."""
    assert isinstance(limit.amount, Fraction)
    return limit.amount
