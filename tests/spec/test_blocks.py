"""Blocks are functions: headings, arguments as Python matches them, what a body sees, no recursion."""

import pytest

from tests.spec.conftest import Build, Refused
from tests.spec.graphs import op, paths, shapes

HEAD = "input: [4, 8, 8]\nvars: {width: 16}\n"


def channels(build: Build, heading: str, call: str, body: str = "[conv: a, conv: b]") -> list[int]:
    graph = build(f"{HEAD}blocks:\n  {heading}: {body}\nlayers: [{call}]\n")
    return [shape[0] for shape in shapes(graph)]


@pytest.mark.parametrize(
    ("heading", "call", "expected"),
    [
        ("block(a, b)", "block: [1, 2]", [1, 2]),
        ("block(a, b)", "{block: 1, b: 2}", [1, 2]),
        ("block(a, b)", "{block: , b: 2, a: 1}", [1, 2]),
        ("block(a, b)", "{b: 2, a: 1, block: }", [1, 2]),
        ("block(a, b)", "block: {a: 1, b: 2}", [1, 2]),
        ("block(a, b)", "{block: {a: 1}, b: 2}", [1, 2]),
        ("block(a, b=5)", "block: 1", [1, 5]),
        ("block(a, b=5)", "block: [1]", [1, 5]),
        ("block(a, b=5)", "block: [1, 2]", [1, 2]),
        # A default may use earlier parameters, variables and the channels that arrive.
        ("block(a, b=2*a)", "block: 3", [3, 6]),
        ("block(a=width, b=a//2)", "block", [16, 8]),
        ("block(a=channels, b=channels*2)", "block", [4, 8]),
        ("block(a, b=min(a, 7))", "block: 9", [9, 7]),
        ("block( a , b = (1 + 1) )", "block: 1", [1, 2]),
        ("block(a, b=1 if a == 2 else 3,)", "block: 2", [2, 1]),
        # An argument is the caller's expression.
        ("block(a, b)", "block: [width, channels + 1]", [16, 5]),
    ],
)
def test_arguments_are_matched_as_python_does(
    build: Build, heading: str, call: str, expected: list[int]
) -> None:
    assert channels(build, heading, call) == expected


@pytest.mark.parametrize(
    ("heading", "call", "message"),
    [
        ("block(a, b)", "block", "block(a, b) needs 'a'"),
        ("block(a, b)", "block: 1", "block(a, b) needs 'b'"),
        ("block(a, b)", "block: [1, 2, 3]", "block(a, b) takes 2 values, not 3"),
        ("block(a, b)", "{block: [1, 2], a: 1}", "block(a, b) gets 'a' twice"),
        ("block(a, b)", "{block: {a: 1}, a: 1}", "block(a, b) gets 'a' twice"),
        ("block(a, b)", "{block: [1, 2], c: 1}", "block(a, b) has no parameter 'c'"),
        ("block(a, b)", "{block: {a: 1, b: 2, repeat: 2}}", "has no parameter 'repeat'"),
        ("block(a, b)", "block: [1, [2]]", "an argument is a number or an expression, not a list"),
        ("block(a, b)", "{block: [1, 2], act: relu}", "has no parameter 'act'"),
        ("block(a, b=2)", "block: nothing", "unknown name 'nothing'"),
        ("block(a, b=c)", "block: 1", "unknown name 'c'"),
        ("block(a=b, b=1)", "block: 1", "unknown name 'b'"),
        ("block(a=1, b)", "block: [1, 2]", "parameter 'b' has no default but follows one that has"),
        ("block(a, a)", "block: 1", "parameter 'a' appears twice"),
        ("block(a, 2b)", "block: 1", "'2b' can't name a parameter"),
        ("block(a, b c)", "block: 1", "'b c' can't name a parameter"),
        ("block(a,, b)", "block: 1", "'' can't name a parameter"),
        ("block(a, b=)", "block: 1", "'' is not a number or an expression"),
        ("block(a, b", "block: 1", "is not a block's heading"),
        ("block a, b", "block: 1", "is not a block's heading"),
        ("(a)", "block: 1", "is not a block's heading"),
        ("2d(a)", "relu", "'2d' can't name a block"),
        ("bl-ock(a)", "relu", "'bl-ock' can't name a block"),
    ],
)
def test_wrong_calls_and_headings(refused: Refused, heading: str, call: str, message: str) -> None:
    body = "[conv: a, conv: b]" if "b" in heading[5:] else "[relu]"
    assert message in refused(f"{HEAD}blocks:\n  {heading}: {body}\nlayers: [{call}]\n")


@pytest.mark.parametrize(
    "word",
    ["conv", "relu", "min", "divisible", "channels", "identity", "input", "from", "repeat", "when",
     "true", "false", "name", "act", "lambda", "if", "and", "True"],
)  # fmt: skip
@pytest.mark.parametrize(
    "text", ["blocks: {{{}: [relu]}}", 'blocks: {{"block({})": [relu]}}', "vars: {{{}: 3}}"]
)
def test_words_of_the_language_name_nothing(refused: Refused, text: str, word: str) -> None:
    message = refused(f"input: [4, 8, 8]\n{text.format(word)}\nlayers: [relu]\n")
    assert f"'{word}' is a word of the format and can't name " in message


