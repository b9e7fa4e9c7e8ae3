"""The shapes of the tensors that one of several devices holds."""

from math import prod
from pathlib import Path

import pytest

from archstat.passes.split import split
from archstat.report.pieces import piece_numel, pieces
from archstat.spec import load

HALVES = {
    "conv_transpose: {channels: 4, kernel: 4}": {"weight": (4, 2, 4, 4), "bias": (2,)},
    "conv_transpose: {channels: 4, kernel: 2, groups: 2}": {"bias": (2,)},
    "conv: {channels: 4, kernel: 4}": {"weight": (2, 4, 4, 4), "bias": (2,)},
    "conv: {channels: 4, kernel: 1, groups: 4}": {"weight": (2, 1, 1, 1), "bias": (2,)},
    "batch_norm": {"weight": (2,), "bias": (2,)},
    "prelu: 1": {"weight": (1,)},
    "prelu: 4": {"weight": (2,)},
    "parameter: [4, 4, 4]": {"weight": (2, 4, 4)},
    "parameter: {tokens: [4, 4]}": {"weight": (4, 2)},
}


@pytest.mark.parametrize("layer", HALVES)
def test_the_axis_of_the_channels_is_divided(tmp_path: Path, layer: str) -> None:
    spec = tmp_path / "net.yaml"
    spec.write_text(f"input: [4, 4, 4]\nlayers:\n  - conv: 4\n  - {layer}\n")
    graph = load(spec).graph
    assert pieces(graph.nodes[-1], split(graph, 2)[-1]) == HALVES[layer]


@pytest.mark.parametrize("name", ["alexnet", "densenet121", "mobilenet_v2", "resnet50", "unet"])
def test_the_shapes_hold_as_many_numbers_as_are_counted(name: str) -> None:
    graph = load(name).graph
    for node, part in zip(graph.nodes, split(graph, 2), strict=True):
        held = pieces(node, part)
        assert held.keys() == node.params().keys()
        for tensor, shape in node.params().items():
            assert prod(held[tensor]) == piece_numel(shape, node, part)
