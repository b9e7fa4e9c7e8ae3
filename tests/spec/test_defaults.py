"""``defaults``, and the layers that ``norm:`` and ``act:`` insert: order, precedence, in place."""

from fractions import Fraction

import pytest

from tests.spec.conftest import Build, Refused
from tests.spec.graphs import op, ops, paths, total_params

HEAD = "input: [8, 16, 16]\n"


def test_an_option_wins_over_a_default_and_that_over_pytorchs(build: Build) -> None:
    graph = build(
        f"{HEAD}defaults: {{conv: {{kernel: 3, padding: 1}}}}\n"
        "layers: [{conv: 8, kernel: 5}, conv: 8, {conv: 8, padding: 0}]\n"
    )
    found = [(c.kernel, c.padding, c.stride) for c in (op(graph, f"conv{i}") for i in (1, 2, 3))]
    assert found == [(5, 1, 1), (3, 1, 1), (3, 0, 1)]


def test_a_default_may_be_the_main_number(build: Build) -> None:
    graph = build(f"{HEAD}defaults: {{max_pool: {{kernel: 2}}}}\nlayers: [max_pool, max_pool: 3]\n")
    assert [op(graph, f"max_pool{i}").kernel for i in (1, 2)] == [2, 3]


def test_norm_and_act_stand_behind_the_layer_in_this_order(build: Build) -> None:
    graph = build(f"{HEAD}layers: [{{act: relu, norm: batch, conv: 8}}, relu]\n")
    assert paths(graph) == ["conv1", "conv1.norm", "conv1.act", "relu1"]
    assert ops(graph) == ["conv", "batch_norm", "relu", "relu"]


@pytest.mark.parametrize("word", ["conv: 8", "{conv_transpose: 8, kernel: 2}"])
def test_norm_and_act_on_convolutions(build: Build, word: str) -> None:
    entry = word if word.startswith("{") else f"{{{word}}}"
    graph = build(f"{HEAD}layers: [{entry[:-1]}, norm: batch, act: silu}}]\n")
    assert ops(graph)[1:] == ["batch_norm", "silu"]


def test_norm_and_act_on_linear(build: Build) -> None:
    graph = build("input: [8]\nlayers: [{linear: 8, norm: layer, act: gelu}]\n")
    assert ops(graph) == ["linear", "layer_norm", "gelu"]


@pytest.mark.parametrize(
    ("norm", "inserted"),
    [
        ("batch", "batch_norm"),
        ("{group: 4}", "group_norm"),
        ("instance", "instance_norm"),
        ("{batch: {affine: false}}", "batch_norm"),
    ],
)
def test_every_norm_of_images(build: Build, norm: str, inserted: str) -> None:
    assert ops(build(f"{HEAD}layers: [{{conv: 8, norm: {norm}}}]\n"))[1] == inserted


@pytest.mark.parametrize(("norm", "inserted"), [("layer", "layer_norm"), ("rms", "rms_norm")])
def test_every_norm_of_vectors(build: Build, norm: str, inserted: str) -> None:
    assert ops(build(f"input: [8]\nlayers: [{{linear: 8, norm: {norm}}}]\n"))[1] == inserted


def test_none_cancels_a_default(build: Build) -> None:
    graph = build(
        f"{HEAD}defaults: {{conv: {{norm: batch, act: relu}}}}\n"
        "layers: [conv: 8, {conv: 8, act: none}, {conv: 8, norm: none}, {conv: 8, norm: none, act: none}]\n"
    )
    assert paths(graph) == [
        "conv1", "conv1.norm", "conv1.act", "conv2", "conv2.norm", "conv3", "conv3.act", "conv4",
    ]  # fmt: skip


def test_an_option_replaces_a_default_insert(build: Build) -> None:
    graph = build(
        f"{HEAD}defaults: {{conv: {{norm: batch, act: relu}}}}\n"
        "layers: [{conv: 8, norm: {group: 2}, act: silu}]\n"
    )
    assert ops(graph) == ["conv", "group_norm", "silu"]


def test_a_norm_does_not_change_the_bias(build: Build) -> None:
    assert op(build(f"{HEAD}layers: [{{conv: 8, norm: batch}}]\n"), "conv1").bias is True


def test_defaults_reach_what_is_inserted(build: Build) -> None:
    # Wherever they stand: before or after the default that inserts.
    for defaults in (
        "{batch_norm: {affine: false}, conv: {norm: batch}}",
        "{conv: {norm: batch}, batch_norm: {affine: false}}",
    ):
        graph = build(f"{HEAD}defaults: {defaults}\nlayers: [{{conv: 8, bias: false}}]\n")
        assert total_params(graph) == 8 * 8


