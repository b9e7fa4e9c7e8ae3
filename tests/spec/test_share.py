"""``share``: an earlier layer's weights."""

import pytest

from tests.spec.conftest import Build, Refused
from tests.spec.graphs import node, total_params

HEAD = "input: [8, 16, 16]\n"


def owners(build: Build, layers: str, head: str = HEAD) -> list[tuple[str, str]]:
    graph = build(f"{head}layers: {layers}\n")
    return [(n.path, graph.nodes[n.owner].path) for i, n in enumerate(graph.nodes) if n.owner != i]


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ("[conv: 8, {conv: 8, share: conv1}]", [("conv2", "conv1")]),
        ("[conv: 8, relu, {conv: 8, share: conv}]", [("conv2", "conv1")]),
        ("{a: [conv: 8], b: [{conv: 8, share: a.conv1}]}", [("b.conv1", "a.conv1")]),
        ("[{conv: 8, name: a}, {conv: 8, share: a}, {conv: 8, share: conv1}]", [("conv1", "a"), ("conv2", "a")]),
        # Stride, padding and dilation may differ.
        (
            "[{conv: 8, kernel: 3, padding: 1}, {conv: 8, kernel: 3, stride: 2, dilation: 2, share: conv1}]",
            [("conv2", "conv1")],
        ),
        # What is inserted is its own, unless it names another.
        ("[{conv: 8, norm: batch}, {conv: 8, norm: batch, share: conv1}]", [("conv2", "conv1")]),
        (
            "[{conv: 8, norm: batch}, {conv: 8, norm: {batch: , share: conv1.norm}}]",
            [("conv2.norm", "conv1.norm")],
        ),
        (
            "[{conv: 8, norm: batch}, {conv: 8, share: conv1, norm: {batch: {share: conv1.norm}}}]",
            [("conv2", "conv1"), ("conv2.norm", "conv1.norm")],
        ),
        ("[batch_norm, {batch_norm: , share: batch_norm1}]", [("batch_norm2", "batch_norm1")]),
        # In a repeat the first copy owns, by the name it has or would have.
        ("[{conv: 8, repeat: 3, share: conv}]", [("conv2", "conv1"), ("conv3", "conv1")]),
        ("[{conv: 8, repeat: 3, name: c, share: c}]", [("c2", "c1"), ("c3", "c1")]),
        ("[conv: 8, {conv: 8, repeat: 2, share: conv1}]", [("conv2", "conv1"), ("conv3", "conv1")]),
        ("[conv: 8, {conv: 8, repeat: 2, share: conv}]", [("conv3", "conv2")]),
        # A stage of one layer stands for it, and for what is inserted behind it.
        ("{a: [conv: 8], b: [{conv: 8, share: a}]}", [("b.conv1", "a.conv1")]),
        (
            "{a: [{conv: 8, norm: batch, name: x}], b: [{conv: 8, share: a, norm: {batch: {share: a.norm}}}]}",
            [("b.conv1", "a.x"), ("b.conv1.norm", "a.x.norm")],
        ),
        # A transposed convolution may use a convolution's weights, as a tied decoder does.
        (
            "[{conv: 4, kernel: 3, bias: false}, {conv_transpose: 8, kernel: 3, bias: false, share: conv1}]",
            [("conv_transpose1", "conv1")],
        ),
    ],
)  # fmt: skip
def test_who_owns_the_weights(build: Build, layers: str, expected: list[tuple[str, str]]) -> None:
    assert owners(build, layers) == expected


def test_shared_weights_count_once(build: Build) -> None:
    graph = build(f"{HEAD}layers: [{{conv: 8, repeat: 5, share: conv}}]\n")
    assert total_params(graph) == 8 * 8 + 8
    assert node(graph, "conv5").params() == node(graph, "conv1").params()


def test_a_head_shares_an_embeddings_table(build: Build) -> None:
    head = "input: {tokens: [16], dtype: int64}\n"
    layers = "{embed: [{embedding: 8, entries: 100}], head: [{linear: 100, bias: false, share: embed.embedding}]}"
    assert owners(build, layers, head) == [("head.linear1", "embed.embedding1")]


