"""A sweep: every combination of some settings, one row each, in the order of the settings."""

import os
from collections.abc import Callable, Sequence
from itertools import product
from math import prod

import msgspec

from archstat.errors import ArchstatError, UsageError
from archstat.report.kinds import SUMMARY
from archstat.report.report import Conditions
from archstat.spec.model import Settings
from archstat.variants.axes import Axis, changes_nothing
from archstat.variants.choice import Choice, Variant, read_goal
from archstat.variants.condition import read_condition
from archstat.variants.family import METRICS, Family, Number, Numbers, known_metric
from archstat.variants.workers import each

DEFAULT_METRICS = SUMMARY.shown
MOST_VARIANTS = 1_000_000

Step = Callable[[int], None]
"""Told how many variants are done so far."""


class Sweep(msgspec.Struct, frozen=True, kw_only=True):
    """The variants of one spec. ``tried`` counts all combinations, ``unbuilt`` those without a network that a
    condition or a front has left out."""

    name: str
    reference: str
    conditions: Conditions
    axes: tuple[Axis, ...]
    metrics: tuple[str, ...]
    variants: tuple[Variant, ...]
    tried: int
    unbuilt: int = 0
    notes: tuple[str, ...] = ()

    @property
    def rows(self) -> list[dict[str, str | Number | None]]:
        """Each variant as a dict: its values as text, its numbers, ``error``."""
        names = [axis.name for axis in self.axes]
        missing = (None,) * len(self.metrics)
        return [
            {
                **dict(zip(names, one.values, strict=True)),
                **dict(zip(self.metrics, one.numbers or missing, strict=True)),
                "error": one.error,
            }
            for one in self.variants
        ]


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What a sweep is asked: columns, conditions, the front, and the order."""

    metrics: tuple[str, ...] = DEFAULT_METRICS
    where: tuple[str, ...] = ()
    pareto: tuple[str, ...] = ()
    sort: str | None = None


def sweep(
    reference: str | os.PathLike[str],
    axes: Sequence[Axis],
    request: Request | None = None,
    *,
    settings: Settings | None = None,
    aux: bool = False,
    jobs: int = 1,
    step: Step | None = None,
) -> Sweep:
    """Build every combination of the axes' values and measure it, the last axis varying fastest.

    A combination that gives no network is a row with its error. Raises a UsageError or a SpecError if the spec can't be
    read, a name is unknown or there is nothing to try, and the error of all combinations that isn't about their values.
    """
    asked = request or Request()
    family = Family(reference, settings, aux=aux)
    names = tuple(axis.name for axis in axes)
    _check(family, axes, asked)
    conditions = [read_condition(text, (*names, *METRICS)) for text in asked.where]
    goals = [read_goal(text, names) for text in asked.pareto]
    about = [name for c in conditions for name in c.names] + [goal.key for goal in goals]
    about += [asked.sort] if asked.sort is not None else []
    hidden = (known_metric(name) for name in about if name not in names)
    keys = tuple(dict.fromkeys((*asked.metrics, *hidden)))
    values = list(product(*(axis.values for axis in axes)))
    measure = _Measure(family, names, keys)
    measured = each(measure, values, jobs, step)
    found = [Variant(v, *m) for v, m in zip(values, measured, strict=True)]
    measure.refuse_alike(found)
    choice = Choice(names, keys)
    kept = found
    if conditions or goals:
        kept = choice.front(choice.holding([v for v in found if not v.error], conditions), goals)
    if asked.sort is not None:
        kept = choice.sorted(kept, asked.sort)
    shown = len(asked.metrics)
    idle = _idle(found, axes, shown)
    notes = [changes_nothing(name, asked.metrics) for name in idle]
    if idle and len(idle) == sum(len(axis.values) > 1 for axis in axes):
        raise UsageError("; ".join(notes), hint="--metric names other numbers")
    failed = sum(bool(one.error) for one in found)
    return Sweep(
        name=family.name,
        reference=family.reference,
        conditions=family.conditions(axes),
        axes=tuple(axes),
        metrics=asked.metrics,
        variants=tuple(Variant(v.values, v.numbers[:shown], v.error) for v in kept),
        tried=len(found),
        unbuilt=failed if conditions or goals else 0,
        notes=tuple(notes),
    )


def _check(family: Family, axes: Sequence[Axis], asked: Request) -> None:
    if not axes:
        raise UsageError("there is nothing to sweep over", hint="say --set width=32:128:16")
    names = [axis.name for axis in axes]
    family.check(names)
    family.check_free(names)
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"'{twice}' is set twice", hint="give all its values at once")
    for axis in axes:
        if not axis.values:
            raise UsageError(f"'{axis.name}' has no values")
    count = prod(len(axis.values) for axis in axes)
    if count > MOST_VARIANTS:
        raise UsageError(
            f"the sweep has {count:,} variants, and {MOST_VARIANTS:,} are the most",
            hint="take larger steps",
        )
    for key in asked.metrics:
        if known_metric(key) in names:
            raise UsageError(f"'{key}' is a setting of this sweep", hint="leave out the metric")


class _Measure:
    """Measures one combination; what comes back is a variant's numbers and error."""

    def __init__(self, family: Family, names: tuple[str, ...], keys: tuple[str, ...]) -> None:
        self.family, self.names, self.keys = family, names, keys

    def __call__(self, values: tuple[str, ...]) -> tuple[Numbers, str]:
        try:
            settings = dict(zip(self.names, values, strict=True))
            return self.family.measure(settings, self.keys), ""
        except ArchstatError as error:
            return (), _short(error)

    def refuse_alike(self, found: Sequence[Variant]) -> None:
        """Raise the error that all variants have, if the settings as they are give it too: it isn't about values."""
        errors = {one.error for one in found}
        if len(errors) > 1 or "" in errors:
            return
        start = tuple(map(self.family.default, self.names))
        if self(start)[1] in errors:
            self.family.measure(dict(zip(self.names, start, strict=True)), self.keys)


def _short(error: ArchstatError) -> str:
    mark = getattr(error, "mark", None)
    return f"line {mark.line}: {error.message}" if mark is not None else error.message


def _idle(found: Sequence[Variant], axes: Sequence[Axis], shown: int) -> list[str]:
    """Return the settings that change none of the first ``shown`` numbers."""
    idle = []
    built = [one for one in found if not one.error]
    for at, axis in enumerate(axes):
        groups: dict[tuple[str, ...], set[Numbers]] = {}
        tried: dict[tuple[str, ...], int] = {}
        for one in built:
            rest = (*one.values[:at], *one.values[at + 1 :])
            groups.setdefault(rest, set()).add(one.numbers[:shown])
            tried[rest] = tried.get(rest, 0) + 1
        several = [rest for rest, n in tried.items() if n > 1]
        if several and all(len(groups[rest]) == 1 for rest in several):
            idle.append(axis.name)
    return idle
