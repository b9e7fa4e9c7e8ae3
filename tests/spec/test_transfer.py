"""What the command line freezes on top of a spec, and the new heads it asks for."""

from pathlib import Path

import pytest

from archstat.errors import UsageError
from archstat.passes import trainable_params
from archstat.spec import Settings, load
from archstat.spec.expand import expand
from archstat.spec.freeze import covering
from archstat.spec.model import Transfer
from tests.spec.conftest import Build, Load, Refused
from tests.spec.graphs import node, op

TEXT = """\
input: [3, 16, 16]
defaults: {conv: {kernel: 3, padding: same, norm: batch, act: relu}}
layers:
  conv1: [conv: 4, conv: 4]
  body: {a: [conv: 4], b: [conv: 4]}
  head: [flatten, linear: 10, softmax]
aux: {side: [from: conv1, global_avg_pool, {conv: 10, kernel: 1, norm: none, act: none}, flatten]}
"""
CONVS = ["conv1.conv1", "conv1.conv2", "body.a.conv1", "body.b.conv1"]
LAYERS = [name for path in CONVS for name in (path, f"{path}.norm")]
HEADS = ["head.linear1", "side.conv1"]
HERE = Path(__file__).parent / "cases"


def given(
    freeze: tuple[str, ...] = (), unfreeze: tuple[str, ...] = (), replace_head: int | None = None
) -> Settings:
    return Settings(transfer=Transfer(freeze=freeze, unfreeze=unfreeze, replace_head=replace_head))


def trained(build: Build, lines: str, settings: Settings) -> list[str]:
    return [n.path for n in build(TEXT + lines, settings).nodes if n.params() and not n.frozen]


@pytest.mark.parametrize(
    ("lines", "settings", "left"),
    [
        ("", given(), [*LAYERS, *HEADS]),
        ("", given(("all",)), []),
        ("", given(("all",), ("head",)), HEADS[:1]),
        ("", given(("conv1", "*.norm")), ["body.a.conv1", "body.b.conv1", *HEADS]),
        ("", given(("body",), ("body.b",)), [*LAYERS[:4], *LAYERS[6:], *HEADS]),
        # The command line comes after the spec, and unfreezing after freezing.
        ("freeze: [conv1]", given(("body",)), HEADS),
        ("freeze: [conv1]", given((), ("conv1.conv2",)), [*LAYERS[2:], *HEADS]),
        ("freeze: all\nunfreeze: [head]", given(("head",)), []),
        ("freeze: all\nunfreeze: [head]", given(("head",), ("head",)), HEADS[:1]),
        # A new head is trained, whatever freezes it; it alone frees nothing else.
        ("", given((), (), 7), [*LAYERS, *HEADS]),
        ("", given(("all",), (), 7), HEADS),
        ("freeze: all", given((), (), 7), HEADS),
        ("", given(("head", "side"), (), 7), [*LAYERS, *HEADS]),
        ("", given(("all",), ("body.b",), 7), [*LAYERS[6:], *HEADS]),
    ],
)
def test_what_is_trained(build: Build, lines: str, settings: Settings, left: list[str]) -> None:
    assert trained(build, lines, settings) == left


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (given(("conv3",)), "net.yaml: --freeze: 'conv3' matches no layer\n  hint: did you mean 'conv1'?"),
        (given(("layer4*",)), "--freeze: 'layer4*' matches no layer\n  hint: there are conv1, body, head, side"),
        (given(("",)), "net.yaml: --freeze: '' matches no layer"),
        (given(("all",), ("haed",)), "net.yaml: --unfreeze: 'haed' matches no layer\n  hint: did you mean 'head'?"),
        (given((), ("head",)), "net.yaml: --unfreeze: nothing is frozen\n  hint: --freeze all freezes the rest"),
        (given(("head.flatten1",)), "net.yaml: --freeze: 'head.flatten1' matches no layer with weights\n"
                                    "  hint: there are weights in conv1, body, head, side"),
        (given(("all",), ("*.relu*",)), "net.yaml: --unfreeze: '*.relu*' matches no layer"),
        (given((), (), 0), "--replace-head must be a positive whole number, not 0"),
    ],
)  # fmt: skip
def test_wrong_globs(refused: Refused, settings: Settings, message: str) -> None:
    assert message in refused(TEXT, settings)


def test_a_name_that_is_nothing_like_any_is_answered_with_the_stages(refused: Refused) -> None:
    message = refused(f"{TEXT}freeze: [layer4]\n")
    assert message.endswith("hint: there are conv1, body, head, side")
    many = "\n".join(f"  stage{i}: [relu]" for i in range(20))
    hint = refused(f"input: [3]\nlayers:\n{many}\n", given(("x",)))
    assert hint.endswith("stage10, stage11, ...")


def test_too_many_globs_are_refused(refused: Refused) -> None:
    wide = "input: [3]\nlayers: [{linear: 3, repeat: 5000}]\n"
    assert "too many globs" in refused(wide, given(("*",) * 500))


@pytest.mark.parametrize("classes", [1, 10, 1000])
def test_new_heads_have_the_outputs(build: Build, classes: int) -> None:
    graph = build(TEXT, given(replace_head=classes))
    assert graph.output.sample == (classes,)
    assert op(graph, "head.linear1").features == classes
    assert op(graph, "side.conv1").channels == classes
    assert node(graph, "side.flatten1").output.sample == (classes,)
    assert op(graph, "conv1.conv1").channels == 4


HEAD = "input: [3, 16, 16]\nlayers:\n  - {conv: 8, kernel: 3}\n"


