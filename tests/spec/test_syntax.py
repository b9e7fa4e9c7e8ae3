"""The forms a spec may take: YAML, keys, bodies, entries, empty values, numbers and quotes."""

import pytest

from tests.spec.conftest import Build, Load, Refused
from tests.spec.graphs import op, paths, shapes

HEAD = "input: [3, 8, 8]\n"


@pytest.mark.parametrize(
    "text",
    [
        b"input: [3, 8, 8]\nlayers: [conv: 4, relu]\n",
        b"input: [3, 8, 8]\r\nlayers:\r\n  - conv: 4\r\n  - relu\r\n",
        b"\xef\xbb\xbfinput: [3, 8, 8]\nlayers: [conv: 4, relu]\n",
        b"input: [3, 8, 8]\nlayers: [\tconv: 4,\n\t\trelu\t]\n",
        b"---\ninput: [3, 8, 8]\nlayers: [conv: 4, relu]\n...\n",
        b"%YAML 1.1\n---\ninput: [3, 8, 8]\nlayers: [conv: 4, relu]\n",
        b"# a comment\n\ninput: [3, 8, 8] # one\nlayers:   # two\n  - conv: 4 # three\n  - relu\n",
        b"{input: [3, 8, 8], layers: [{conv: 4}, relu]}",
        b'{"input": [3, 8, 8], "layers": [{"conv": 4}, "relu"]}',
        b"input: ['3', \"8\", 8]\nlayers: [conv: \"4\", 'relu']\n",
        b"? input\n: [3, 8, 8]\n? layers\n: - conv: 4\n  - relu\n",
        b"input:\n- 3\n- 8\n- 8\nlayers:\n- conv: 4\n- relu",
        b"input: [3, 8, 8]\nlayers:\n- conv: >-\n    4\n- |-\n  relu\n",
        "input: [3, 8, 8]\nname: Café ☕ 网络\nlayers: [conv: 4, relu]\n".encode(),
    ],
)
def test_plain_yaml_is_read(build: Build, text: bytes) -> None:
    graph = build(text)
    assert paths(graph) == ["conv1", "relu1"]
    assert shapes(graph)[0] == (4, 8, 8)


def test_texts_are_one_line(load_text: Load) -> None:
    spec = load_text(
        f"name: |\n  Two\n  lines\nabout: >\n  Folded\n  text.\nsource: 'a  b'\n{HEAD}layers: [relu]\narchstat: 1\n"
    )
    assert (spec.name, spec.about, spec.source) == ("Two lines", "Folded text.", "a b")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("layers: [relu]\n", "net.yaml:1:1: error: the spec has no 'input:'"),
        ("input: [3]\n", "net.yaml:1:1: error: the spec has no 'layers:'"),
        (f"{HEAD}layers: [relu]\nlayer: [relu]\n", "net.yaml:3:1: error: unknown key 'layer'"),
        (f"{HEAD}layers: [relu]\nmodel: [relu]\n", "hint: did you mean 'layers'?"),
        (f"{HEAD}layers: [relu]\narchstat: 2\n", "this archstat reads format version 1, not '2'"),
        (f"{HEAD}layers: [relu]\nname: [a]\n", "'name' is a text, not a list"),
        (f"{HEAD}layers: [relu]\nname:\n", "'name' is empty"),
        (f"{HEAD}layers:\n", "'layers' is empty"),
        (f"{HEAD}layers: []\n", "'layers' is empty"),
        (f"{HEAD}layers: {{}}\n", "'layers' is empty"),
        ("- relu\n", "a spec is a mapping with 'input' and 'layers', not a list"),
        ("relu\n", "a spec is a mapping with 'input' and 'layers', not 'relu'"),
        ("", "net.yaml:1:1: error: the file is empty"),
        ("# nothing\n", "the file is empty"),
        ("---\n", "a spec is a mapping with 'input' and 'layers', not nothing"),
    ],
)
def test_wrong_files(refused: Refused, text: str, message: str) -> None:
    assert message in refused(text)


@pytest.mark.parametrize(
    "body",
    [
        "[relu]",
        "[relu: ]",
        "[relu: '']",
        "[{relu: }]",
        "[[relu]]",
        "{a: [relu]}",
        "[identity, relu]",
    ],
)
def test_bodies_and_bare_words(build: Build, body: str) -> None:
    assert [p.split(".")[-1] for p in paths(build(f"{HEAD}layers: {body}\n"))] == ["relu1"]


