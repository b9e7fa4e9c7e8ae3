"""Every error archstat raises on purpose, with the exit code of the command line.

    ArchstatError
    ├── UsageError       2   wrong arguments
    │   └── NothingFits  1   a limit that no value keeps to
    ├── SpecError        2   a spec that can't be read or doesn't hold, with its place in the file
    └── MissingPartError 3   an optional part isn't installed; says the command that installs it

Anything else that escapes is a bug in archstat (exit code 70).
"""

import msgspec


class Mark(msgspec.Struct, frozen=True, gc=False):
    """A place in a spec file; ``line`` and ``column`` count from 1."""

    file: str
    line: int
    column: int
    text: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class ArchstatError(Exception):
    """Base of the errors that are the user's to fix, not archstat's."""

    exit_code = 2

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        self.message = printable(message)
        self.hint = None if hint is None else printable(hint)
        super().__init__(self.message)

    def __str__(self) -> str:
        return self.message if self.hint is None else f"{self.message}\n  hint: {self.hint}"


class UsageError(ArchstatError):
    """Wrong arguments, or a request that makes no sense for this spec."""


class NothingFits(UsageError):
    """A limit that no value keeps to: an answer, as a budget that doesn't hold is one."""

    exit_code = 1


class MissingPartError(ArchstatError):
    """An optional part is missing; the hint is the command that installs it."""

    exit_code = 3


class SpecError(ArchstatError):
    """A spec that can't be read, or whose layers don't fit together.

    An op's rule raises it without a place; the spec reader adds the place with
    :meth:`at` and one line of ``trail`` for each block call around it.
    """

    def __init__(self, message: str, *, hint: str | None = None, mark: Mark | None = None) -> None:
        super().__init__(message, hint=hint)
        self.mark = mark
        self.trail: list[str] = []

    def at(self, mark: Mark) -> "SpecError":
        """Set the place, unless a deeper one is already known."""
        if self.mark is None:
            self.mark = mark
        return self

    def inside(self, what: str) -> "SpecError":
        """Add one line of context: ``in bottleneck, called at line 14``."""
        self.trail.append(printable(what))
        return self

    def __str__(self) -> str:
        place = f"{printable(str(self.mark))}: " if self.mark else ""
        lines = [f"{place}error: {self.message}"]
        if self.mark and self.mark.text:
            shown, at = _window(self.mark.text, self.mark.column - 1)
            lines += [f"{self.mark.line:>6} | {shown}", f"{'':>6} | {' ' * _columns(shown[:at])}^"]
        lines += [f"  {where}" for where in _middle_out(self.trail)]
        if self.hint:
            lines.append(f"  hint: {self.hint}")
        return "\n".join(lines)


def require(holds: bool, message: str, *, hint: str | None = None) -> None:
    """Raise a :class:`SpecError` without a place unless ``holds``."""
    if not holds:
        raise SpecError(message, hint=hint)


def printable(text: str) -> str:
    """Replace what doesn't print, so that no text from a file acts on the terminal or begins a line of its own.

    >>> printable("conv\\x1b[31m")
    'conv·[31m'
    """
    return text if text.isprintable() else "".join(c if c.isprintable() else "·" for c in text)


def _window(text: str, at: int, width: int = 100) -> tuple[str, int]:
    """Cut a long source line to ``width`` characters around ``at``; return the text and the caret's column."""
    text = "".join(c if c.isprintable() else " " for c in text)
    if len(text) <= width:
        return text, at
    start = max(0, min(at - width // 2, len(text) - width))
    head, tail = ("…" if start else ""), ("…" if start + width < len(text) else "")
    return f"{head}{text[start : start + width]}{tail}", at - start + len(head)


def _columns(text: str) -> int:
    """Return how many columns of a terminal a text takes, so that the caret stands below its character."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum((1 + (east_asian_width(c) in "WF")) * (not combining(c)) for c in text)


def _middle_out(lines: list[str], most: int = 12) -> list[str]:
    """Leave out the middle of a long list of lines."""
    if len(lines) <= most:
        return lines
    half = most // 2
    return [*lines[:half], f"... {len(lines) - 2 * half} more ...", *lines[-half:]]
