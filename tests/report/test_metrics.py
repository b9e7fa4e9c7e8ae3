"""Asking a graph by expression: the values are worked out by hand."""

from fractions import Fraction

import pytest

from archstat.errors import SpecError
from archstat.report.metrics import Metrics
from archstat.report.values import written
from archstat.spec import bundled, load

GRAPH = load("alexnet").graph


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("params()", 60_965_224),
        ("weights('conv1')", 11 * 11 * 3 * 96),
        ("biases('conv1', 'conv2')", 96 + 256),
        ("params('conv?')", 34_944 + 307_456 + 885_120 + 663_936 + 442_624),
        ("macs('conv1.conv1')", 55 * 55 * 96 * 363),
        ("macs(op='linear')", 9216 * 4096 + 4096 * 4096 + 4096 * 1000),
        ("activations('conv*', op='max_pool')", 96 * 27 * 27 + 256 * 13 * 13 + 256 * 6 * 6),
        ("activation_bytes('input')", 4 * 3 * 227 * 227),
        ("layers(op='conv')", 5),
        ("depth()", 8),
        ("depth('conv*')", 5),
        ("size(0)", 1000),
        ("size(1, 'conv1')", 27),
        ("size(2, 'input')", 227),
        ("params(of='vgg16') // params()", 2),
        ("params() / 8", Fraction(60_965_224, 8)),
        ("depth() > 7", True),
    ],
)
def test_ask(expression: str, value: object) -> None:
    assert Metrics(GRAPH, lambda name: load(name).graph).ask(expression) == value


@pytest.mark.parametrize(
    ("expression", "message", "hint"),
    [
        ("params('conv9')", "'conv9' matches no layer", "did you mean 'conv5'?"),
        ("params(op='con')", "op='con': the network has no such layer", "did you mean 'conv'?"),
        ("params(9)", "a layer is named in quotes, not 9", None),
        ("param()", "unknown function 'param'", "did you mean 'params'?"),
        ("size(3)", "size(): the shape (1000,) has no axis 3", None),
        ("params(of='vgg16')", "of='vgg16': another spec can't be asked here", None),
    ],
)
def test_ask_refuses(expression: str, message: str, hint: str | None) -> None:
    with pytest.raises(SpecError) as caught:
        Metrics(GRAPH).ask(expression)
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_output_of() -> None:
    assert Metrics(GRAPH).output_of() == (1000,)
    assert Metrics(GRAPH).output_of("conv2") == (256, 13, 13)


def test_depth_counts_the_longest_path() -> None:
    assert "googlenet" in bundled()
    googlenet = load("googlenet").graph.select(aux=False)
    assert Metrics(googlenet).ask("depth()") == 22
    assert Metrics(googlenet).ask("depth('inception3a')") == 2


@pytest.mark.parametrize(
    ("name", "layers"),
    [
        ("lenet5", 5),
        ("alexnet", 8),
        ("vgg16", 16),
        ("vgg19", 19),
        ("resnet18", 18),
        ("resnet152", 152),
        ("densenet121", 121),
        ("mobilenet_v1", 28),
        ("unet", 18 + 4 + 1),
        ("efficientnet_b0", 50 + 2 * 16),  # the two layers of each gate
        ("vit_b_16", 1 + 12 * 4 + 1),
        ("gpt2_small", 12 * 4 + 1),
    ],
)
def test_depth_is_what_the_papers_count(name: str, layers: int) -> None:
    assert Metrics(load(name).graph.select(aux=False)).ask("depth()") == layers


def test_depth_of_what_is_meant_alone() -> None:
    seresnet = Metrics(load("seresnet50").graph)
    assert seresnet.ask("depth()") == 50 + 2 * 16
    assert seresnet.ask("depth('stem', '*.residual.conv*', 'head')") == 50


def test_written() -> None:
    assert [written(v) for v in (61_706, Fraction(1, 3), Fraction(5, 2))] == [
        "61,706", "0.3333", "2.5"
    ]  # fmt: skip
