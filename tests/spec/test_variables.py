"""``vars`` and ``--set``."""

import pytest

from archstat.spec import Settings
from tests.spec.conftest import Build, Refused
from tests.spec.graphs import op, shapes

TEXT = """\
input: [3, 8, 8]
vars: {width: 8, wide: width > 4, double: 2*width, rate: 0.1}
layers: [{conv: double, bias: wide}, dropout: rate, conv: width]
"""


def channels(build: Build, text: str, **given: str) -> list[int]:
    return [shape[0] for shape in shapes(build(text, Settings(variables=given)))]


def test_a_variable_may_use_earlier_ones(build: Build) -> None:
    assert channels(build, TEXT) == [16, 16, 8]


def test_set_comes_first(build: Build) -> None:
    assert channels(build, TEXT, width="4") == [8, 8, 4]
    assert channels(build, TEXT, double="width*3") == [24, 24, 8]
    assert channels(build, TEXT, double="5", width="6") == [5, 5, 6]
    assert op(build(TEXT, Settings(variables={"wide": "false"})), "conv1").bias is False
    assert (
        op(build(TEXT, Settings(variables={"rate": "1/4"})), "dropout1").p
        == op(build(TEXT, Settings(variables={"rate": "0.25"})), "dropout1").p
    )


@pytest.mark.parametrize(
    ("given", "message", "hint"),
    [
        ({"widht": "4"}, "--set widht: the spec has no such variable", "did you mean 'width'?"),
        ({"classes": "4"}, "--set classes: the spec has no such variable", "it has width, wide"),
        ({"width": "x"}, "--set width=x: unknown name 'x'", None),
        ({"width": "double"}, "--set width=double: unknown name 'double'", None),
        ({"width": ""}, "--set width=: '' is not a number or an expression", None),
        ({"width": "1/0"}, "--set width=1/0: division by zero", None),
        ({"width": "0"}, "double", None),
    ],
)
def test_wrong_settings(
    refused: Refused, given: dict[str, str], message: str, hint: str | None
) -> None:
    said = refused(TEXT, Settings(variables=given))
    assert (message if given != {"width": "0"} else "channels must be a positive") in said
    assert hint is None or hint in said


def test_a_spec_without_variables_takes_none(refused: Refused) -> None:
    message = refused("input: [3]\nlayers: [relu]\n", Settings(variables={"a": "1"}))
    assert "--set a: the spec has no variables" in message


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ("{a: b, b: 1}", "net.yaml:2:11: error: 'b' is not known yet"),
        ("{a: a}", "'a' is not known yet"),
        ("{a: c}", "unknown name 'c'"),
        ("{a: channels}", "unknown name 'channels'"),
        ("{a: }", "'a' is empty"),
        ("{a: []}", "'a' is empty"),
        ("{a: [1]}", "'a' is a number or an expression, not a list"),
        ("{a: text}", "unknown name 'text'"),
        ("{a-b: 1}", "'a-b' can't name a variable"),
        ("{1a: 1}", "'1a' can't name a variable"),
        ("[a]", "'vars' is a mapping, not a list"),
        ("{a: 1/0}", "division by zero"),
        ("{a: 1, a: 2}", "duplicate key 'a' (first at line 2)"),
    ],
)
def test_wrong_variables(refused: Refused, variables: str, message: str) -> None:
    assert message in refused(f"input: [3]\nvars: {variables}\nlayers: [relu]\n")


def test_variables_may_be_sizes_of_the_input(build: Build, refused: Refused) -> None:
    text = "input: [3, size, size//2]\nvars: {size: 8}\nlayers: [relu]\n"
    assert build(text).input.sample == (3, 8, 4)
    assert build(text, Settings(variables={"size": "16"})).input.sample == (3, 16, 8)
    assert "unknown name 'channels'" in refused("input: [channels]\nlayers: [relu]\n")
