"""The largest batch whose step of training fits a memory."""

import os
from collections.abc import Sequence
from fractions import Fraction

from archstat.errors import SpecError, UsageError, printable
from archstat.passes.optimizers import gradient_bytes
from archstat.report.fit import Fit
from archstat.report.peaks import Training, can_train
from archstat.spec.limits import parse_limit
from archstat.spec.model import Limit, Settings
from archstat.variants.family import Family, Numbers, Values
from archstat.variants.solve import largest
from archstat.variants.trial import Trials

PEAK = "training_peak_bytes"

_BARE = 2**17
"""A number without a unit below this is a GPU's memory in GiB or MiB, not in bytes."""


class _Trained(Family):
    """A spec whose only number is the peak of a step of training, as ``training`` says, and DDP's ``buckets``."""

    training = Training()
    buckets = False

    def measure(self, values: Values, metrics: Sequence[str]) -> Numbers:
        graph = self.graph(values)
        peak = self.training.peak(graph) if can_train(graph) else None
        if peak is None:
            raise UsageError(f"nothing of '{self.name}' is trained")
        return (peak.nbytes + (sum(gradient_bytes(graph)) if self.buckets else 0),)


def read_size(text: str) -> Limit:
    """Read how much memory there is: ``24GiB``. Raises a UsageError.

    >>> read_size("24GiB").amount == 24 * 2**30
    True
    """
    try:
        limit = parse_limit(PEAK, "max", text)
    except SpecError as error:
        raise UsageError(
            f"--fit {printable(text[:60])}: {error.message}", hint=error.hint
        ) from None
    assert isinstance(limit.amount, Fraction)
    number = text.strip()
    if limit.amount < _BARE and number.isascii() and not number[-1:].isalpha():
        raise UsageError(
            f"--fit {number} has no unit, and would be bytes",
            hint=f"write {number}{'GiB' if limit.amount < 1024 else 'MiB'}",
        )
    return limit


def largest_batch(
    reference: str | os.PathLike[str],
    memory: Limit,
    training: Training,
    *,
    settings: Settings | None = None,
    aux: bool = False,
    buckets: bool = False,
) -> Fit:
    """Return the largest batch whose peak in training is no more than ``memory``; 0 where the smallest takes more.

    With ``buckets`` the second copy of the gradients counts in which DistributedDataParallel exchanges them.
    As :func:`archstat.variants.solve.solve` looks for it. Raises a UsageError where nothing is trained, where no batch
    gives a network, and where every batch fits.
    """
    family = _Trained(reference, settings, aux=aux)
    family.training, family.buckets = training, buckets
    trials = Trials(family, "batch", [memory], None)
    smallest = trials.valid(0)
    if smallest is None:
        trials.refuse_alike()
        raise UsageError(
            f"no batch of '{family.name}' was found that can be trained", hint=trials.refused(0)
        )
    found = largest(trials) if smallest.fits else None
    after = trials.valid(found.at + 1) if found else smallest
    assert isinstance(memory.amount, Fraction)
    return Fit(
        memory=int(memory.amount),
        written=memory.written,
        batch=int(found.value) if found else 0,
        spare=int(memory.amount - found.numbers[0]) if found else 0,
        next=int(after.value) if after else None,
        next_peak=int(after.numbers[0]) if after else None,
        buckets=buckets,
    )