@pytest.mark.parametrize(
    ("body", "message", "hint"),
    [
        ("{fc: {linear: 10}}", "'linear: 10' is a layer where a body should be", "write [linear: 10]"),
        ("{fc: {linear: 10, act: relu}}", "'linear: 10' is a layer", "write [{linear: 10, ...}]"),
        ("{fc: {relu: }}", "'relu' is a layer where a body should be", "write [relu]"),
        ("{fc: linear}", "'fc: linear' is not a body", "write fc: [linear]"),
        ("{fc: {conv: {channels: 3}}}", "'conv' stands where a body should", "put [ ] around it"),
        ("{conv: 64}", "'conv: 64' is a layer where a body should be", "write [conv: 64]"),
        ("conv", "a body is a list of layers, not 'conv'", "write [conv]"),
        ("{a: }", "'a' is empty", "write identity for nothing"),
        ("{a: []}", "'a' is empty", None),
        ("{a: {}}", "'a' is empty", None),
        ("[[]]", "the body is empty", "write identity for nothing"),
        ("[{}]", "the entry is empty", "remove it, or write identity"),
        ("[relu, ]", None, None),
        ("['']", "the entry is empty", "remove the '-', or write identity"),
        ("[{conv: 8, kernel: }]", "'kernel' is empty", None),
        ("[{conv: 8, kernel: []}]", "'kernel' is empty", None),
        ("[{conv: 8, act: }]", "'act' is empty", None),
        ("[conv: ]", "'conv' needs 'channels'", "write conv: 64"),
        ("[conv: []]", "'conv' is empty", None),
        ("[conv: {}]", "'conv' needs 'channels'", None),
        ("[{conv: 8, repeat: }]", "'repeat' is empty", None),
        ("[{add: [], name: a}]", "'add' needs at least two branches, not 0", None),
        ("[add: [identity]]", "'add' needs at least two branches, not 1", None),
        ("[add: {a: identity}]", "'add' needs at least two branches, not 1", None),
        ("[add]", "'add' joins branches, but this is nothing", "write add: [name, identity]"),
        ("[add: 3]", "'add' joins branches, but this is '3'", None),
        ("[add: {a: , b: identity}]", "the branch is empty", "write identity for nothing"),
        ("[add: ['', identity]]", "the branch is empty", "write identity for nothing"),
        ("[add: {a: {conv: 3}, b: identity}]", "'conv: 3' is a layer", "write [conv: 3]"),
        ("[add: [conv: 3, identity]]", "'conv: 3' is a layer", "write [conv: 3]"),
        ("[scaled_dot_product: {q: identity, k: identity}]", "'scaled_dot_product' needs the branches q, k, v", None),
        # Exactly one key names the layer.
        ("[{conv: 8, relu: }]", "'relu' beside 'conv': an entry names one layer", "write 'act: relu'"),
        ("[{conv: 8, batch_norm: }]", "'batch_norm' beside 'conv'", "write 'norm: batch'"),
        ("[{conv: 8, max_pool: 2}]", "'max_pool' beside 'conv'", "is a '- ' missing before it?"),
        ("[{conv: 8, identity: }]", "'identity' beside 'conv'", "is a '- ' missing before it?"),
        ("[{kernel: 3, stride: 2}]", "no layer or block is called 'kernel'", "with braces"),
        ("[conv: 8, kernel: 3]", "no layer or block is called 'kernel'", "write {layer: ..., kernel: ...}"),
        ("[{filters: 8, dense: 3}]", "no layer or block is called 'dense'", "archstat says 'linear'"),
        ("[{relu: 3}]", "'relu' takes no main value", "write it as a bare word: relu"),
        ("[{flatten: [1]}]", "'flatten' takes no main value", None),
        ("[{conv: {channels: 8, repeat: 2}}]", "'repeat' is not an option of 'conv'", "write it beside"),
        ("[{conv: {channels: 8}, channels: 4}]", "'conv' gets 'channels' twice", None),
        ("[{conv: 8, channels: 4}]", "'conv' gets 'channels' twice", None),
        ("[{conv: 8, stride: {h: 1}}]", "'stride' takes a value, not a mapping", None),
        ("[{conv: 8, stride: [1, {h: 1}]}]", "a value is expected here, not a mapping", None),
        ("[{conv: 8, act: [relu]}]", "'act' is a word, or a mapping that begins with one", None),
        ("[{conv: 8, act: swish}]", "'swish' is not an activation", "did you mean 'silu'?"),
        ("[{conv: 8, norm: bn}]", "'bn' is not a norm", "did you mean 'batch'?"),
        ("[{conv: 8, norm: batch_norm}]", "'batch_norm' is not a norm", "did you mean 'batch'?"),
        ("[{conv: 8, name: 'a b'}]", "'a b' can't name a layer", "letters, digits"),
        ("[{conv: 8, name: [a]}]", "'name' is a word, not a list", None),
        ("[{conv: 8, when: [true]}]", "'when' is an expression, not a list", None),
        ("[{conv: 8, bias: yes}]", "unknown name 'yes'", "write true or false"),
        ("[{conv: 8, bias: True}]", "'True' is not a number", "true and false are written small"),
        ("[{conv: 8, bias: 1}]", "bias must be true or false, not 1", None),
        ("[conv: 8.5]", "channels must be a positive whole number, not 8.5", None),
        ("[conv: relu]", "unknown name 'relu'", None),
    ],
)  # fmt: skip
def test_wrong_bodies_and_entries(
    build: Build, refused: Refused, body: str, message: str | None, hint: str | None
) -> None:
    if message is None:
        assert paths(build(f"{HEAD}layers: {body}\n")) == ["relu1"]
        return
    said = refused(f"{HEAD}layers: {body}\n")
    assert f"error: {message}" in said
    assert hint is None or hint in said.partition("hint: ")[2]


