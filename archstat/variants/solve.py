"""The largest value of a setting that keeps to limits."""

import os
from collections.abc import Sequence
from fractions import Fraction

import msgspec

from archstat.errors import NothingFits, SpecError, UsageError, printable
from archstat.report.report import Conditions
from archstat.spec.limits import parse_limit
from archstat.spec.model import Limit, Settings
from archstat.variants.axes import Axis, changes_nothing, rising
from archstat.variants.family import Family, Number, known_metric
from archstat.variants.trial import Trial, Trials, amount
from archstat.variants.varied import check_numbers

ENOUGH = 64
"""Values above the answer that must all exceed: a number need not grow with a setting everywhere."""

_DOUBLINGS = 3
"""And so many doublings above the first that exceeds."""

_MOST_TRIED = 1000
"""Larger values that are tried, without a range, where some go on fitting beyond one that exceeds."""


class Held(msgspec.Struct, frozen=True):
    """One limit with the number at the answer, and at the next value if there is one."""

    metric: str
    limit: Fraction
    written: str
    value: Number
    after: Number | None

    @property
    def exceeds(self) -> bool:
        """Whether this limit is why the next value doesn't fit."""
        return self.after is not None and self.after > self.limit


class Solution(msgspec.Struct, frozen=True, kw_only=True):
    """The largest ``value`` of ``variable`` that fits.

    ``next`` is the smallest larger one that gives a network; without one it is empty, and ``refused`` says why there is
    no network, unless the range ends. ``tried`` counts the values that were built, ``above`` those of them above the
    answer, none of which fits. ``gaps`` counts smaller values that don't fit. ``without`` are the values of a range
    that were tried and give no network.
    """

    name: str
    reference: str
    conditions: Conditions
    variable: str
    value: str
    next: str
    limits: tuple[Held, ...]
    refused: str
    tried: int
    above: int
    gaps: int
    without: tuple[str, ...] = ()


def read_limit(text: str) -> Limit:
    """Read ``macs=300M``. Raises a UsageError.

    >>> read_limit("saved_bytes=1KiB").amount
    Fraction(1024, 1)
    """
    metric, equals, most = (part.strip() for part in text.partition("="))
    if not equals or not metric or not most:
        raise UsageError(f"'{printable(text[:60])}' is not METRIC=LIMIT", hint="write macs=300M")
    known_metric(metric)
    try:
        return parse_limit(metric, "max", most)
    except SpecError as error:
        raise UsageError(
            f"--max {printable(text[:60])}: {error.message}", hint=error.hint
        ) from None


def solve(
    reference: str | os.PathLike[str],
    variable: str,
    limits: Sequence[Limit],
    *,
    among: Axis | None = None,
    settings: Settings | None = None,
    aux: bool = False,
) -> Solution:
    """Return the largest value of a variable at which all limits hold.

    The values are those of ``among``, in whatever order, or the whole numbers from 1 on; a value that gives no network
    is passed over. It is found by doubling and halving, and then the values above it are tried as well. Raises
    NothingFits where none fits, and a UsageError where none exceeds, where the variable changes none of the numbers, or
    for a value that is no number.
    """
    family = Family(reference, settings, aux=aux)
    check_numbers(family, [variable])
    family.check_free([variable])
    if not limits:
        raise UsageError("there is no limit to keep to", hint="say --max macs=300M")
    trials = Trials(family, variable, limits, rising(among).values if among else None)
    fit = largest(trials)
    after = trials.valid(fit.at + 1)
    return Solution(
        name=family.name,
        reference=family.reference,
        conditions=family.conditions([Axis(variable, (fit.value, (after or fit).value))]),
        variable=variable,
        value=fit.value,
        next=after.value if after else "",
        limits=tuple(_held(limit, i, fit, after) for i, limit in enumerate(limits)),
        refused="" if after else trials.refused(fit.at + 1),
        tried=len(trials.built),
        above=sum(t.at > fit.at for t in trials.built),
        gaps=sum(t.at < fit.at and not t.fits for t in trials.built),
        without=tuple(trials.without),
    )


def largest(trials: Trials) -> Trial:
    """Return the largest value that fits. Raises NothingFits where none does, a UsageError where none exceeds."""
    fit, over = _bracket(trials)
    return _confirmed(trials, _largest(trials, fit, over))


def _held(limit: Limit, i: int, fit: Trial, after: Trial | None) -> Held:
    return Held(
        limit.metric,
        amount(limit),
        limit.written,
        fit.numbers[i],
        after.numbers[i] if after else None,
    )


def _bracket(trials: Trials) -> tuple[Trial, Trial | None]:
    """Double until the limits are well exceeded; return the largest that fits and the next that doesn't."""
    found: list[Trial] = []
    at, exceeding = 0, 0
    while at < trials.count and exceeding <= _DOUBLINGS:
        trial = trials.valid(at)
        if trial is None and found:
            break
        if trial is not None:
            exceeding = 0 if trial.fits else exceeding + 1
            found.append(trial)
        at = max(at, trial.at if trial else 0) * 2 + 1
    if trials.bounded and (last := trials.last()) is not None and last.at > found[-1].at:
        found.append(last)
    _refuse_hopeless(trials, found)
    fit = max((t for t in found if t.fits), key=lambda t: t.at)
    return fit, next((t for t in found if t.at > fit.at), None)


def _refuse_hopeless(trials: Trials, found: Sequence[Trial]) -> None:
    """Raise a UsageError where no value answers the question."""
    name = trials.variable
    if not found:
        trials.refuse_alike()
        raise UsageError(
            f"no value of '{name}' that was tried gives a network", hint=trials.refused(0)
        )
    first, last = found[0], found[-1]
    if len(found) > 1 and all(t.numbers == first.numbers for t in found):
        nothing = changes_nothing(name, [limit.metric for limit in trials.limits])
        raise UsageError(f"{nothing}: {trials.said(first)}")
    if not any(t.fits for t in found):
        others = not trials.bounded and trials.gives_network("0.5")
        raise NothingFits(
            f"no '{name}' fits: {trials.said(first)}",
            hint=f"--vary {name}=0.1:1:0.1 tries others" if others else None,
        )
    if last.fits and not trials.bounded and 2 * last.at + 1 >= trials.count:
        raise UsageError(
            f"there is no largest '{name}' up to {trials.count:,}: {trials.said(last)}, which still fits"
        )


def _largest(trials: Trials, fit: Trial, over: Trial | None) -> Trial:
    """Halve what is between a value that fits and one that doesn't, or beyond which there is none."""
    end = over.at if over else trials.count
    while end - fit.at > 1:
        middle = (fit.at + end) // 2
        trial = trials.valid(middle, end) or trials.valid_below(middle, fit.at)
        if trial is None:
            break
        if trial.fits:
            fit = trial
        else:
            end = trial.at
    return fit


def _confirmed(trials: Trials, fit: Trial) -> Trial:
    """Try the values above; go on from one that fits after all."""
    at, exceeding, tried = fit.at + 1, 0, 0
    while exceeding < ENOUGH and (trial := trials.valid(at)) is not None:
        exceeding = 0 if trial.fits else exceeding + 1
        fit = trial if trial.fits else fit
        at, tried = trial.at + 1, tried + 1
        if tried >= _MOST_TRIED and not trials.bounded:
            raise UsageError(
                f"there is no largest '{trials.variable}' among the values tried: "
                f"{trials.said(fit)}, which still fits",
                hint=f"--vary {trials.variable}=1:1000 looks at a range",
            )
    return fit
