"""Expressions: exact, allow-listed, with Python's precedence and no Python behind them."""

from contextlib import suppress
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archstat.errors import SpecError
from archstat.ops.options import Value
from archstat.spec.expressions import check_names, evaluate, parse
from archstat.spec.functions import divisible
from tests.spec.conftest import Refused

NAMES: dict[str, Value] = {"width": 64, "stride": 2, "half": Fraction(1, 2), "deep": True}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("4*width", 256),
        ("width//3", 21),
        ("width % 5", 4),
        ("width/3*3", 64),
        ("1/3 + 1/3 + 1/3 == 1", True),
        ("0.1 + 0.2", Fraction(3, 10)),
        ("0.1 + 0.2 == 0.3", True),
        ("1e-5", Fraction(1, 100_000)),
        ("2.50", Fraction(5, 2)),
        ("4.0", 4),
        ("-width + 65", 1),
        ("-7//2", -4),
        ("-7 % 3", 2),
        ("1 + 2*3", 7),
        ("(1 + 2)*3", 9),
        ("2*3 % 4", 2),
        ("- - 3", 3),
        ("10 - 3 - 2", 5),
        ("8/4/2", 1),
        ("stride > 1 or width != 4*width", True),
        ("not stride > 1", False),
        ("not deep or deep and stride == 2", True),
        ("1 < stride < 3", True),
        ("1 < stride < 2", False),
        ("deep == true", True),
        ("deep != false", True),
        ("64 if deep else 32", 64),
        ("1 if false else 2 if stride == 3 else 3", 3),
        ("min(3, width, 2)", 2),
        ("max(3, width//2)", 32),
        ("min(5)", 5),
        ("floor(7/2)", 3),
        ("ceil(7/2)", 4),
        ("floor(-7/2)", -4),
        ("round(5/2)", 3),
        ("round(-5/2)", -2),
        ("round(7/3)", 2),
        ("divisible(36)", 40),
        ("divisible(width*half, 8)", 32),
        ("divisible(10, by=4)", 12),
        ("divisible(x=10, by=4)", 12),
        ("half*width", 32),
        ("  3 ", 3),
        ("true", True),
        ("1000000000000000", 10**15),
    ],
)  # fmt: skip
def test_values(text: str, value: object) -> None:
    found = evaluate(text, NAMES)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true or 1/0 == 1", True),
        ("false and nothing_here(1)", None),
        ("false and 1/0 == 1", False),
        ("1 if true else 1/0", 1),
        ("1/0 if false else 2", 2),
    ],
)
def test_what_need_not_be_evaluated_is_not(text: str, value: object) -> None:
    if value is None:
        # But its names are checked.
        with pytest.raises(SpecError, match="unknown function 'nothing_here'"):
            evaluate(text, NAMES)
    else:
        assert evaluate(text, NAMES) is value or evaluate(text, NAMES) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        # Types
        ("deep + 1", "arithmetic needs numbers, not true"),
        ("-deep", "a minus needs numbers, not true"),
        ("not 1", "'not' needs a condition (true or false), not 1"),
        ("1 or deep", "'or' needs a condition (true or false), not 1"),
        ("deep and 0", "'and' needs a condition (true or false), not 0"),
        ("1 if width else 2", "'if' needs a condition (true or false), not 64"),
        ("deep == 1", "true and 1 can't be compared"),
        ("deep > false", "conditions are equal or not"),
        ("min(deep, 1)", "min() needs numbers, not true"),
        ("floor(true)", "floor() needs numbers, not true"),
        # Ranges
        ("1/0", "division by zero"),
        ("1//0", "division by zero"),
        ("1 % 0", "division by zero"),
        ("width/(stride - 2)", "division by zero"),
        ("1000000000000000 + 1", "more than the limit of 1,000,000,000,000,000"),
        ("10000000*1000000000", "more than the limit of"),
        ("-10000000*1000000000", "more than the limit of"),
        ("1e400", "the number 1e400… is out of range"),
        ("1e-999999999", "is out of range"),
        ("9" * 61, "is out of range"),
        ("9" * 5000, "longer than 200 characters"),
        ("0." + "1" * 70, "is out of range"),
        ("+".join(["1"] * 101), "longer than 200 characters"),
        # Names and functions
        ("widht", "unknown name 'widht'"),
        ("abs(1)", "unknown function 'abs'"),
        ("min", "unknown name 'min'"),
        ("width(1)", "unknown function 'width'"),
        ("floor(1, 2)", "floor(): wrong arguments"),
        ("min()", "min(): wrong arguments"),
        ("divisible(8, of=8)", "divisible(): wrong arguments"),
        ("divisible(8, 0)", "divisible() needs a positive 'by'"),
        # Forms that Python has and the language has not
        ("2**3", "is not known: only + - * / // % are"),
        ("1 << 3", "is not known"),
        ("width & 1", "is not known"),
        ("+3", "only minus and 'not' may stand before a value"),
        ("~3", "only minus and 'not' may stand before a value"),
        ("1 is 1", "only == != < <= > >= compare"),
        ("1 in width", "only == != < <= > >= compare"),
        ("width.bit_length()", "is not an expression this format knows"),
        ("width.real", "is not an expression this format knows"),
        ("(1).real", "is not an expression this format knows"),
        ("width[0]", "is not an expression this format knows"),
        ("[1, 2]", "is not an expression this format knows"),
        ("(1, 2)", "is not an expression this format knows"),
        ("{1}", "is not an expression this format knows"),
        ("lambda: 1", "is not an expression this format knows"),
        ("(x := 1)", "is not an expression this format knows"),
        ("[x for x in width]", "is not an expression this format knows"),
        ("min(*width)", "is not an expression this format knows"),
        ("min(**width)", "is not an expression this format knows"),
        ("min(1)(2)", "is not an expression this format knows"),
        ("f'{width}'", "is not an expression this format knows"),
        ("'text'", "is not a number"),
        ("b'text'", "is not a number"),
        ("...", "is not a number"),
        ("await width", "is not"),
        ("yield", "is not"),
        ("__import__('os')", "'os' is not a number"),
        ("__import__(1)", "unknown function '__import__'"),
        # Numbers that Python has and the language has not
        ("True", "'True' is not a number"),
        ("None", "'None' is not a number"),
        ("1j", "is not a number"),
        ("0x10", "is not a number"),
        ("0b1", "is not a number"),
        ("0o7", "is not a number"),
        ("1_000", "is not a number"),
        ("010", "is not a number"),
        ("00", "is not a number"),
        ("1.", "is not a number"),
        (".5", "is not a number"),
        (".nan", "is not a number"),
        (".inf", "is not a number"),
        ("3x3", "is not a number"),
        ("64K", "is not a number"),
        ("1if deep else 2", "is not a number"),
        ("1e5if deep else 2", "is not a number"),
        # No expressions at all
        ("", "is not a number or an expression"),
        ("1 +", "is not a number or an expression"),
        ("3:3", "is not a number or an expression"),
        ("1; 2", "is not a number or an expression"),
        ("x = 1", "is not a number or an expression"),
        ("64 # width", "is not a number or an expression"),
        ("64#", "is not a number or an expression"),
        ("1\n+ 1", "is not a number or an expression"),
        ("1 \\\n+ 1", "is not a number or an expression"),
        ("wíde", "is not a number or an expression"),
        ("６４", "is not a number or an expression"),
        ("64\0", "is not a number or an expression"),
        ("${width}", "is not a number or an expression"),
        ("(" * 100 + "1", "is not a number or an expression"),
    ],
)
def test_errors(text: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        evaluate(text, NAMES)
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("010", "leave out the leading zeros"),
        ("1_000", "leave out the underscores"),
        ("+3", "leave out the plus"),
        (".5", "write a zero before the point"),
        ("5.", "leave out the point"),
        ("3x3", "write a list: [3, 3]"),
        ("64K", "only 'published' and 'budget' take suffixes"),
        ("${width}", "without braces"),
        ("{{ width }}", "without braces"),
        ("deep && deep", "write 'and', 'or', 'not'"),
        ("!deep", "write 'and', 'or', 'not'"),
        ("deep ? 1 : 2", "write 'a if condition else b'"),
        ("width = 3", "'==' compares"),
        ("width**2", "write the product: width*width"),
        ("min(1", "in [ ] or { } a comma ends the value: put the expression in quotes"),
        ("True", "true and false are written small"),
        ("yes", "write true or false"),
        ("off", "write true or false"),
        ("None", "true and false are written small"),
        ("min", "'min' is a function: min(...)"),
        ("widht", "did you mean 'width'?"),
        ("flor(3)", "did you mean 'floor'?"),
        ("floor()", "write floor(x)"),
        ("divisible(1, 2, 3)", "write divisible(x, by=8)"),
    ],
)
def test_hints(text: str, hint: str) -> None:
    with pytest.raises(SpecError) as caught:
        evaluate(text, NAMES)
    assert hint in (caught.value.hint or "")


