"""The peak of a training step where weights are shared: their gradients arrive one by one, and are added."""

from pathlib import Path
from typing import Any

import pytest

from archstat.graph import Graph
from archstat.passes.training import training_peak
from archstat.spec import Settings, load

torch = pytest.importorskip("torch", reason="torch is not installed: pip install torch fvcore")
watch: Any = pytest.importorskip("archstat.pytorch.watch")
profiled: Any = pytest.importorskip("tests.pytorch.profiled")


SHARED = pytest.mark.parametrize(
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
        ("{tokens: [6, 64]}", "[rms_norm, {rms_norm: , share: rms_norm1}]"),
        ("[64]", "[prelu, {linear: 64}, {prelu: , share: prelu1}]"),
        (
            "{tokens: [6], dtype: int64}",
            "[{embedding: 64, entries: 500}, gelu, {linear: 500, bias: false, share: embedding1}]",
        ),
    ],
)


@pytest.mark.parametrize("batch", [1, 3])
@SHARED
def test_training_peak(batch: int, arriving: str, layers: str, tmp_path: Path) -> None:
    graph = written(arriving, layers, batch, tmp_path)
    peak = training_peak(graph, in_place=False)
    assert peak is not None
    assert peak.nbytes == watch.training_peak(graph)


@pytest.mark.parametrize("batch", [1, 3])
@SHARED
def test_peak_of_an_unwatched_step(batch: int, arriving: str, layers: str, tmp_path: Path) -> None:
    graph = written(arriving, layers, batch, tmp_path)
    peak = training_peak(graph)
    assert peak is not None
    assert peak.nbytes == profiled.training_peak(graph)


def written(arriving: str, layers: str, batch: int, folder: Path) -> Graph:
    path = folder / "net.yaml"
    path.write_text(f"input: {arriving}\nlayers: {layers}\n", encoding="utf-8")
    return load(path, Settings(batch=batch)).graph
