"""Earlier outputs by name: ``from``, bare names in joins, ``outputs``, ``aux``; what is visible from where."""

import pytest

from tests.spec.conftest import Build, Refused
from tests.spec.graphs import node, paths, read

HEAD = "input: [3, 8, 8]\n"


@pytest.mark.parametrize(
    ("layers", "reader", "source"),
    [
        # A layer of the same body, a stage, a layer of a stage.
        ("[conv: 3, relu, {sigmoid: , from: conv1}]", "sigmoid1", "conv1"),
        ("[conv: 3, relu, from: conv1, sigmoid]", "sigmoid1", "conv1"),
        ("[{from: input, sigmoid: }]", "sigmoid1", "input"),
        ("{a: [conv: 3, relu], b: [tanh], c: [{sigmoid: , from: a}]}", "c.sigmoid1", "a.relu1"),
        ("{a: [conv: 3, relu], b: [tanh], c: [from: a.conv1, sigmoid]}", "c.sigmoid1", "a.conv1"),
        ("{a: {x: [conv: 3], y: [relu]}, b: [from: a.x, sigmoid]}", "b.sigmoid1", "a.x.conv1"),
        ("{a: {x: [conv: 3], y: [from: x, sigmoid]}}", "a.y.sigmoid1", "a.x.conv1"),
        # From the innermost body outwards.
        ("{a: [relu], b: {a: [tanh], c: [from: a, sigmoid]}}", "b.c.sigmoid1", "b.a.tanh1"),
        ("{conv1: [relu], b: [conv: 3, relu, from: conv1, sigmoid]}", "b.sigmoid1", "b.conv1"),
        # A full path goes past what hides a name.
        ("{a: {x: [relu]}, b: {a: [tanh], c: [from: a.x, sigmoid]}}", "b.c.sigmoid1", "a.x.relu1"),
        # The result, after norm and act; those by paths of their own.
        ("[{conv: 3, norm: batch, act: relu}, tanh, from: conv1, sigmoid]", "sigmoid1", "conv1.act"),
        ("[{conv: 3, norm: batch, act: relu}, from: conv1.norm, sigmoid]", "sigmoid1", "conv1.norm"),
        # The only one of its kind needs no number; a stage's own name goes first.
        ("[conv: 3, relu, from: conv, sigmoid]", "sigmoid1", "conv1"),
        ("{a: [conv: 3, relu], b: [from: a.conv, sigmoid]}", "b.sigmoid1", "a.conv1"),
        # What stands before a join is visible in its branches, and they are visible after it.
        ("[conv: 3, relu, add: {x: [from: conv1, sigmoid], y: identity}]", "x.sigmoid1", "conv1"),
        ("[add: {x: [conv: 3], y: identity}, relu, from: x, sigmoid]", "sigmoid1", "x.conv1"),
        ("[add: {x: [conv: 3], y: identity}, relu, from: x.conv1, sigmoid]", "sigmoid1", "x.conv1"),
        ("[add: {x: [conv: 3, relu, from: conv1, sigmoid], y: identity}]", "x.sigmoid1", "x.conv1"),
        # A join by its name, a block by its name.
        ("[add: {x: [conv: 3], y: identity}, relu, from: add1, sigmoid]", "sigmoid1", "add1"),
        ("[{add: {x: [conv: 3], y: identity}, name: s}, relu, from: s, sigmoid]", "sigmoid1", "s"),
        ("[two: 3, two: 3, from: two1, sigmoid]", "sigmoid1", "two1.conv2"),
        ("{a: [two: 3], b: [relu, from: a.conv1, sigmoid]}", "b.sigmoid1", "a.conv1"),
        # A branch without a name.
        ("[add: [[conv: 3], identity], from: add1.branch1.conv1, sigmoid]", "sigmoid1", "add1.branch1.conv1"),
        # An identity stage is what arrived.
        ("{a: [relu], b: identity, c: [tanh], d: [from: b, sigmoid]}", "d.sigmoid1", "a.relu1"),
    ],
)  # fmt: skip
def test_what_a_name_means(build: Build, layers: str, reader: str, source: str) -> None:
    graph = build(f"{HEAD}blocks:\n  two(n): [conv: n, conv: n]\nlayers: {layers}\n")
    assert read(graph, reader) == [source]


