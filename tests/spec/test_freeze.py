"""``freeze`` and ``unfreeze``: globs on the paths of layers and of what is around them."""

import pytest

from archstat.passes import trainable_params
from tests.spec.conftest import Build, Refused
from tests.spec.graphs import paths

TEXT = """\
input: [3, 16, 16]
defaults: {conv: {kernel: 3, padding: same, norm: batch, act: relu}}
layers:
  conv1: [conv: 4, conv: 4]
  conv10: [conv: 4]
  body: {a: [conv: 4], b: [conv: 4]}
  head: [flatten, linear: 10]
aux: {side: [from: conv1, flatten, linear: 2]}
"""
WITH = [
    "conv1.conv1", "conv1.conv1.norm", "conv1.conv2", "conv1.conv2.norm", "conv10.conv1",
    "conv10.conv1.norm", "body.a.conv1", "body.a.conv1.norm", "body.b.conv1", "body.b.conv1.norm",
    "head.linear1", "side.linear1",
]  # fmt: skip


def trained(build: Build, lines: str) -> list[str]:
    """Return the layers with weights that are trained."""
    graph = build(TEXT + lines)
    return [n.path for n in graph.nodes if n.params() and not n.frozen]


@pytest.mark.parametrize(
    ("lines", "left"),
    [
        ("", WITH),
        ("freeze: all", []),
        ("freeze: [all]", []),
        ("freeze: all\nunfreeze: [head]", ["head.linear1"]),
        # A name covers all below it, and nothing beside it.
        ("freeze: [conv1]", WITH[4:]),
        ("freeze: conv1", WITH[4:]),
        ("freeze: [conv1.conv1]", WITH[2:]),
        ("freeze: [conv1.conv1.norm]", [WITH[0], *WITH[2:]]),
        ("freeze: [conv1*]", WITH[6:]),
        # * crosses dots.
        ("freeze: ['*.norm']", [p for p in WITH if not p.endswith("norm")]),
        ("freeze: ['b*1']", [*WITH[:6], *WITH[10:]]),
        ("freeze: ['*']", []),
        ("freeze: ['conv?']", WITH[4:]),
        ("freeze: ['body.[ab]']", [*WITH[:6], *WITH[10:]]),
        ("freeze: ['body.[!a]']", [*WITH[:8], *WITH[10:]]),
        # Auxiliary heads too.
        ("freeze: [side]", WITH[:-1]),
        # unfreeze wins, whichever is longer.
        ("freeze: [conv1.conv1]\nunfreeze: [conv1]", WITH),
        ("freeze: [body]\nunfreeze: [body.b, body.a.conv1.norm]", [*WITH[:6], *WITH[7:]]),
    ],
)
def test_what_is_trained(build: Build, lines: str, left: list[str]) -> None:
    assert trained(build, lines) == left


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("freeze: [conv2]", "net.yaml:9:10: error: 'conv2' matches no layer"),
        ("freeze: [conv2*]", "'conv2*' matches no layer"),
        ("freeze: [haed]", "hint: did you mean 'head'?"),
        ("freeze: all\nunfreeze: [nothing]", "'nothing' matches no layer"),
        ("unfreeze: [head]", "'unfreeze' without 'freeze': nothing is frozen"),
        ("freeze: {conv1: true}", "'freeze' is 'all' or a list of names and globs, not a mapping"),
        ("freeze: [[conv1]]", "'freeze' is 'all' or a list of names and globs, not a list"),
        ("freeze: []", "'freeze' is empty"),
        ("freeze: [CONV1]", "'CONV1' matches no layer"),
        ("freeze: ['']", "'' matches no layer"),
        (
            "freeze: [body, head.flatten1]",
            "net.yaml:9:16: error: 'head.flatten1' matches no layer with weights",
        ),
        ("freeze: ['*.flatten?']", "hint: there are weights in conv1, conv10, body, head, side"),
        ("freeze: [input]", "'input' matches no layer with weights"),
        ("freeze: all\nunfreeze: [head.flatten1]", "'head.flatten1' matches no layer with weights"),
        ("freeze: ['[']", "'[' matches no layer"),
    ],
)
def test_wrong_globs(refused: Refused, lines: str, message: str) -> None:
    assert message in refused(f"{TEXT}{lines}\n")


SHARED = """\
input: [8]
layers:
  a: [linear: 8]
  b: [{linear: 8, share: a.linear1}]
  c: [linear: 8]
"""


@pytest.mark.parametrize(
    ("lines", "left"),
    [
        ("", ["a.linear1", "b.linear1", "c.linear1"]),
        ("freeze: a", ["c.linear1"]),
        ("freeze: b", ["c.linear1"]),
        ("freeze: all\nunfreeze: a", ["a.linear1", "b.linear1"]),
        ("freeze: all\nunfreeze: b", ["a.linear1", "b.linear1"]),
        ("freeze: [a, c]\nunfreeze: b", ["a.linear1", "b.linear1"]),
    ],
)
def test_shared_weights_are_one_parameter(build: Build, lines: str, left: list[str]) -> None:
    graph = build(SHARED + lines)
    assert [n.path for n in graph.nodes if n.params() and not n.frozen] == left
    assert sum(trainable_params(graph)) == 72 * len({n[0] for n in left} - {"b"})


def test_no_weights_at_all(build: Build, refused: Refused) -> None:
    text = "input: [3, 8, 8]\nlayers: {a: [relu]}\n"
    assert [n.path for n in build(f"{text}freeze: all\n").nodes] == ["input", "a.relu1"]
    assert "hint" not in refused(f"{text}freeze: a\n")


def test_a_stage_may_be_called_all(build: Build) -> None:
    graph = build("input: [3, 8, 8]\nlayers: {a: [conv: 3], all: [conv: 3]}\nfreeze: all\n")
    assert [n.frozen for n in graph.nodes[1:]] == [True, True]
    assert paths(graph) == ["a.conv1", "all.conv1"]
