"""Expressions where a number is expected: ``4*width``, ``stride > 1 or channels != 4*width``.

Exact: whole numbers and fractions, no floats. Safe: Python's own parser makes the tree, and only the node
types named here are walked. Errors are SpecErrors without a place; the caller knows the place.
"""

import ast
import re
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any, Protocol

from archstat.errors import SpecError
from archstat.ops.options import Value, show
from archstat.spec.words import nearest

LONGEST = 200
LARGEST = 10**15
_LARGEST_EXPONENT = 30

WHOLE = re.compile(r"-?(0|[1-9][0-9]*)\Z")
NUMBER = re.compile(r"(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?\Z")
IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
# A digit that runs into a letter: 3x3, 0x10, 1_000. Python's tokenizer would warn or read it its own way.
_GLUED = re.compile(r"(?<![A-Za-z0-9_.])[0-9][0-9.]*(?![0-9.]|[eE][+-]?[0-9])[A-Za-z_]")

Number = int | Fraction
Names = Mapping[str, Value]


class Function(Protocol):
    def __call__(self, *args: Any, **keywords: Any) -> Value: ...


def evaluate(
    text: str, names: Names, functions: Mapping[str, Function] | None = None
) -> bool | Number:
    """Return the value of an expression: a whole number where it is one, else a fraction, or a bool."""
    if WHOLE.match(text) and len(text) < 16:
        return int(text)
    return evaluate_tree(parse(text, strings=functions is not None), names, functions)


def evaluate_tree(
    tree: ast.expr, names: Names, functions: Mapping[str, Function] | None = None
) -> bool | Number:
    value = _Evaluation(names, _FUNCTIONS if functions is None else {**_FUNCTIONS, **functions}).of(
        tree
    )
    if isinstance(value, str | tuple):
        raise SpecError(f"{show(value)} stands where a number is expected")
    return value


@lru_cache(maxsize=4096)
def parse(text: str, *, strings: bool = False) -> ast.expr:
    """Parse and check an expression's form; names are checked by :func:`check_names`."""
    shown = text if len(text) <= 40 else text[:39] + "…"
    if len(text) > LONGEST:
        raise SpecError(f"the expression is longer than {LONGEST} characters")
    if not text.isascii() or not text.isprintable() or "\\" in text:
        raise SpecError(
            f"'{''.join(c if c.isprintable() else '·' for c in shown)}' is not a number or an expression"
        )
    if not strings or "'" not in text:
        glued = _GLUED.search(text)
        if glued and not WHOLE.match(text):
            raise SpecError(f"'{shown}' is not a number", hint=_number_hint(text))
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise SpecError(
            f"'{shown}' is not a number or an expression", hint=_number_hint(text)
        ) from None
    _check_form(tree, text.strip(), strings)
    return tree


def _number_hint(text: str) -> str | None:
    if re.fullmatch(r"-?0[0-9]+(\.[0-9]+)?", text):
        return "leave out the leading zeros"
    if "_" in text and re.fullmatch(r"[0-9_]+", text):
        return "leave out the underscores"
    if "${" in text or "{{" in text:
        return "write the expression as it is, without braces"
    return None


def check_names(tree: ast.expr, names: Iterable[str], functions: Iterable[str] = ()) -> None:
    """Raise a SpecError if the tree uses a name or a function that isn't there."""
    known = set(names)
    callables = {*_FUNCTIONS, *functions}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id not in callables:
                raise _unknown("function", node.func.id, callables)
        elif isinstance(node, ast.Name) and node.id not in known and node.id not in _CONSTANTS:
            if node.id in callables:
                continue
            raise _unknown("name", node.id, [*known, *_CONSTANTS])


def _unknown(what: str, name: str, known: Iterable[str]) -> SpecError:
    return SpecError(f"unknown {what} '{name}'", hint=nearest(name, known))


_CONSTANTS = {"true": True, "false": False}
_BINARY: dict[type[ast.operator], Callable[[Number, Number], Number]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: Fraction(a) / b,
    ast.FloorDiv: lambda a, b: a // b,
    ast.Mod: lambda a, b: a % b,
}
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: lambda a, b: a == b,
    ast.NotEq: lambda a, b: a != b,
    ast.Lt: lambda a, b: a < b,
    ast.LtE: lambda a, b: a <= b,
    ast.Gt: lambda a, b: a > b,
    ast.GtE: lambda a, b: a >= b,
}


def _check_form(tree: ast.expr, text: str, strings: bool) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant):
            literal = text[node.col_offset : node.end_col_offset]
            if isinstance(node.value, str) and strings:
                continue
            if type(node.value) not in (int, float) or not NUMBER.match(literal):
                raise SpecError(
                    f"'{literal[:40]}' is not a number this format knows",
                    hint="true and false are written small"
                    if literal in ("True", "False", "None")
                    else None,
                )
            # Exact from the text: the parser's float would have rounded it.
            exact: Any = _literal(literal)
            node.value = exact
        elif isinstance(node, ast.BinOp):
            if type(node.op) not in _BINARY:
                hint = "write the product: width*width" if isinstance(node.op, ast.Pow) else None
                raise SpecError(f"'{text[:40]}': only + - * / // % are known", hint=hint)
        elif isinstance(node, ast.UnaryOp):
            if not isinstance(node.op, (ast.USub, ast.Not)):
                raise SpecError(f"'{text[:40]}': only minus and 'not' may stand before a value")
        elif isinstance(node, ast.Compare):
            if any(type(op) not in _COMPARE for op in node.ops):
                raise SpecError(f"'{text[:40]}': only == != < <= > >= compare")
        elif isinstance(node, ast.Call):
            if not isinstance(node.func, ast.Name) or any(k.arg is None for k in node.keywords):
                raise SpecError(f"'{text[:40]}' is not an expression this format knows")
        elif not isinstance(
            node,
            (
                ast.Name, ast.BoolOp, ast.IfExp, ast.operator, ast.unaryop, ast.cmpop,
                ast.boolop, ast.expr_context, ast.keyword,
            ),
        ):  # fmt: skip
            raise SpecError(f"'{text[:40]}' is not an expression this format knows")