@pytest.mark.parametrize(
    "entry",
    [
        "{conv: 8, kernel: 3, padding: 1}",
        "{kernel: 3, conv: 8, padding: 1}",
        "{padding: 1, kernel: 3, conv: 8}",
        "conv: {channels: 8, kernel: 3, padding: 1}",
        "{conv: {channels: 8, kernel: 3}, padding: 1}",
        "{conv: , channels: 8, kernel: 3, padding: 1}",
        "{conv: 8, kernel: [3, 3], padding: [1, 1]}",
        "{conv: 8, kernel: 3, padding: same}",
        "{conv: 8, kernel: 3, padding: [[1, 1], [1, 1]]}",
        "{conv: 2*4, kernel: 6//2, padding: 3 - 2}",
        "{'conv': '8', \"kernel\": \"3\", 'padding': '1'}",
    ],
)
def test_options_stand_in_any_order_and_form(build: Build, entry: str) -> None:
    graph = build(f"{HEAD}layers: [{entry}]\n")
    conv = op(graph, "conv1")
    assert (conv.channels, shapes(graph), paths(graph)) == (8, [(8, 8, 8)], ["conv1"])


@pytest.mark.parametrize(
    "entry", ["{interpolate: , scale: 2}", "{scale: 2, interpolate: }", "interpolate: 2"]
)
def test_an_option_may_be_called_like_an_op(build: Build, entry: str) -> None:
    assert shapes(build(f"{HEAD}layers: [{entry}]\n")) == [(3, 16, 16)]


def test_an_option_or_parameter_may_be_called_like_a_block(build: Build) -> None:
    blocks = "blocks:\n  kernel(): [relu]\n  a(b): [conv: b]\n  b(): [relu]\n"
    graph = build(f"{HEAD}{blocks}layers: [{{conv: 8, kernel: 3}}, {{b: 4, a: }}, kernel, b]\n")
    assert paths(graph) == ["conv1", "a1.conv1", "kernel1.relu1", "b1.relu1"]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("{conv: 8, kernel: 2, padding: [[0, 1], [0, 1]]}", ["conv1.pad", "conv1"]),
        ("{conv: 8, kernel: 3, padding: [[1, 1], [1, 1]]}", ["conv1"]),
        ("{max_pool: 2, stride: 1, padding: [[0, 1], [1, 0]]}", ["max_pool1.pad", "max_pool1"]),
        ("{conv: 8, kernel: 3, stride: 2, padding: tf_same}", ["conv1.pad", "conv1"]),
        ("{conv: 8, kernel: 2, stride: 2, padding: tf_same}", ["conv1"]),
        ("{avg_pool: 3, stride: 2, padding: tf_same}", ["avg_pool1.pad", "avg_pool1"]),
    ],
)
def test_padding_that_pytorch_lacks_is_a_layer_of_its_own(
    build: Build, entry: str, expected: list[str]
) -> None:
    assert paths(build(f"{HEAD}layers: [{entry}]\n")) == expected


def test_tf_same_is_the_whole_padding_with_the_odd_pixel_at_the_end(build: Build) -> None:
    graph = build(f"{HEAD}layers: [{{conv: 8, kernel: 3, stride: 2, padding: tf_same}}]\n")
    assert op(graph, "conv1.pad").sides == (0, 1, 0, 1)
    assert (op(graph, "conv1").padding, shapes(graph)) == (0, [(3, 9, 9), (8, 4, 4)])
    graph = build("input: [3, 7, 7]\nlayers: [{max_pool: 3, stride: 2, padding: tf_same}]\n")
    assert op(graph, "max_pool1.pad").sides == (1, 1, 1, 1)
    assert op(graph, "max_pool1.pad").value == "-inf"


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("{conv: 8, kernel: 2, padding: same}", "padding: same needs an odd kernel, but it is 2"),
        ("{conv: 8, kernel: [3, 3, 3]}", "kernel has 3 entries, but the input has 2 spatial axes"),
        ("{conv: 8, padding: [[1, 1], 1]}", "padding mixes numbers and [begin, end] pairs"),
        ("{conv: 8, padding: [[1, 1, 1], [1, 1, 1]]}", "padding: each axis takes a pair [begin, end]"),
        ("{conv: 8, padding: [1, 1, 1, 1]}", "padding takes one entry per axis, 1 to 3 of them"),
        ("{conv: 8, padding: valid}", "hint: leave it out: 0 is the default"),
        ("{conv: 8, padding: -1}", "padding must be a whole number, 0 or more, not -1"),
        ("{conv_transpose: 8, kernel: 2, padding: tf_same}", "'conv_transpose' takes no padding: tf_same"),
        ("conv_transpose: 8", "'conv_transpose' needs 'kernel'"),
        ("{interpolate: 2, mode: cubic}", "mode must be one of nearest, "),
    ],
)  # fmt: skip
def test_wrong_options(refused: Refused, entry: str, message: str) -> None:
    assert message in refused(f"{HEAD}layers: [{entry}]\n")
