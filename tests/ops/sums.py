"""Works out the arithmetic that cases and steps are written in, exactly."""

import ast
from fractions import Fraction
from math import ceil, floor


def holds(line: str) -> bool:
    """Say whether both sides of ``left = right`` are equal.

    >>> holds("floor((224 - 11)/4) + 1 = 54") and holds("256*6*6 = 9,216")
    True
    """
    left, right = line.split(" = ")
    return work_out(left) == work_out(right)


def work_out(text: str | int) -> Fraction:
    """Evaluate an expression; commas are thousands separators. A sum that gives its result is checked, too.

    >>> work_out("4*5*5 * 3*3*3 = 2,700")
    Fraction(2700, 1)
    """
    if isinstance(text, int):
        return Fraction(text)
    first, *others = (
        _value(ast.parse(side.strip().replace(",", ""), mode="eval").body)
        for side in text.split(" = ")
    )
    assert all(other == first for other in others), f"{text}: the left side is {first}"
    return first


def _value(node: ast.expr) -> Fraction:
    match node:
        case ast.Constant(value=int(number)):
            return Fraction(number)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand)
        case ast.BinOp(left=left, op=op, right=right):
            a, b = _value(left), _value(right)
            match op:
                case ast.Add():
                    return a + b
                case ast.Sub():
                    return a - b
                case ast.Mult():
                    return a * b
                case ast.Div():
                    return a / b
        case ast.Call(func=ast.Name(id="floor"), args=[argument]):
            return Fraction(floor(_value(argument)))
        case ast.Call(func=ast.Name(id="ceil"), args=[argument]):
            return Fraction(ceil(_value(argument)))
    raise AssertionError(f"no arithmetic: {ast.unparse(node)}")