def test_a_heading_without_parameters_is_a_word(build: Build, refused: Refused) -> None:
    for heading in ("block", "block()", "block( )"):
        assert paths(build(f"{HEAD}blocks: {{{heading}: [relu]}}\nlayers: [block, block]\n")) == [
            "block1.relu1",
            "block2.relu1",
        ]
    message = refused(f"{HEAD}blocks: {{block: [relu]}}\nlayers: [block: 3]\n")
    assert "block() takes no values, not 1" in message
    twice = refused(f"{HEAD}blocks:\n  block: [relu]\n  block(): [relu]\nlayers: [relu]\n")
    assert "net.yaml:5:3: error: block 'block' is defined twice (first at line 4)" in twice


def test_a_block_sees_nothing_of_its_caller(build: Build, refused: Refused) -> None:
    inner = "  inner: [conv: size]\n  outer(size): [inner]\n"
    assert "unknown name 'size'" in refused(f"{HEAD}blocks:\n{inner}layers: [outer: 3]\n")
    # A parameter hides a variable, in the block and nowhere else.
    graph = build(
        f"{HEAD}blocks:\n  inner: [conv: width]\n  outer(width): [conv: width, inner]\nlayers: [outer: 3]\n"
    )
    assert [shape[0] for shape in shapes(graph)] == [3, 16]


def test_channels_follow_what_arrives(build: Build) -> None:
    graph = build(
        f"{HEAD}blocks:\n  double(): [conv: 2*channels, conv: 2*channels]\nlayers: [double, double]\n"
    )
    assert [shape[0] for shape in shapes(graph)] == [8, 16, 32, 64]


def test_an_argument_may_be_a_condition(build: Build) -> None:
    text = f"{HEAD}blocks:\n  block(biased): [{{conv: 4, bias: biased}}]\nlayers: [block: %s]\n"
    assert op(build(text % "width > 3"), "conv1").bias is True
    assert op(build(text % "false"), "conv1").bias is False


def test_true_and_1_are_different_arguments(refused: Refused) -> None:
    text = f"{HEAD}blocks:\n  block(biased): [{{conv: 4, bias: biased}}]\n"
    message = refused(f"{text}layers: [block: true, block: 1]\n")
    assert "bias must be true or false, not 1" in message


def test_blocks_never_call_themselves(refused: Refused) -> None:
    message = refused(
        f"{HEAD}blocks:\n  a: [b]\n  b: [{{concat: [[c], identity]}}]\n  c: {{x: [a]}}\nlayers: [relu]\n"
    )
    assert "blocks call one another in a circle: a -> b -> c -> a" in message
    # Not even where it would end.
    message = refused(f"{HEAD}blocks:\n  a(n): [relu, {{a: n - 1, when: n > 0}}]\nlayers: [a: 3]\n")
    assert "blocks call one another in a circle: a -> a" in message


def test_blocks_nest_60_deep(build: Build, refused: Refused) -> None:
    def chain(n: int) -> str:
        calls = "".join(f"  b{i}: [add: [[b{i + 1}], identity]]\n" for i in range(n - 1))
        return f"{HEAD}blocks:\n{calls}  b{n - 1}: [relu]\nlayers: [b0]\n"

    assert len(build(chain(60)).nodes) == 61
    assert "blocks nest deeper than 60" in refused(chain(61))


def test_an_error_in_a_block_says_who_called_it(refused: Refused) -> None:
    message = refused(
        f"{HEAD}blocks:\n  inner(a): [relu, conv: a]\n  outer(b): [inner: b, inner: b - 1]\n"
        "layers:\n  - outer: 2\n  - outer: 1\n"
    )
    assert message.startswith(
        "net.yaml:4:26: error: channels must be a positive whole number, not 0"
    )
    lines = message.splitlines()
    assert "  in inner, called at line 5" in lines
    assert "  in outer, called at line 8" in lines
    assert lines.index("  in inner, called at line 5") < lines.index("  in outer, called at line 8")


def test_an_unused_block_is_checked_for_words_and_names(refused: Refused) -> None:
    for body, message in (
        ("[convolve: 3]", "no layer or block is called 'convolve'"),
        ("[conv: nothing]", "unknown name 'nothing'"),
        ("[{conv: 3, kernal: 3}]", "'conv' has no option 'kernal'"),
        ("{a: }", "'a' is empty"),
    ):
        text = refused(f"{HEAD}blocks:\n  block(a): {body}\nlayers: [relu]\n")
        assert message in text
        assert "in block block" in text


def test_an_unused_block_is_not_shaped(build: Build) -> None:
    graph = build(
        f"{HEAD}blocks:\n  block(a): [linear: a, {{conv: 3, kernel: 99}}]\nlayers: [relu]\n"
    )
    assert paths(graph) == ["relu1"]


@pytest.mark.parametrize("skip", ["enc2", "encoder.enc2", "enc-2"])
def test_a_layer_is_no_argument(refused: Refused, skip: str) -> None:
    said = refused(
        "input: [3, 8, 8]\nblocks:\n  up(n, skip): [conv: n]\n"
        f"layers: {{enc2: [relu], dec: [{{up: 4, skip: {skip}}}]}}\n"
    )
    assert "a block sees only its own layers: write the concat where the block is called" in said


def test_a_misspelt_variable_is_still_told(refused: Refused) -> None:
    said = refused(
        "input: [3, 8, 8]\nvars: {width: 4}\nblocks:\n  up(n): [conv: n]\nlayers: [up: widht]\n"
    )
    assert "did you mean 'width'?" in said