def _literal(text: str) -> Number:
    exponent = re.search(r"[eE]([+-]?[0-9]+)\Z", text)
    if len(text) > 60 or (exponent and abs(int(exponent[1])) > _LARGEST_EXPONENT):
        raise SpecError(f"the number {text[:20]}… is out of range")
    return _plain(Fraction(text))


def _plain(number: Number) -> Number:
    """Return a whole Fraction as an int; refuse what is out of range."""
    if isinstance(number, Fraction) and number.denominator == 1:
        return _plain(number.numerator)
    if not -LARGEST <= number <= LARGEST:
        raise SpecError(f"a result is more than the limit of {LARGEST:,}")
    return number


class _Evaluation:
    """One walk over a checked tree."""

    def __init__(self, names: Names, functions: Mapping[str, Function]) -> None:
        self.names = names
        self.functions = functions

    def of(self, node: ast.expr) -> Value:
        value: Value = getattr(self, f"_{type(node).__name__.lower()}")(node)
        return value

    def number(self, node: ast.expr, where: str) -> Number:
        value = self.of(node)
        if isinstance(value, bool) or not isinstance(value, (int, Fraction)):
            raise SpecError(f"{where} needs numbers, not {show(value)}")
        return value

    def condition(self, node: ast.expr, where: str) -> bool:
        value = self.of(node)
        if not isinstance(value, bool):
            raise SpecError(f"{where} needs a condition (true or false), not {show(value)}")
        return value

    def _constant(self, node: ast.Constant) -> Any:
        return node.value

    def _name(self, node: ast.Name) -> Value:
        if node.id in self.names:
            return self.names[node.id]
        if node.id in _CONSTANTS:
            return _CONSTANTS[node.id]
        raise _unknown("name", node.id, [*self.names, *_CONSTANTS])

    def _binop(self, node: ast.BinOp) -> Number:
        a, b = self.number(node.left, "arithmetic"), self.number(node.right, "arithmetic")
        if b == 0 and isinstance(node.op, (ast.Div, ast.FloorDiv, ast.Mod)):
            raise SpecError("division by zero")
        return _plain(_BINARY[type(node.op)](a, b))

    def _unaryop(self, node: ast.UnaryOp) -> Value:
        if isinstance(node.op, ast.Not):
            return not self.condition(node.operand, "'not'")
        return -self.number(node.operand, "a minus")

    def _boolop(self, node: ast.BoolOp) -> bool:
        word = "'and'" if isinstance(node.op, ast.And) else "'or'"
        stops_at = isinstance(node.op, ast.Or)
        for value in node.values:
            if self.condition(value, word) is stops_at:
                return stops_at
        return not stops_at

    def _compare(self, node: ast.Compare) -> bool:
        left = self.of(node.left)
        for op, right_node in zip(node.ops, node.comparators, strict=True):
            right = self.of(right_node)
            if isinstance(left, bool) != isinstance(right, bool):
                raise SpecError("a comparison of a number with a condition")
            if not _COMPARE[type(op)](left, right):
                return False
            left = right
        return True

    def _ifexp(self, node: ast.IfExp) -> Any:
        return self.of(node.body if self.condition(node.test, "'if'") else node.orelse)

    def _call(self, node: ast.Call) -> Any:
        assert isinstance(node.func, ast.Name)
        name = node.func.id
        if name not in self.functions:
            raise _unknown("function", name, self.functions)
        arguments = [self.of(a) for a in node.args]
        keywords = {k.arg: self.of(k.value) for k in node.keywords if k.arg}
        try:
            value = self.functions[name](*arguments, **keywords)
        except TypeError:
            raise SpecError(f"{name}(): wrong arguments") from None
        return _plain(value) if isinstance(value, (int, Fraction)) and value is not True else value


def divisible(x: Number, by: Number = 8) -> Number:
    """Round a width as MobileNet does: the nearest multiple of ``by``, at least ``by``, never under 90 % of ``x``.

    >>> divisible(36)
    40
    >>> divisible(16 * Fraction(3, 4))
    16
    """
    _numbers("divisible", x, by)
    if by <= 0:
        raise SpecError("divisible() needs a positive 'by'")
    nearest_multiple = max(by, (x + Fraction(by) / 2) // by * by)
    return nearest_multiple + by if nearest_multiple * 10 < 9 * x else nearest_multiple


def _numbers(name: str, *values: Value) -> None:
    for value in values:
        if isinstance(value, (bool, str)):
            raise SpecError(f"{name}() needs numbers, not {show(value)}")


def _floor(x: Number) -> int:
    _numbers("floor", x)
    return x // 1


def _ceil(x: Number) -> int:
    _numbers("ceil", x)
    return -(-x // 1)


def _round(x: Number) -> int:
    _numbers("round", x)
    return (x + Fraction(1, 2)) // 1


def _min(*values: Number) -> Number:
    _numbers("min", *values)
    if not values:
        raise TypeError
    return min(values)


def _max(*values: Number) -> Number:
    _numbers("max", *values)
    if not values:
        raise TypeError
    return max(values)


_FUNCTIONS: dict[str, Function] = {
    "min": _min, "max": _max, "floor": _floor, "ceil": _ceil, "round": _round, "divisible": divisible,
}  # fmt: skip

FUNCTIONS = tuple(_FUNCTIONS)
"""The names of the functions every expression may use."""