@pytest.mark.parametrize(
    ("layers", "name"),
    [
        # Later, nowhere, itself.
        ("[{sigmoid: , from: relu1}, relu]", "relu1"),
        ("[relu, from: nothing]", "nothing"),
        ("[{relu: , from: relu1}]", "relu1"),
        # The stage that is being built.
        ("{a: [relu, from: a]}", "a"),
        # A sibling branch, from its body or as a bare name.
        ("[add: {x: [conv: 3], y: [from: x]}]", "x"),
        ("[add: {x: [conv: 3], y: [from: x.conv1]}]", "x.conv1"),
        ("[add: {x: [conv: 3], y: x}]", "x"),
        # More than one of its kind.
        ("[conv: 3, conv: 3, from: conv]", "conv"),
        # Inside a stage, a name of another one needs its path.
        ("{a: [conv: 3], b: [from: conv1]}", "conv1"),
        # Left out.
        ("[{conv: 3, name: c, when: false}, from: c]", "c"),
    ],
)
def test_what_no_name_means(refused: Refused, layers: str, name: str) -> None:
    message = refused(f"{HEAD}layers: {layers}\n")
    assert f"error: no earlier layer or stage is called '{name}'" in message


BLOCK = f"{HEAD}blocks:\n  block: [conv: 3, {{}}]\nlayers: {{{{a: [relu], b: [tanh, block]}}}}\n"


def test_in_a_block_only_its_own_layers_and_input_are_visible(
    build: Build, refused: Refused
) -> None:
    for name in "a", "tanh1", "b.tanh1", "a.relu1", "b":
        message = refused(BLOCK.format(f"from: {name}"))
        assert f"no earlier layer or stage is called '{name}' in this block" in message
        message = refused(BLOCK.format(f"add: [{name}, identity]"))
        assert f"no earlier layer or stage is called '{name}' in this block" in message
    graph = build(BLOCK.format("{sigmoid: , from: conv1}"))
    assert read(graph, "b.block1.sigmoid1") == ["b.block1.conv1"]
    graph = build(BLOCK.format("{sigmoid: , from: input}"))
    assert read(graph, "b.block1.sigmoid1") == ["b.tanh1"]


def test_a_lone_block_call_sees_nothing_of_its_caller_either(refused: Refused) -> None:
    blocks = f"{HEAD}blocks:\n  block: [from: tanh1]\n"
    for layers in "{a: [tanh], b: [block]}", "[tanh, block]", "[tanh, [block]]":
        assert "is called 'tanh1' in this block" in refused(f"{blocks}layers: {layers}\n")


@pytest.mark.parametrize(
    ("join", "sources"),
    [
        ("concat: [a, identity]", ["a.conv1", "b.tanh1"]),
        ("concat: [a, b.tanh1]", ["a.conv1", "b.tanh1"]),
        ("concat: [input, identity]", ["input", "b.tanh1"]),
        ("concat: {one: a, two: identity}", ["a.conv1", "b.tanh1"]),
        ("concat: [a, a]", ["a.conv1", "a.conv1"]),
        # A bare word is a layer, too.
        ("concat: [relu, identity]", ["b.concat1.branch1.relu1", "b.tanh1"]),
        ("concat: {gate: sigmoid, x: a}", ["b.gate.sigmoid1", "a.conv1"]),
        ("concat: [block, identity]", ["b.concat1.branch1.softmax1", "b.tanh1"]),
    ],
)
def test_bare_names_in_a_join(build: Build, join: str, sources: list[str]) -> None:
    graph = build(
        f"{HEAD}blocks: {{block: [softmax]}}\nlayers: {{a: [conv: 3], b: [tanh, {join}]}}\n"
    )
    assert read(graph, "b.concat1") == sources


def test_a_bare_word_that_is_both_an_op_and_a_stage_is_refused(
    refused: Refused, build: Build
) -> None:
    stages = f"{HEAD}layers: {{{{relu: [conv: 3], b: [conv: 3, add: [{{}}, identity]]}}}}\n"
    message = refused(stages.format("relu"))
    assert "error: 'relu' is an op and an earlier stage here" in message
    assert "hint: write [relu] for the layer, or the stage's full path" in message
    assert read(build(stages.format("[relu]")), "b.add1")[0] == "b.add1.branch1.relu1"
    assert read(build(stages.format("relu.conv1")), "b.add1")[0] == "relu.conv1"
    # A layer numbered relu1 is no stage called relu.
    graph = build(f"{HEAD}layers: [relu, conv: 3, add: [relu, identity]]\n")
    assert read(graph, "add1")[0] == "add1.branch1.relu1"
    message = refused(f"{HEAD}layers: {{a: [add: [conv, identity]]}}\n")
    assert "no earlier layer or stage is called 'conv'" in message
    assert "hint: write [conv: ...]" in message
    blocks = f"{HEAD}blocks: {{b: [relu]}}\nlayers: {{b: [conv: 3], c: [add: [b, identity]]}}\n"
    assert "error: 'b' is a block and an earlier stage here" in refused(blocks)


