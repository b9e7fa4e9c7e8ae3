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
        ("{a: [conv: 8], b: [{conv: 8, share: a}]}", "'a' is not a layer with weights"),
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
