"""How layers are named and numbered, and what of a path is left out."""

import pytest

from archstat.spec import bundled, load
from tests.spec.conftest import Build, Refused
from tests.spec.graphs import paths

HEAD = "input: [3, 32, 32]\n"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        # A list numbers its layers per word.
        ("[conv: 8, relu, conv: 8, relu]", "conv1 relu1 conv2 relu2"),
        # Stages, and stages in stages, go before.
        ("{a: [conv: 8], b: [conv: 8, relu]}", "a.conv1 b.conv1 b.relu1"),
        ("{a: {b: [conv: 8], c: [relu]}, d: [relu]}", "a.b.conv1 a.c.relu1 d.relu1"),
        # A stage may be called like an op.
        ("{conv: [conv: 8], relu: [relu]}", "conv.conv1 relu.relu1"),
        # name: overrides the number, and the others are numbered without it.
        ("[{conv: 8, name: stem}, conv: 8]", "stem conv1"),
        ("[{conv: 8, name: conv2}, conv: 8, conv: 8]", "conv2 conv1 conv3"),
        # All of the letters that a name may hold.
        ("{3x3_a-b/c+d: [conv: 8]}", "3x3_a-b/c+d.conv1"),
        # repeat numbers, a name with repeat too.
        ("[{conv: 8, repeat: 3}, conv: 8]", "conv1 conv2 conv3 conv4"),
        ("[{conv: 8, repeat: 2, name: c}, conv: 8]", "c1 c2 conv1"),
        ("[{conv: 8, repeat: 1, name: c}]", "c1"),
        # What norm: and act: insert, and an explicit pad, are layers below.
        (
            "[{conv: 8, norm: batch, act: relu, kernel: 2, padding: tf_same}]",
            "conv1.pad conv1 conv1.norm conv1.act",
        ),
        # A list in a list shares its names.
        ("[conv: 8, [conv: 8, relu], conv: 8]", "conv1 conv2 relu1 conv3"),
        # identity is nothing, and has no number.
        ("[identity, conv: 8, identity]", "conv1"),
        ("{a: identity, b: [relu]}", "b.relu1"),
        ("identity", ""),
    ],
)
def test_layers_are_numbered_per_word_and_body(build: Build, body: str, expected: str) -> None:
    assert " ".join(paths(build(f"{HEAD}layers: {body}\n"))) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        # The branches of a join stand beside its neighbours.
        (
            "[concat: {one: [conv: 8], two: [conv: 8]}]",
            "one.conv1 two.conv1 concat1",
        ),
        # Unless a name there is taken: then the join's own name goes before them all.
        (
            "[add: {x: [conv: 3], y: identity}, add: {x: [conv: 3], z: identity}]",
            "x.conv1 add1 add2.x.conv1 add2",
        ),
        ("[{conv: 3, name: x}, add: {x: [conv: 3], y: identity}]", "x add1.x.conv1 add1"),
        # Branches without names are numbered below the join.
        ("[add: [[conv: 3], identity]]", "add1.branch1.conv1 add1"),
        # A branch may hold stages.
        ("[add: {x: {a: [conv: 3], b: [relu]}, y: identity}]", "x.a.conv1 x.b.relu1 add1"),
        # name: on the join.
        ("[{add: {x: [conv: 3], y: identity}, name: sum}]", "x.conv1 sum"),
        # A layer numbers around a branch's name.
        (
            "[add: {conv1: [conv: 3], y: identity}, conv: 3]",
            "conv1.conv1 add1 conv2",
        ),
    ],
)
def test_a_joins_name_is_left_out_of_its_branches(build: Build, body: str, expected: str) -> None:
    assert " ".join(paths(build(f"{HEAD}layers: {body}\n"))) == expected


BLOCKS = """\
input: [3, 32, 32]
blocks:
  two(width): [conv: width, conv: width]
  outer(width): [two: width, relu]
  alone(width): [two: width]
  residual(): [add: {main: [conv: channels], shortcut: identity}, relu]
layers: """


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        # A repeated block is numbered like a layer.
        ("[{two: 8, repeat: 2}]", "two1.conv1 two1.conv2 two2.conv1 two2.conv2"),
        ("{a: [two: 8, two: 8]}", "a.two1.conv1 a.two1.conv2 a.two2.conv1 a.two2.conv2"),
        # A block that is called alone in a body takes the body's name.
        ("{a: [two: 8]}", "a.conv1 a.conv2"),
        ("[two: 8]", "conv1 conv2"),
        ("{a: [outer: 8]}", "a.two1.conv1 a.two1.conv2 a.relu1"),
        ("{a: [alone: 8]}", "a.conv1 a.conv2"),
        ("{a: [{two: 8, when: true}]}", "a.conv1 a.conv2"),
        ("[add: {x: [two: 3], y: identity}]", "x.conv1 x.conv2 add1"),
        # Not if it has a name of its own, is repeated, or has company.
        ("{a: [{two: 8, name: b}]}", "a.b.conv1 a.b.conv2"),
        ("{a: [{two: 8, repeat: 1}]}", "a.two1.conv1 a.two1.conv2"),
        ("{a: [[two: 8], relu]}", "a.two1.conv1 a.two1.conv2 a.relu1"),
        # A join in a block leaves its name out, once for each call.
        (
            "{a: [residual, residual]}",
            "a.residual1.main.conv1 a.residual1.add1 a.residual1.relu1 "
            "a.residual2.main.conv1 a.residual2.add1 a.residual2.relu1",
        ),
    ],
)
def test_a_lone_block_call_takes_its_bodys_name(build: Build, body: str, expected: str) -> None:
    assert " ".join(paths(build(BLOCKS + body + "\n"))) == expected


@pytest.mark.parametrize(
    "name", ["a b", "a.b", "a:b", "ä", "a" * 65, "conv(1)", "*", "", "a\tb", "#"]
)
def test_names_hold_letters_digits_and_four_signs(refused: Refused, name: str) -> None:
    assert "can't name a stage" in refused(f'{HEAD}layers: {{"{name}": [relu]}}\n')


def test_a_name_of_64_characters_is_a_name(build: Build) -> None:
    assert paths(build(f"{HEAD}layers: {{{'a' * 64}: [relu]}}\n")) == [f"{'a' * 64}.relu1"]


def test_a_name_is_taken_once_in_a_body(refused: Refused) -> None:
    message = refused(f"{HEAD}layers:\n  - {{conv: 8, name: a}}\n  - {{relu: , name: a}}\n")
    assert "net.yaml:4:20: error: the name 'a' is taken in this body (first at line 3)" in message
    assert "the name 'conv1' is taken" in refused(
        f"{HEAD}layers: [conv: 8, {{relu: , name: conv1}}]\n"
    )


def test_equal_names_in_different_bodies_are_two_layers(build: Build) -> None:
    graph = build(f"{HEAD}layers: {{a: [{{relu: , name: x}}], b: [{{relu: , name: x}}]}}\n")
    assert paths(graph) == ["a.x", "b.x"]


@pytest.mark.parametrize("name", bundled())
def test_every_layer_of_a_bundled_spec_has_a_path_of_its_own(name: str) -> None:
    found = paths(load(name).graph)
    assert len(set(found)) == len(found)
