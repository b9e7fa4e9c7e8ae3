"""Expressions where a number is expected: ``4*width``, ``stride > 1 or channels != 4*width``.

Exact: whole numbers and fractions, no floats. Safe: Python's own parser makes the tree, and the compiler
knows only the node types of the language. Errors are SpecErrors without a place; the caller knows the place.
"""

import ast
import re
from collections.abc import Container, Iterable, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any

import msgspec

from archstat.errors import SpecError
from archstat.ops.options import Value, show
from archstat.spec.compiler import Code, Compiler
from archstat.spec.functions import FUNCTIONS, Function, Number
from archstat.spec.nodes import COMMA
from archstat.spec.words import nearest

LONGEST = 200
"""Characters in one expression."""

# A digit that runs into a letter: 3x3, 0x10, 1_000. Python's tokenizer would warn or read it its own way.
_GLUED = r"(?<![A-Za-z0-9_.])[0-9][0-9.]*+(?:[eE][+-]?[0-9]+)?+[A-Za-z_]"

Names = Mapping[str, Value]

__all__ = [
    "FUNCTIONS",
    "LONGEST",
    "Expression",
    "Function",
    "Names",
    "Number",
    "check_names",
    "evaluate",
    "is_identifier",
    "is_whole",
    "parse",
]


def is_identifier(text: str) -> bool:
    """Say whether a text can be a name: letters, digits and underscores of ASCII, no digit first."""
    return text.isascii() and text.isidentifier()


def is_whole(text: str) -> bool:
    """Say whether a text is a whole number that needs no further check: 15 digits are within the limit of a result."""
    digits = text.removeprefix("-")
    plain = digits.isascii() and digits.isdigit() and len(digits) <= 15
    return plain and (digits[0] != "0" or digits == "0")


class Expression(msgspec.Struct, frozen=True, eq=False):
    """A checked expression.

    ``code`` evaluates it over a mapping that holds at least ``names``, and ``functions`` that aren't the
    language's own. ``exponent`` is a number as written, such as ``1e3``, that only a decimal may be.
    """

    code: Code
    names: tuple[str, ...]
    functions: tuple[str, ...] = ()
    exponent: str | None = None

    def value(self, names: Mapping[str, Any]) -> bool | Number:
        value = self.code(names)
        if isinstance(value, (str, tuple)):
            raise SpecError(f"{show(value)} stands where a number is expected")
        return value


def evaluate(
    text: str, names: Names, functions: Mapping[str, Function] | None = None
) -> bool | Number:
    """Return the value of an expression: a whole number where it is one, else a fraction, or a bool."""
    if is_whole(text):
        return int(text)
    expression = parse(text, strings=functions is not None)
    check_names(expression, names, functions or {})
    return expression.value({**names, **functions} if functions else names)


def check_names(
    expression: Expression, names: Iterable[str], functions: Container[str] = ()
) -> None:
    """Raise a SpecError if the expression uses a name or a function that isn't there."""
    for name in expression.functions:
        if name not in functions:
            known = [*FUNCTIONS, *(functions if isinstance(functions, Iterable) else ())]
            hint = nearest(name, known) or f"there are {', '.join(known)}"
            raise SpecError(f"unknown function '{name}'", hint=hint)
    known_names = names if isinstance(names, Container) else tuple(names)
    for name in expression.names:
        if name not in known_names:
            raise SpecError(f"unknown name '{name}'", hint=_meant(name, names))


def _meant(name: str, names: Iterable[str]) -> str | None:
    if name.lower() in ("yes", "no", "on", "off", "y", "n", "none", "null"):
        return "write true or false"
    if name in FUNCTIONS:
        return f"'{name}' is a function: {name}(...)"
    return nearest(name, [*names, "true", "false"])


@lru_cache(maxsize=4096)
def parse(text: str, *, strings: bool = False) -> Expression:
    """Parse and check an expression's form. ``strings`` allows texts in quotes as arguments of functions."""
    if is_whole(text):
        return _constant(int(text))
    if len(text) > LONGEST:
        raise SpecError(f"the expression is longer than {LONGEST} characters")
    shown = text if len(text) <= 40 else text[:39] + "…"
    code = text.strip()
    if not text.isascii() or not text.isprintable() or "\\" in text or "#" in text:
        raise SpecError(f"'{shown}' is not a number or an expression", hint=_hint(code))
    if not strings and re.search(_GLUED, text):
        raise SpecError(f"'{shown}' is not a number", hint=_hint(code))
    try:
        tree = ast.parse(code, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise SpecError(f"'{shown}' is not a number or an expression", hint=_hint(code)) from None
    compiler = Compiler(code, strings=strings)
    try:
        compiled = compiler.compile(tree)
    except SpecError as error:
        raise SpecError(error.message, hint=error.hint or _hint(code)) from None
    return Expression(compiled, tuple(compiler.names), tuple(compiler.functions), compiler.exponent)


def _constant(value: int | Fraction) -> Expression:
    return Expression(lambda scope: value, ())


_HINTS = (
    (r"-?0[0-9]+(\.[0-9]+)?", "leave out the leading zeros"),
    (r"[0-9_]+", "leave out the underscores"),
    (r"\+[0-9.]+", "leave out the plus"),
    (r"-?\.[0-9]+", "write a zero before the point"),
    (r"-?[0-9]+\.", "leave out the point, or write a digit behind it"),
    (r"[0-9]+([x×][0-9]+)+", "write a list: [3, 3]"),
    (r"[0-9.]+\s*[kKMGBT]i?B?", "write the digits: only 'published' and 'budget' take suffixes"),
    (r".*(\$\{|\{\{|\}\}).*", "write the expression as it is, without braces"),
    (r".*(&&|\|\||![^=]).*", "write 'and', 'or', 'not'"),
    (r".*\?.*:.*", "write 'a if condition else b'"),
    (r"[^=<>!]*[^=<>!]=[^=].*", "'==' compares"),
)


def _hint(text: str) -> str | None:
    """Return what was probably meant by a text that is no expression."""
    for pattern, hint in _HINTS:
        if re.fullmatch(pattern, text):
            return hint
    if text.count("(") != text.count(")"):
        return COMMA
    if re.fullmatch(r"[\w.]+(, *[\w.]+)+", text):
        return f"a list stands in brackets: [{text}]"
    return None
