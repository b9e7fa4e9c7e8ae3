"""The peak of a training step where weights are shared: their gradients arrive one by one, and are added."""

from pathlib import Path
from typing import Any

import pytest

from archstat.passes.training import training_peak
from archstat.spec import Settings, load

torch = pytest.importorskip("torch", reason="torch is not installed: pip install torch fvcore")
watch: Any = pytest.importorskip("archstat.pytorch.watch")


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize(
    ("arriving", "layers"),
    [
        ("[64]", "[linear: 64, relu, {linear: 64, share: linear1}]"),
        ("[64]", "[linear: 64, {linear: 64, repeat: 2, share: linear1}]"),
        ("[64]", "[{linear: 64, bias: false}, relu, {linear: 64, bias: false, share: linear1}]"),
        (
            "[64]",
            "{a: [linear: 512, sigmoid], b: [from: input, {linear: 512, share: a.linear}, sigmoid], c: [sub: [a, b]]}",
        ),
        ("[8, 4, 4]", "[conv: 8, relu, {conv: 8, share: conv1}, relu, {conv: 8, share: conv1}]"),
        ("{tokens: [6, 64]}", "[layer_norm, {layer_norm: , share: layer_norm1}]"),
        ("{tokens: [6, 64]}", "[attention: 4, {attention: 4, share: attention1}]"),
        ("{tokens: [6, 64]}", "[linear: 64, gelu, {linear: 64, share: linear1}]"),
    ],
)
def test_training_peak(batch: int, arriving: str, layers: str, tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(f"input: {arriving}\nlayers: {layers}\n", encoding="utf-8")
    graph = load(path, Settings(batch=batch)).graph
    peak = training_peak(graph, in_place=False)
    assert peak is not None
    assert peak.nbytes == watch.training_peak(graph)
