"""A spec written out is the same network: the same layers in the same order, the same numbers."""

from pathlib import Path

import pytest

from archstat import passes
from archstat.graph import Graph
from archstat.spec import bundled, load
from archstat.spec.expand import expand

MIXED = """\
name: 'mixed: "quoted"'
input: [3, 16, 16]
blocks:
  down(width):
    - {conv: width, kernel: 3, padding: same, act: {leaky_relu: 0.2}}
    - {conv: width, norm: {group: 4}, act: silu}
  dense(growth):
    - concat: [input, [{conv: growth, kernel: 3, padding: same, name: grown}]]
layers:
  enc1: [down: 8]
  enc2: [max_pool: 2, down: 16, relu, {down: 8, repeat: 2}, dense: 4]
  up:   [{conv_transpose: 8, kernel: 2, stride: 2}, concat: [enc1, identity], {conv: 8, name: last}]
  out:  [from: up, {mul: [up.last, identity]}, dropout: 1/3]
aux:
  side: [from: enc2, down: 4, flatten, linear: 2]
outputs: [out, enc2]
freeze: [enc1]
"""


def what(graph: Graph) -> list[tuple[object, ...]]:
    return [(n.op, n.output, n.frozen, n.owner) for n in graph.nodes]


@pytest.mark.parametrize("name", bundled())
def test_a_bundled_spec_written_out_is_the_same_network(name: str, tmp_path: Path) -> None:
    path = tmp_path / "expanded.yaml"
    path.write_text(expand(name), encoding="utf-8")
    assert what(load(path).graph) == what(load(name).graph)


def test_blocks_references_heads_and_names_are_written_out(tmp_path: Path) -> None:
    source, path = tmp_path / "mixed.yaml", tmp_path / "expanded.yaml"
    source.write_text(MIXED, encoding="utf-8")
    text = expand(source)
    path.write_text(text, encoding="utf-8")
    before, after = load(source), load(path)
    assert what(before.graph) == what(after.graph)
    assert (before.name, before.graph.outputs) == (after.name, after.graph.outputs)
    assert sum(passes.trainable_params(before.graph)) == sum(passes.trainable_params(after.graph))
    assert "blocks" not in text
    assert "dropout: 1/3" in text


def test_shared_weights_stay_shared(tmp_path: Path) -> None:
    source, path = tmp_path / "shared.yaml", tmp_path / "expanded.yaml"
    source.write_text(
        "input: [8, 8, 8]\n"
        "blocks:\n"
        "  b: [{conv: 8, norm: batch}]\n"
        "layers:\n"
        "  a: [{conv: 8, name: stem}, b: , {conv: 8, norm: batch, share: stem}, relu,\n"
        "      {conv: 8, norm: {batch: , share: conv1.norm}}]\n"
        "  c: [{b: , share: a.b}, relu, {b: , repeat: 2, share: b}]\n",
        encoding="utf-8",
    )
    text = expand(source)
    path.write_text(text, encoding="utf-8")
    before, after = load(source), load(path)
    assert what(before.graph) == what(after.graph)
    assert sum(passes.params(before.graph)) == sum(passes.params(after.graph))


def test_paths_stay_where_a_body_holds_only_layers_or_only_blocks(tmp_path: Path) -> None:
    path = tmp_path / "expanded.yaml"
    path.write_text(expand("resnet50"), encoding="utf-8")
    assert [n.path for n in load(path).graph.nodes] == [
        n.path for n in load("resnet50").graph.nodes
    ]
