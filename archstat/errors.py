"""Every error archstat raises on purpose, with the exit code of the command line.

    ArchstatError
    ├── UsageError       2   wrong arguments
    ├── SpecError        2   a spec that can't be read or doesn't hold, with its place in the file
    └── MissingPartError 3   an optional part isn't installed; says the command that installs it

Anything else that escapes is a bug in archstat (exit code 70).
"""

import msgspec


class Mark(msgspec.Struct, frozen=True):
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
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message if self.hint is None else f"{self.message}\n  hint: {self.hint}"


class UsageError(ArchstatError):
    """Wrong arguments, or a request that makes no sense for this spec."""


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
        self.trail.append(what)
        return self

    def __str__(self) -> str:
        lines = [f"{self.mark}: error: {self.message}" if self.mark else f"error: {self.message}"]
        if self.mark and self.mark.text:
            # A tab or a wide character before the caret must not move it.
            shown, at = _window(self.mark.text, self.mark.column - 1)
            lines += [f"{self.mark.line:>6} | {shown}", f"{'':>6} | {' ' * at}^"]
        lines += [f"  {where}" for where in self.trail]
        if self.hint:
            lines.append(f"  hint: {self.hint}")
        return "\n".join(lines)


def require(holds: bool, message: str, *, hint: str | None = None) -> None:
    """Raise a :class:`SpecError` without a place unless ``holds``."""
    if not holds:
        raise SpecError(message, hint=hint)


def _window(text: str, at: int, width: int = 100) -> tuple[str, int]:
    """Cut a long source line to ``width`` characters around ``at``; return the text and the caret's column."""
    text = "".join(c if c.isprintable() else " " for c in text)
    if len(text) <= width:
        return text, at
    start = max(0, min(at - width // 2, len(text) - width))
    head, tail = ("…" if start else ""), ("…" if start + width < len(text) else "")
    return f"{head}{text[start : start + width]}{tail}", at - start + len(head)
