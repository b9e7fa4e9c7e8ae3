"""What a run of ``archstat compare`` found: comparisons, and the specs that couldn't be compared."""

import msgspec

from archstat.comparison.compare import Comparison
from archstat.errors import ArchstatError


class Problem(msgspec.Struct, frozen=True):
    """A spec that couldn't be compared, and why."""

    reference: str
    error: ArchstatError


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """``base`` says what the new sides are held against, where that is one thing for all: a revision or a file.

    ``side_by_side`` says that all comparisons are of one old side, with a column for each new one.
    """

    comparisons: tuple[Comparison, ...]
    problems: tuple[Problem, ...] = ()
    base: str = ""
    side_by_side: bool = False

    @property
    def shown(self) -> tuple[Comparison, ...]:
        """What is worth a line: what differs, and what has another name than at the base."""
        return tuple(one for one in self.comparisons if not one.same or (self.base and one.renamed))

    @property
    def differing(self) -> tuple[Comparison, ...]:
        return tuple(one for one in self.comparisons if not one.same)
