"""A progress bar on standard error, and only where that is a terminal."""

import sys
import time
from types import TracebackType

from archstat.cli.options import Given

_WIDTH = 24


class Progress:
    """Shows how far a long run is. Silent in a pipe and with --quiet.

    >>> with Progress(2, Given(quiet=True)) as progress:
    ...     progress.at("vgg16")
    """

    def __init__(self, total: int, given: Given) -> None:
        self.total = max(total, 1)
        self.done = 0
        self.shown = sys.stderr.isatty() and not given.quiet
        self._drawn = 0.0

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.shown and self._drawn:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def at(self, what: str) -> None:
        """Say what is being done; at most ten times a second."""
        now = time.monotonic()
        if not self.shown or now - self._drawn < 0.1:
            return
        self._drawn = now
        full = _WIDTH * self.done // self.total
        bar = "#" * full + "." * (_WIDTH - full)
        sys.stderr.write(f"\r\x1b[K[{bar}] {self.done}/{self.total}  {what[:40]}")
        sys.stderr.flush()

    def one_done(self) -> None:
        """Count one more as done."""
        self.done += 1
