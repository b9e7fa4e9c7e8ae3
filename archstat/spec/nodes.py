"""A YAML document as archstat keeps it: text, lists and mappings, each with its place in the file."""

from typing import TypeVar

import msgspec

from archstat.errors import Mark, SpecError

COMMA = "in [ ] or { } a comma ends the value: put the expression in quotes"
"""What is meant where an expression is cut in two."""

_LINE_BREAKS = ("\r\n", "\r", "\x85", "\u2028", "\u2029")
"""What ends a line in YAML, beside a line feed."""


class SourceText:
    """One spec file: how messages name it, its text, and whether they may show lines of it."""

    def __init__(self, file: str, text: str, *, quoted: bool = True) -> None:
        self.file = file
        self.text = text
        self.quoted = quoted
        self._lines: list[str] | None = None

    def mark(self, line: int, column: int) -> Mark:
        """Return the mark of a place; ``line`` and ``column`` count from 0, as PyYAML's do."""
        if self._lines is None:
            self._lines = _split(self.text)
        shown = self._lines[line] if self.quoted and line < len(self._lines) else ""
        return Mark(self.file, line + 1, column + 1, shown)

    def mark_behind(self, before: str) -> Mark:
        """Return the mark of the place at which the text ``before`` ends, its lines counted as YAML does."""
        lines = _split(before)
        return self.mark(len(lines) - 1, len(lines[-1]))


def _split(text: str) -> list[str]:
    for ending in _LINE_BREAKS:
        text = text.replace(ending, "\n")
    return text.split("\n")


class YamlNode(msgspec.Struct, frozen=True, eq=False, gc=False):
    """Base: where the value stands."""

    origin: SourceText
    line: int
    column: int

    @property
    def mark(self) -> Mark:
        return self.origin.mark(self.line, self.column)

    def error(self, message: str, *, hint: str | None = None) -> SpecError:
        return SpecError(message, hint=hint, mark=self.mark)


class Scalar(YamlNode, frozen=True, eq=False, gc=False):
    """A bare or quoted text. Quotes change nothing: archstat reads the text, never YAML 1.1's types."""

    text: str
    quoted: bool = False

    @property
    def empty(self) -> bool:
        return not self.text


class Sequence(YamlNode, frozen=True, eq=False, gc=False):
    items: tuple[YamlNode, ...]


class Mapping(YamlNode, frozen=True, eq=False, gc=False):
    """Keys are texts and unique; ``entries`` keeps their order."""

    entries: tuple[tuple[Scalar, YamlNode], ...]

    def get(self, key: str) -> YamlNode | None:
        for name, value in self.entries:
            if name.text == key:
                return value
        return None

    def key(self, key: str) -> Scalar:
        return next(name for name, _ in self.entries if name.text == key)

    def names(self) -> list[str]:
        return [name.text for name, _ in self.entries]


T = TypeVar("T", bound=YamlNode)


def expect(node: YamlNode, wanted: type[T], what: str) -> T:
    """Return ``node`` if it is a ``wanted``, else raise: ``what`` says what it should be."""
    if not isinstance(node, wanted):
        raise node.error(f"{what}, not {kind_of(node)}")
    return node


def refuse_empty(key: Scalar, value: YamlNode) -> None:
    """Raise if a value is left out or an empty list or mapping."""
    if is_empty(value):
        cut = key.text.count("(") != key.text.count(")")
        raise key.error(f"'{printable(key.text)}' is empty", hint=COMMA if cut else None)


def is_empty(node: YamlNode) -> bool:
    """Say whether nothing is written: no text, or a list or mapping that holds nothing."""
    if isinstance(node, Scalar):
        return node.empty
    return not (node.items if isinstance(node, Sequence) else getattr(node, "entries", ()))


def kind_of(node: YamlNode) -> str:
    """Name what a node is, for messages."""
    if isinstance(node, Sequence):
        return "a list"
    if isinstance(node, Mapping):
        return "a mapping"
    assert isinstance(node, Scalar)
    return "nothing" if node.empty else f"'{printable(node.text)}'"


def printable(text: str, longest: int = 60) -> str:
    """Make a text from a file safe and short enough to stand in a message."""
    clean = "".join(c if c.isprintable() else "·" for c in text[:longest])
    return clean if len(text) <= longest else clean[:-1] + "…"
