"""The examples by which the format was designed, as they stand there, and their totals."""

from pathlib import Path

import pytest

from archstat.passes import macs, params, trainable_params
from archstat.spec import load
from tests.spec.conftest import Build
from tests.spec.graphs import node, paths, total_params

CASES = Path(__file__).parent / "cases"


@pytest.mark.parametrize(
    ("name", "total"),
    [
        ("lenet5", 61_706),
        ("alexnet", 60_965_224),
        ("vgg16", 138_357_544),
        ("vgg16_flowers", 134_678_438),
        ("resnet50", 25_557_032),
    ],
)
def test_parameters(name: str, total: int) -> None:
    assert sum(params(load(CASES / f"{name}.yaml").graph)) == total


def test_multiply_accumulates() -> None:
    assert sum(macs(load(CASES / "resnet50.yaml").graph)) == 4_089_184_256
    assert sum(macs(load(CASES / "vgg16.yaml").graph)) == 15_470_264_320


def test_what_transfer_learning_trains() -> None:
    spec = load(CASES / "vgg16_flowers.yaml")
    assert sum(trainable_params(spec.graph)) == 7_497_318
    assert spec.name == "VGG-16 fine-tuned on 102 flowers"


def test_figures_and_limits_beside_the_layers() -> None:
    spec = load(CASES / "vgg16.yaml")
    assert [(f.metric, f.printed) for f in spec.published] == [("params", "138M")]
    assert {limit.metric: limit.written for limit in spec.budget} == {
        "params": "140M",
        "macs": "16G",
    }


def test_paths_of_the_examples() -> None:
    assert paths(load(CASES / "lenet5.yaml").graph)[:3] == ["conv1", "conv1.act", "avg_pool1"]
    assert paths(load(CASES / "vgg16.yaml").graph)[:5] == [
        "conv1.conv1", "conv1.conv1.act", "conv1.conv2", "conv1.conv2.act", "conv1.max_pool1",
    ]  # fmt: skip
    resnet = paths(load(CASES / "resnet50.yaml").graph)
    assert resnet[4] == "conv2.bottleneck1.residual.conv1"
    assert resnet[-1] == "head.linear1"


INCEPTION = """\
input: [192, 28, 28]
defaults:
  conv:     {padding: same, act: relu}
  max_pool: {kernel: 3, stride: 2, padding: same}
blocks:
  inception(one, reduce3, three, reduce5, five, project):
    - concat:
        1x1:  [conv: one]
        3x3:  [conv: reduce3, {conv: three, kernel: 3}]
        5x5:  [conv: reduce5, {conv: five, kernel: 5}]
        pool: [{max_pool: 3, stride: 1}, conv: project]
layers:
  inception3a: [inception: [64, 96, 128, 16, 32, 32]]
"""


def test_a_row_of_the_inception_table(build: Build) -> None:
    graph = build(INCEPTION)
    assert graph.output.sample == (64 + 128 + 32 + 32, 28, 28)
    assert paths(graph)[0] == "inception3a.1x1.conv1"
    by_hand = [192 * 64, 192 * 96, 96 * 128 * 9, 192 * 16, 16 * 32 * 25, 192 * 32]
    assert total_params(graph) == sum(by_hand) + 64 + 96 + 128 + 16 + 32 + 32


def test_a_class_token_and_squeeze_and_excitation(build: Build) -> None:
    graph = build(
        "input: {tokens: [196, 768]}\nlayers:\n"
        "  - {concat: {class: [parameter: [1, channels]], patches: identity}, dim: 0}\n"
    )
    assert graph.output.sample == (197, 768)
    graph = build(
        "input: [64, 8, 8]\nlayers:\n"
        "  - mul: {features: identity, gate: [global_avg_pool, conv: 4, relu, conv: 64, sigmoid]}\n"
    )
    assert node(graph, "mul1").output.sample == (64, 8, 8)


def test_totals_are_exact_whatever_their_size(build: Build) -> None:
    # A flattened axis may be larger than a written one.
    graph = build(
        "input: [16777216, 16777216]\nlayers: [flatten, {linear: 16777216, bias: false}]\n"
    )
    assert total_params(graph) == 2**72
    assert sum(macs(graph)) == 2**72
