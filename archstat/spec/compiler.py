"""Python's tree of an expression -> a function of the names it uses, one node type after another.

What isn't named here is not part of the language: attributes, subscripts, lambdas, comprehensions, powers.
"""

import ast
import operator
import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, cast

from archstat.errors import SpecError
from archstat.ops.options import Value, show
from archstat.spec.functions import FUNCTIONS, SIGNATURES, Number

Code = Callable[[Mapping[str, Any]], Value]
"""A compiled expression: takes names (and functions that aren't the language's own), returns the value."""

LARGEST = 10**15
"""The largest result of any operation."""

FINEST = 10**60
"""The largest denominator of any result."""

_LARGEST_EXPONENT = 30
_DEEPEST = 100
_NUMBER = r"(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?"
_CONSTANTS = {"true": True, "false": False}

_BINARY: dict[type[ast.operator], Callable[[Number, Number], Number]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: lambda a, b: Fraction(a) / b,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_EQUAL: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_ORDER: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


class Compiler:
    """Compiles one expression, and notes the names and functions it uses in the order they appear."""

    def __init__(self, text: str, *, strings: bool = False) -> None:
        self.text = text
        self.strings = strings
        self.names: dict[str, None] = {}
        self.functions: dict[str, None] = {}
        self.exponent: str | None = None

    def compile(self, node: ast.expr, depth: int = 0) -> Code:
        if depth > _DEEPEST:
            raise SpecError("the expression nests too deeply")
        rule = _RULES.get(type(node))
        if rule is None:
            raise self._refused("is not an expression this format knows")
        return rule(self, node, depth + 1)

    def _refused(self, what: str, hint: str | None = None) -> SpecError:
        shown = self.text if len(self.text) <= 40 else self.text[:39] + "…"
        return SpecError(f"'{shown}' {what}", hint=hint)

    def _condition(self, node: ast.expr, depth: int, where: str) -> Callable[[Any], bool]:
        """Compile a part that must be true or false."""
        code = self.compile(node, depth)
        if isinstance(node, ast.Compare | ast.BoolOp):
            return cast(Callable[[Any], bool], code)

        def condition(scope: Mapping[str, Any]) -> bool:
            value = code(scope)
            if isinstance(value, bool):
                return value
            raise SpecError(f"{where} needs a condition (true or false), not {show(value)}")

        return condition

    def _constant(self, node: ast.Constant, depth: int) -> Code:
        literal = self.text[node.col_offset : node.end_col_offset]
        if isinstance(node.value, str) and self.strings:
            text = node.value
            return lambda scope: text
        if type(node.value) not in (int, float) or not re.fullmatch(_NUMBER, literal):
            words = literal in ("True", "False", "None")
            shown = literal[:40] if literal[-1:] in "'\"" else f"'{literal[:40]}'"
            raise SpecError(
                f"{shown} is not a number",
                hint="true and false are written small" if words else None,
            )
        number = self._literal(literal)
        return lambda scope: number

    def _literal(self, text: str) -> Number:
        """Read a number exactly from its text: the parser's float would have rounded it."""
        exponent = text.lower().partition("e")[2]
        if len(text) > 60 or abs(int(exponent or 0)) > _LARGEST_EXPONENT:
            raise SpecError(f"the number {text[:20]}… is out of range")
        number = plain(Fraction(text))
        if exponent and isinstance(number, int):
            self.exponent = self.exponent or text
        return number

    def _name(self, node: ast.Name, depth: int) -> Code:
        if node.id in _CONSTANTS:
            value = _CONSTANTS[node.id]
            return lambda scope: value
        self.names[node.id] = None
        return operator.itemgetter(node.id)

    def _binary(self, node: ast.BinOp, depth: int) -> Code:
        operation = _BINARY.get(type(node.op))
        if operation is None:
            power = "write the product: width*width" if isinstance(node.op, ast.Pow) else None
            raise self._refused("is not known: only + - * / // % are", power)
        left, right = self.compile(node.left, depth), self.compile(node.right, depth)
        divides = isinstance(node.op, (ast.Div, ast.FloorDiv, ast.Mod))

        def binary(scope: Mapping[str, Any]) -> Value:
            a, b = left(scope), right(scope)
            a = a if type(a) is int else _number(a, "arithmetic")
            b = b if type(b) is int else _number(b, "arithmetic")
            if divides and b == 0:
                raise SpecError("division by zero")
            result = operation(a, b)
            if type(result) is int and -LARGEST <= result <= LARGEST:
                return result
            return plain(result)

        return binary

    def _unary(self, node: ast.UnaryOp, depth: int) -> Code:
        if isinstance(node.op, ast.Not):
            condition = self._condition(node.operand, depth, "'not'")
            return lambda scope: not condition(scope)
        if not isinstance(node.op, ast.USub):
            raise self._refused("is not known: only minus and 'not' may stand before a value")
        code = self.compile(node.operand, depth)
        return lambda scope: -_number(code(scope), "a minus")

    def _bool(self, node: ast.BoolOp, depth: int) -> Code:
        stops_at = isinstance(node.op, ast.Or)
        where = "'or'" if stops_at else "'and'"
        parts = [self._condition(value, depth, where) for value in node.values]

        def connected(scope: Mapping[str, Any]) -> Value:
            for part in parts:
                if part(scope) is stops_at:
                    return stops_at
            return not stops_at

        return connected

    def _compare(self, node: ast.Compare, depth: int) -> Code:
        first = self.compile(node.left, depth)
        steps: list[tuple[Callable[[Any, Any], bool], bool, Code]] = []
        for op, right in zip(node.ops, node.comparators, strict=True):
            test = _EQUAL.get(type(op)) or _ORDER.get(type(op))
            if test is None:
                raise self._refused("is not known: only == != < <= > >= compare")
            steps.append((test, type(op) in _ORDER, self.compile(right, depth)))

        (test, orders, code), *others = steps
        if not others:

            def compare_two(scope: Mapping[str, Any]) -> Value:
                left, right = first(scope), code(scope)
                if type(left) is not int or type(right) is not int:
                    _refuse_unlike(left, right, orders)
                return test(left, right)

            return compare_two

        def compare(scope: Mapping[str, Any]) -> Value:
            left = first(scope)
            for test, orders, code in steps:
                right = code(scope)
                if type(left) is not int or type(right) is not int:
                    _refuse_unlike(left, right, orders)
                if not test(left, right):
                    return False
                left = right
            return True

        return compare

    def _choice(self, node: ast.IfExp, depth: int) -> Code:
        test = self._condition(node.test, depth, "'if'")
        body, other = self.compile(node.body, depth), self.compile(node.orelse, depth)
        return lambda scope: body(scope) if test(scope) else other(scope)

    def _call(self, node: ast.Call, depth: int) -> Code:
        if not isinstance(node.func, ast.Name) or any(k.arg is None for k in node.keywords):
            raise self._refused("is not an expression this format knows")
        name = node.func.id
        function = FUNCTIONS.get(name)
        if function is None:
            self.functions[name] = None
        arguments = [self.compile(a, depth) for a in node.args]
        keywords = {str(k.arg): self.compile(k.value, depth) for k in node.keywords}

        def call(scope: Mapping[str, Any]) -> Value:
            values = [code(scope) for code in arguments]
            named = {key: code(scope) for key, code in keywords.items()}
            try:
                value: Value = (function or scope[name])(*values, **named)
            except TypeError:
                usage = f"write {SIGNATURES[name]}" if name in SIGNATURES else None
                raise SpecError(f"{name}(): wrong arguments", hint=usage) from None
            if isinstance(value, bool) or not isinstance(value, (int, Fraction)):
                return value
            return plain(value)

        return call


_RULES: dict[type[ast.expr], Callable[[Compiler, Any, int], Code]] = {
    ast.Constant: Compiler._constant,
    ast.Name: Compiler._name,
    ast.BinOp: Compiler._binary,
    ast.UnaryOp: Compiler._unary,
    ast.BoolOp: Compiler._bool,
    ast.Compare: Compiler._compare,
    ast.IfExp: Compiler._choice,
    ast.Call: Compiler._call,
}


def _number(value: Value, where: str) -> Number:
    """Return a value that must be a number."""
    if isinstance(value, (int, Fraction)) and not isinstance(value, bool):
        return value
    raise SpecError(f"{where} needs numbers, not {show(value)}")


def plain(number: Number) -> Number:
    """Return a whole Fraction as an int; refuse what is out of range."""
    if isinstance(number, Fraction):
        if number.denominator == 1:
            number = number.numerator
        elif number.denominator > FINEST:
            raise SpecError("a result is finer than the limit of 60 digits")
    if not -LARGEST <= number <= LARGEST:
        raise SpecError(f"a result is more than the limit of {LARGEST:,}")
    return number


def _refuse_unlike(left: Value, right: Value, orders: bool) -> None:
    """Raise unless two values can be compared: numbers with numbers, conditions only for equality."""
    kinds = {isinstance(v, bool) for v in (left, right)}
    if not all(isinstance(v, (int, Fraction)) for v in (left, right)) or len(kinds) > 1:
        raise SpecError(f"{show(left)} and {show(right)} can't be compared")
    if orders and True in kinds:
        raise SpecError("conditions are equal or not; they have no order")