def test_outputs_name_stages_and_layers(build: Build, refused: Refused) -> None:
    text = f"{HEAD}layers: {{{{a: [conv: 4], b: [conv: 5, relu], c: [conv: 6]}}}}\noutputs: {{}}\n"
    graph = build(text.format("[b, a]"))
    assert [graph.nodes[i].path for i in graph.outputs] == ["b.relu1", "a.conv1"]
    graph = build(text.format("b.conv1"))
    assert [graph.nodes[i].path for i in graph.outputs] == ["b.conv1"]
    graph = build(f"{HEAD}layers: {{a: [conv: 4], b: [relu]}}\n")
    assert [graph.nodes[i].path for i in graph.outputs] == ["b.relu1"]
    for value, message in (
        ("[d]", "no earlier layer or stage is called 'd'"),
        ("[]", "'outputs' is empty"),
        ("", "'outputs' is empty"),
        ("[[a]]", "'outputs' names an earlier layer or stage, not a list"),
        ("[a b]", "'outputs' names an earlier layer or stage, not 'a b'"),
    ):
        assert message in refused(text.format(value))


AUX = f"{HEAD}layers: {{{{a: [conv: 4], b: [conv: 5]}}}}\naux: {{{{head: {{}}}}}}\n"


def test_an_auxiliary_head_hangs_on_a_layer(build: Build) -> None:
    for body in "[from: a, relu]", "[{relu: , from: a}]", "{x: [from: a, relu]}":
        graph = build(AUX.format(body))
        head = graph.nodes[-1]
        assert read(graph, head.path) == ["a.conv1"]
        assert (head.section, graph.nodes[1].section) == ("head", "")
        assert head.path.startswith("head.")
        assert [graph.nodes[i].path for i in graph.outputs] == ["b.conv1"]


def test_an_auxiliary_head_is_left_out_or_counted(build: Build) -> None:
    graph = build(AUX.format("[from: a, conv: 7, relu]"))
    assert paths(graph) == ["a.conv1", "b.conv1", "head.conv1", "head.relu1"]
    assert paths(graph.select(aux=False)) == ["a.conv1", "b.conv1"]


@pytest.mark.parametrize(
    ("aux", "message"),
    [
        ("{head: [relu]}", "the head 'head' must begin with 'from:'"),
        ("{head: [relu, from: a]}", "the head 'head' must begin with 'from:'"),
        ("{head: identity}", "the head 'head' must begin with 'from:'"),
        ("{a: [from: a, relu]}", "there is a stage 'a' already"),
        ("{head: [from: nothing]}", "no earlier layer or stage is called 'nothing'"),
        ("{head: }", "'head' is empty"),
        ("[relu]", "'aux' maps names to bodies, not a list"),
        ("{h.d: [from: a]}", "'h.d' can't name an auxiliary head"),
    ],
)
def test_wrong_auxiliary_heads(refused: Refused, aux: str, message: str) -> None:
    assert message in refused(f"{HEAD}layers: {{a: [conv: 4], b: [conv: 5]}}\naux: {aux}\n")


def test_a_head_may_be_called_like_a_layers_word(build: Build) -> None:
    graph = build(f"{HEAD}layers: [conv: 4, relu]\naux: {{conv: [from: conv1, relu]}}\n")
    assert paths(graph)[-1] == "conv.relu1"


def test_every_layer_written_is_in_the_graph_read_or_not(build: Build) -> None:
    graph = build(f"{HEAD}layers: [conv: 4, {{conv: 5, from: input}}, {{relu: , from: conv1}}]\n")
    assert paths(graph) == ["conv1", "conv2", "relu1"]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("{relu: , from: conv1, repeat: 2}", "'from' can't be repeated"),
        ("{from: conv1, repeat: 2}", "'from' is no layer and takes no 'repeat'"),
        ("{from: conv1, name: x}", "'from' is no layer and takes no 'name'"),
        ("{from: conv1, kernel: 3}", "'from' has no option 'kernel'"),
        ("{from: [conv1]}", "'from' names an earlier layer or stage, not a list"),
        ("{from: 'a b'}", "'from' names an earlier layer or stage, not 'a b'"),
        ("{from: }", "'from' names an earlier layer or stage, not nothing"),
        ("{relu: , from: }", "'from' is empty"),
        ("{identity: , repeat: 2}", "'identity' is no layer and takes no 'repeat'"),
        ("{identity: 3}", "'identity' takes no value"),
        ("{identity: , kernel: 3}", "'identity' has no option 'kernel'"),
    ],
)
def test_wrong_references(refused: Refused, entry: str, message: str) -> None:
    assert message in refused(f"{HEAD}layers: [conv: 3, {entry}]\n")


def test_identity_and_from_may_be_conditional(build: Build) -> None:
    graph = build(f"{HEAD}layers: [conv: 4, {{from: input, when: false}}, relu]\n")
    assert node(graph, "relu1").output.sample == (4, 8, 8)