def test_an_inserted_options_mapping_wins_over_defaults(build: Build) -> None:
    graph = build(
        f"{HEAD}defaults: {{group_norm: {{groups: 4, eps: 0.5}}}}\n"
        "layers: [{conv: 8, norm: group}, {conv: 8, norm: {group: 2, eps: 0.25}}]\n"
    )
    found = [(op(graph, f"conv{i}.norm").groups, op(graph, f"conv{i}.norm").eps) for i in (1, 2)]
    assert found == [(4, Fraction(1, 2)), (2, Fraction(1, 4))]


@pytest.mark.parametrize(
    ("defaults", "act", "expected"),
    [
        ("", "relu", True),
        ("", "{relu: {inplace: false}}", False),
        ("", "{leaky_relu: 0.2}", True),
        ("", "silu", True),
        # Where a default says otherwise, it does.
        ("defaults: {relu: {inplace: false}}\n", "relu", False),
        ("defaults: {relu: {inplace: false}}\n", "{relu: , inplace: true}", True),
        # PyTorch has no such form.
        ("", "gelu", None),
    ],
)
def test_an_inserted_activation_works_in_place(
    build: Build, defaults: str, act: str, expected: bool | None
) -> None:
    graph = build(f"{HEAD}{defaults}layers: [{{conv: 8, act: {act}}}]\n")
    assert getattr(op(graph, "conv1.act"), "inplace", None) is expected


def test_an_activation_of_its_own_is_pytorchs_default(build: Build) -> None:
    assert op(build(f"{HEAD}layers: [relu]\n"), "relu1").inplace is False


def test_a_default_sees_variables_and_channels_but_no_parameters(
    build: Build, refused: Refused
) -> None:
    text = (
        f"{HEAD}vars: {{width: 4}}\ndefaults: {{conv: {{channels: width, groups: channels//4}}}}\n"
        "blocks: {block(width): [conv, {conv: width}]}\nlayers: [conv, block: 8]\n"
    )
    # The block's own 'width' is not the default's.
    graph = build(text)
    assert [(c.channels, c.groups) for c in (op(graph, p) for p in ("conv1", "block1.conv1"))] == [
        (4, 2),
        (4, 1),
    ]
    assert op(graph, "block1.conv2").channels == 8
    message = refused(
        f"{HEAD}defaults: {{conv: {{kernel: size}}}}\n"
        "blocks: {block(size): [conv: 8]}\nlayers: [block: 3]\n"
    )
    assert "unknown name 'size'" in message


@pytest.mark.parametrize(
    ("defaults", "message"),
    [
        ("{conv2d: {kernel: 3}}", "no layer or block is called 'conv2d'"),
        ("{conv: {kernel_size: 3}}", "'conv' has no option 'kernel_size'"),
        ("{conv: 3}", "the defaults of 'conv' are a mapping of options, not '3'"),
        ("{conv: }", "'conv' is empty"),
        ("{conv: {}}", "'conv' is empty"),
        ("{conv: {kernel: }}", "'kernel' is empty"),
        ("{conv: {repeat: 2}}", "'conv' has no option 'repeat'"),
        ("{conv: {share: a}}", "'conv' has no option 'share'"),
        ("{relu: {act: relu}}", "'relu' has no option 'act'"),
        ("{conv: {norm: relu}}", "'relu' is not a norm"),
        ("{conv: {norm: group}}", "'group_norm' needs 'groups'"),
        ("{block: {width: 3}}", "no layer or block is called 'block'"),
        ("[conv]", "'defaults' is a mapping, not a list"),
    ],
)
def test_wrong_defaults_are_refused_even_unused(
    refused: Refused, defaults: str, message: str
) -> None:
    text = f"{HEAD}defaults: {defaults}\nblocks: {{block(width): [relu]}}\nlayers: [relu]\n"
    assert message in refused(text)


def test_the_place_of_a_misfit_default_is_the_layer(refused: Refused) -> None:
    message = refused(
        "input: [6, 8, 8]\ndefaults:\n  conv: {norm: {group: 4}}\nlayers:\n  - conv: 6\n"
    )
    assert message.startswith("net.yaml:5:5: error: 'group_norm' groups 4 must divide")
    assert "in the norm that the default at line 3 adds" in message