def test_a_fraction_grows_no_finer_than_a_limit() -> None:
    names: dict[str, Value] = {"tiny": Fraction(1, 10**40)}
    assert evaluate("tiny/10000000000", names) == Fraction(1, 10**50)
    with pytest.raises(SpecError, match="finer than the limit of 60 digits"):
        evaluate("tiny*tiny", names)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 95 + "1" + ")" * 95,
        "-" * 90 + "1",
        "+".join(["1"] * 100),
        "not " * 49 + "true",
        "1 if 1>2 else " * 13 + "2",
    ],
)
def test_long_chains_are_values(text: str) -> None:
    assert evaluate(text, {}) in (True, False, 1, 2, 100)


@pytest.mark.parametrize(
    "text", ["-" * 199 + "1", "min(" * 40 + "1" + ")" * 40, "(" * 99 + "1" + ")" * 100]
)
def test_deep_nests_are_one_error_or_a_value(text: str) -> None:
    with suppress(SpecError):
        assert evaluate(text, {}) in (1, -1)


@given(st.text(alphabet="0123456789abcwidthif else<>=!+-*/%().,'\" notandor_eE#[]{}:", max_size=40))
def test_any_text_is_a_value_or_one_error(text: str) -> None:
    with suppress(SpecError):
        assert isinstance(evaluate(text, NAMES), int | Fraction)