def test_a_block_shares_only_what_is_its_own(build: Build, refused: Refused) -> None:
    block = (
        f"{HEAD}blocks:\n  block: [conv: 8, {{conv: 8, share: conv1}}]\nlayers: [block, block]\n"
    )
    graph = build(block)
    assert total_params(graph) == 2 * (8 * 8 + 8)
    other = f"{HEAD}blocks:\n  block: [{{conv: 8, share: stem}}]\nlayers: {{stem: [conv: 8], b: [relu, block]}}\n"
    assert "is called 'stem' in this block" in refused(other)


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ("[conv: 8, {conv: 4, share: conv1}]", "'conv2' can't share the weights of 'conv1': it needs weight 4×8×1×1"),
        ("[conv: 8, {conv: 8, kernel: 3, share: conv1}]", "can't share the weights of 'conv1'"),
        ("[conv: 8, {conv: 8, bias: false, share: conv1}]", "can't share the weights of 'conv1'"),
        ("[conv: 16, {conv: 16, groups: 2, share: conv1}]", "groups 2 can't share the weights of groups 1"),
        ("[conv: 8, relu, {conv: 8, share: relu1}]", "'relu1' has no weights to share"),
        ("[conv: 8, {relu: , share: conv1}]", "'relu' has no weights to share"),
        ("{a: [conv: 8, relu], b: [{conv: 8, share: a}]}", "'a' is not a layer with weights"),
        ("[{conv: 8, share: conv1}]", "no earlier layer or stage is called 'conv1'"),
        ("[conv: 8, conv: 8, {conv: 8, share: conv}]", "no earlier layer or stage is called 'conv'"),
        ("[{conv: 8, share: [a]}]", "'share' names an earlier layer or stage, not a list"),
        ("[conv: 8, {conv: 8, act: {relu: , share: conv1}}]", "'relu' has no weights to share"),
        ("[relu, {batch_norm: {affine: false}, share: relu1}]", "'relu1' has no weights to share"),
        ("[{add: [[conv: 8], identity], share: x}]", "'add' has no option 'share'"),
    ],
)  # fmt: skip
def test_wrong_shares(refused: Refused, layers: str, message: str) -> None:
    assert message in refused(f"{HEAD}layers: {layers}\n")


TWICE = f"""{HEAD}blocks:
  inner(width): [{{conv: width, norm: batch, act: relu}}]
  tower(width=8): [conv: width, {{conv: 8, share: conv1}}, inner: width, {{add: {{x: [relu, last], y: identity}}}}]
  last: [conv: 8, relu]
  other: [batch_norm]
"""


@pytest.mark.parametrize(
    ("layers", "mine", "theirs"),
    [
        ("{a: [tower], b: [{tower: , share: a, from: input}]}", "b.", "a."),
        ("{a: [relu, tower], b: [{tower: , share: a}]}", "b.", "a.tower1."),
        ("{a: [relu, tower], b: [{tower: , share: a.tower}]}", "b.", "a.tower1."),
        ("[tower, relu, {tower: , share: tower}]", "tower2.", "tower1."),
        ("[{tower: , name: x}, {tower: , share: x, name: y}]", "y.", "x."),
        ("{a: {b: [tower]}, c: {d: [{tower: , share: a.b}]}}", "c.d.", "a.b."),
    ],
)
def test_a_call_shares_the_weights_of_another(
    build: Build, layers: str, mine: str, theirs: str
) -> None:
    found = owners(build, layers, TWICE)
    assert [(a, b) for a, b in found if a.startswith(mine)] == [
        (f"{mine}conv1", f"{theirs}conv1"),
        (f"{mine}conv2", f"{theirs}conv1"),
        (f"{mine}inner1.conv1", f"{theirs}inner1.conv1"),
        (f"{mine}inner1.conv1.norm", f"{theirs}inner1.conv1.norm"),
        (f"{mine}x.last1.conv1", f"{theirs}x.last1.conv1"),
    ]


def test_a_repeated_call_shares_the_weights_of_its_first_copy(build: Build) -> None:
    graph = build(f"{TWICE}layers: [{{tower: , repeat: 3, share: tower}}]\n")
    once = build(f"{TWICE}layers: [tower]\n")
    assert total_params(graph) == total_params(once)
    assert len(graph.nodes) - 1 == 3 * (len(once.nodes) - 1)


def test_calls_of_blocks_that_share_inside_are_no_copies_of_one_another(build: Build) -> None:
    text = f"{TWICE}  pair: {{a: [tower], b: [{{tower: , share: a}}]}}\nlayers: [pair, pair]\n"
    graph = build(text)
    found = {n.path: graph.nodes[n.owner].path for n in graph.nodes}
    for pair in "pair1", "pair2":
        assert found[f"{pair}.b.conv1"] == f"{pair}.a.conv1"
        assert found[f"{pair}.b.inner1.conv1.norm"] == f"{pair}.a.inner1.conv1.norm"


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ("[tower, {tower: 4, share: tower}]", "can't share the weights of 'tower1.conv1'"),
        ("{a: [conv: 8], b: [{tower: , share: a}]}", "'a' has no conv at 'a.inner1.conv1' for 'b.inner1.conv1' to"),
        ("{a: [conv: 8], b: [{other: , share: a}]}", "'a' has no batch_norm at 'a.batch_norm1'"),
        ("[{tower: , share: tower}]", "no earlier layer or stage is called 'tower'"),
        ("[tower, {tower: , share: [tower]}]", "'share' names an earlier layer or stage, not a list"),
        ("[tower, {tower: , share: tower, groups: 2}]", "has no parameter 'groups'"),
    ],
)  # fmt: skip
def test_wrong_shares_of_calls(refused: Refused, layers: str, message: str) -> None:
    assert message in refused(f"{TWICE}layers: {layers}\n")


def test_a_call_can_not_share_weights_that_are_not_there(refused: Refused) -> None:
    blocks = "blocks:\n  scaled(affine): [{batch_norm: , affine: affine}]\n"
    layers = "layers: [scaled: false, {scaled: true, share: scaled}]\n"
    assert "'scaled1.batch_norm1' has no weights for 'scaled2.batch_norm1' to share" in refused(
        f"{HEAD}{blocks}{layers}"
    )
