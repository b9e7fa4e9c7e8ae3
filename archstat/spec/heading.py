"""The headings of ``blocks:``, ``bottleneck(width, stride=1):``, read as Python reads a function's."""

import re

import msgspec

from archstat.errors import SpecError
from archstat.spec import expressions
from archstat.spec.nodes import Mapping, Scalar, YamlNode, expect, printable, refuse_empty
from archstat.spec.words import is_reserved

_HEADING = r"(?s)\s*([^\s()]+)\s*(?:\((.*)\))?\s*"
_LONGEST_NAME = 64


class Block(msgspec.Struct, frozen=True, eq=False):
    """One of ``blocks:``: a body with parameters, called like a function."""

    name: str
    params: tuple[str, ...]
    defaults: dict[str, expressions.Expression]
    body: YamlNode
    key: Scalar

    @property
    def signature(self) -> str:
        """The heading as written, its spaces evened: ``bottleneck(width, stride=1)``."""
        return " ".join(self.key.text.split()) if self.params else f"{self.name}()"


def read_blocks(node: YamlNode | None, ops: frozenset[str]) -> dict[str, Block]:
    """Read ``blocks:``. ``ops`` can't name blocks or parameters."""
    found: dict[str, Block] = {}
    for key, value in expect(node, Mapping, "'blocks' is a mapping").entries if node else ():
        block = _block(key, value, ops)
        if block.name in found:
            first = found[block.name].key.line + 1
            raise key.error(f"block '{block.name}' is defined twice (first at line {first})")
        found[block.name] = block
    return found


def identifier(key: Scalar, text: str, what: str, ops: frozenset[str]) -> str:
    """Return the name of a variable, block or parameter; raise unless it may be one."""
    if not expressions.is_identifier(text) or len(text) > _LONGEST_NAME:
        raise key.error(
            f"'{printable(text)}' can't name {what}",
            hint=f"letters, digits and _, at most {_LONGEST_NAME} of them, a letter first",
        )
    if is_reserved(text, ops) or text in expressions.FUNCTIONS:
        raise key.error(f"'{text}' is a word of the format and can't name {what}")
    return text


def _block(key: Scalar, value: YamlNode, ops: frozenset[str]) -> Block:
    refuse_empty(key, value)
    heading = re.fullmatch(_HEADING, key.text) if len(key.text) <= expressions.LONGEST else None
    if heading is None:
        raise key.error(
            f"'{printable(key.text)}' is not a block's heading", hint="write name(width, stride=1)"
        )
    name = identifier(key, heading[1], "a block", ops)
    params: list[str] = []
    defaults: dict[str, expressions.Expression] = {}
    for part in _split(heading[2] or ""):
        word, equals, default = (p.strip() for p in part.partition("="))
        identifier(key, word, "a parameter", ops)
        if word in params:
            raise key.error(f"parameter '{word}' appears twice")
        if equals:
            try:
                defaults[word] = expressions.parse(default)
            except SpecError as error:
                raise error.at(key.mark) from None
        elif defaults:
            raise key.error(f"parameter '{word}' has no default but follows one that has")
        params.append(word)
    return Block(name, tuple(params), defaults, value, key)


def _split(text: str) -> list[str]:
    """Split a parameter list at the commas outside parentheses; a comma at the end is as good as none."""
    parts, depth, start = [], 0, 0
    for i, c in enumerate(text):
        depth += (c == "(") - (c == ")")
        if c == "," and depth == 0:
            parts.append(text[start:i])
            start = i + 1
    tail = text[start:]
    return [*parts, tail] if tail.strip() else parts