@given(st.integers(1, 2000), st.integers(1, 64))
def test_divisible_is_mobilenets_rounding(x: int, by: int) -> None:
    expected = max(by, int(x + by / 2) // by * by)
    expected += by if expected < 0.9 * x else 0
    assert divisible(x, by) == expected


def test_what_an_expression_uses_is_known_in_order() -> None:
    expression = parse("b + min(a, b)*channels")
    assert expression.names == ("b", "a", "channels")
    check_names(expression, {"a", "b", "channels"})


@pytest.mark.parametrize(
    ("entry", "fits"),
    [
        ("{batch_norm: , eps: 1e-5}", True),
        ("{interpolate: 1e1}", True),
        ("{conv: 1e1}", False),
        ("{conv: 8, kernel: [1, 3e0]}", False),
        ("{relu: , repeat: 1e1}", False),
        ("{conv: 1e1*2}", False),
        ("{block: 1e1}", False),
        ("{block: 1e-1}", True),
    ],
)
def test_an_exponent_is_for_decimals(refused: Refused, entry: str, fits: bool) -> None:
    text = (
        f"input: [3, 8, 8]\nblocks:\n  block(p): [{{dropout: p}}]\nlayers: [{entry}, linear: 1]\n"
    )
    message = refused(text)
    assert ("has an exponent, which only a decimal takes" in message) is not fits