@pytest.mark.parametrize(
    ("lines", "path"),
    [
        ("  - global_avg_pool\n  - flatten\n  - linear: 10\n", "linear1"),
        ("  - flatten\n  - {linear: 10, act: sigmoid}\n  - dropout\n", "linear1"),
        ("  - conv: 10\n  - relu\n  - global_avg_pool\n  - flatten\n  - softmax\n", "conv2"),
        ("  - {conv: 10, name: classes}\n", "classes"),
        ("  - {conv: 10, kernel: [1, 1], stride: 2}\n", "conv2"),
        # The wide layer before it stays, and expressions behind it see the new number.
        ("  - flatten\n  - linear: 10\n  - linear: channels\n  - relu\n", "linear2"),
        ("  - conv: 10\n  - {pad: 1}\n  - {avg_pool: 2, when: channels == 10}\n", "conv2"),
    ],
)
def test_what_a_head_is(build: Build, lines: str, path: str) -> None:
    graph = build(HEAD + lines, given(replace_head=7))
    assert graph.output.channels == 7
    assert node(graph, path).output.channels == 7
    assert next(n.path for n in graph.nodes if n.output.channels == 7) == path


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("", "'conv1' is the last layer with weights, and neither a linear layer nor a 1x1 convolution"),
        ("  - flatten\n  - linear: 10\n  - batch_norm\n", "'batch_norm1' is the last layer with weights"),
        ("  - {conv: 8, groups: 2}\n", "'conv2' is the last layer with weights"),
        ("  - {conv_transpose: 8, kernel: 1}\n", "'conv_transpose1' is the last layer with weights"),
        ("  - add: [identity, [conv: 8]]\n", "'add1' joins several layers, so none gives the classes"),
        ("  - conv: 8\n  - {conv: 8, share: conv2, name: twice}\n", "'twice' (conv) shares its weights with another"),
        ("  - {conv: 8, name: a}\n  - {conv: 8, share: a, name: b, from: conv1}\n  - from: a\n",
         "'a' (conv) shares its weights with another layer"),
        ("  - {conv: 12}\n  - flatten\n", "the 12 outputs of 'conv2' are not those of the network"),
        ("outputs: [conv1, conv1]\n", "the network has 2 outputs, and a head gives one"),
    ],
)  # fmt: skip
def test_networks_without_a_head(refused: Refused, lines: str, message: str) -> None:
    said = refused(HEAD + lines, given(replace_head=7))
    assert said.startswith(f"net.yaml: --replace-head: {message}")
    assert said.count("\n") == 1


def test_a_network_without_weights_has_no_head(refused: Refused) -> None:
    message = refused("input: [3, 8, 8]\nlayers: [relu]\n", given(replace_head=7))
    assert "no layer before the output has weights" in message


def test_what_does_not_fit_behind_a_new_head_is_said_at_its_place(refused: Refused) -> None:
    text = HEAD + "  - conv: 10\n  - {reshape: [10, 196]}\n  - {permute: [1, 0]}\n"
    assert refused(text, given(replace_head=7)).startswith("net.yaml:5:")


def test_a_new_head_in_a_block_changes_no_other_call_of_it(build: Build) -> None:
    text = """\
input: [10, 8, 8]
blocks: {same(width): [{conv: width, kernel: 1}]}
layers: {a: [same: 10], b: [same: 10], c: [same: 10]}
"""
    graph = build(text, given(replace_head=3))
    assert [n.output.channels for n in graph.nodes] == [10, 10, 10, 3]
    assert [n.output.channels for n in build(text).nodes] == [10, 10, 10, 10]


@pytest.mark.parametrize(
    "name", ["conv7x7", "gpt2_small", "inception_naive", "lenet5_1998", "resnet_bottleneck"]
)
def test_what_is_no_classifier_has_no_head(name: str) -> None:
    with pytest.raises(UsageError, match=f"{name}: --replace-head: "):
        load(name, given(replace_head=7))


@pytest.mark.parametrize(
    "name",
    ["alexnet", "googlenet", "resnet50", "mobilenet_v2", "squeezenet", "unet", "densenet121"],
)
@pytest.mark.parametrize(
    "settings", [given(("all",), (), 7), given(("*conv*1*",), ("*1",))], ids=["head", "globs"]
)
def test_a_bundled_spec_written_out_is_the_same_network(
    name: str, settings: Settings, tmp_path: Path
) -> None:
    before = load(name, settings).graph
    path = tmp_path / "expanded.yaml"
    path.write_text(expand(name, settings), encoding="utf-8")
    after = load(path).graph
    held = [[n.frozen and bool(n.params()) for n in graph.nodes] for graph in (before, after)]
    assert held[0] == held[1]
    assert [(n.op, n.output) for n in before.nodes] == [(n.op, n.output) for n in after.nodes]


def test_a_stage_called_all_is_no_word_for_everything(load_text: Load) -> None:
    text = "input: [3, 8, 8]\nlayers: {all: [conv: 3], b: [conv: 3]}\n"
    load_text(text)
    written = expand("net.yaml", given(("all",), ("b",)))
    assert written.endswith('\nfreeze: ["al[l]"]\n')
    assert [n.frozen for n in load_text(written).graph.nodes] == [False, True, False]


def test_covering() -> None:
    assert covering({"a.x": True, "a.y": True, "b.x": True, "b.y": False}) == (["a", "b.x"], [])
    assert covering({"a": True, "a.norm": False}) == (["a"], ["a.norm"])
    assert covering({"a.b": False}) == ([], [])


def test_the_frozen_vgg16() -> None:
    """The example of the format: 102 flowers, with the last convolutions and the last layer trained."""
    written = load(HERE / "vgg16_flowers.yaml").graph
    asked = load("vgg16", given(("all",), ("conv5",), 102)).graph
    for graph in (written, asked):
        assert sum(trainable_params(graph)) == 7_497_318
        assert sum(n.op.params(n.io) != {} for n in graph.nodes) == 16
