"""What verify finds: numbers beside a reference's, and whether they agree. Imports no torch."""

from collections import Counter
from typing import Literal

import msgspec

Verdict = Literal["agrees", "explained", "differs"]


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """One number, or one fact, of one layer; ``path`` is empty for the whole network.

    ``reason`` says why the reference is known to give what it gives; without one, a difference is a failure.
    """

    path: str
    ours: int | str
    theirs: int | str
    reason: str = ""

    @property
    def verdict(self) -> Verdict:
        if self.ours == self.theirs:
            return "agrees"
        return "explained" if self.reason else "differs"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """One check of one network. ``skipped`` says why nothing was compared; then it neither passes nor fails."""

    check: str
    reference: str
    compared: tuple[Comparison, ...] = ()
    skipped: str = ""

    @property
    def counts(self) -> Counter[Verdict]:
        return Counter(one.verdict for one in self.compared)

    @property
    def failed(self) -> bool:
        """Whether something differs; a reference that saw nothing has agreed to nothing."""
        return not self.skipped and (not self.compared or self.counts["differs"] > 0)


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """All checks of one network."""

    name: str
    reference: str
    outcomes: tuple[Outcome, ...]

    @property
    def failed(self) -> bool:
        return any(outcome.failed for outcome in self.outcomes)


def refusal(error: ValueError) -> str:
    """Say why PyTorch doesn't run a network, without what torch.fx writes behind it."""
    return f"PyTorch refuses to run it: {str(error).partition(chr(10))[0]}"
