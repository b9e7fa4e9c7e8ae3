"""The printed code runs by itself and is the same network: state dict, training flags, shapes, MACs."""

import ast
import runpy
from typing import Any

import pytest

from archstat import passes
from archstat.graph import Graph
from archstat.pytorch.names import class_name, module_name
from archstat.pytorch.source import source
from archstat.spec import Settings, bundled, load

torch = pytest.importorskip("torch", reason="torch is not installed: pip install torch fvcore")
flop_counter = pytest.importorskip("torch.utils.flop_counter")

FROZEN = """
name: odd names
input: [3, 16, 16]
defaults: {conv: {padding: same, act: relu}}
layers:
  class: [{conv: 4, kernel: 3, norm: batch}, {max_pool: 2}]
  1x1/a+b: [{conv: 4, act: none}]
  train:
    - {conv: 4, name: forward}
    - {conv: 4, share: forward}
    - {max_pool: 3, stride: 2, padding: tf_same}
  forked:
    - add: {left: [conv: 4], right: [{conv: 4}, {conv: 4, norm: batch}], input: identity}
    - concat: [train, identity]
  end: [global_avg_pool, flatten, linear: 5]
freeze: [class, end]
"""


WITHIN = """
input: [3, 16, 16]
defaults: {conv: {kernel: 3, padding: same, norm: batch, act: relu}}
layers:
  a: [conv: 4, conv: 4]
  b:
    - {add: {left: [conv: 4], right: [conv: 4, conv: 4]}, name: left2}
    - {conv: 4, name: twice}
    - {conv: 4, share: twice}
  end: [flatten, linear: 3]
freeze: [a.conv1, b, end]
unfreeze: [a.conv1.norm, b.left.conv1, b.right.conv2.norm, b.twice, end]
"""
"""Layers that are trained, inside others that are not."""


def made(graph: Graph) -> Any:
    """Run the printed code on meta and return the network."""
    names: dict[str, Any] = {"__name__": "printed"}
    exec(compile(source(graph), "printed.py", "exec"), names)
    with torch.device("meta"):
        return names[class_name(graph.name)]().to(getattr(torch, graph.dtype)).eval()


def hold(graph: Graph) -> None:
    lowering = pytest.importorskip("archstat.pytorch.lowering")
    module, reference = made(graph), lowering.lower(graph)
    shapes = {key: tuple(t.shape) for key, t in module.state_dict().items()}
    assert shapes == {key: tuple(t.shape) for key, t in reference.state_dict().items()}
    trained = {key for key, p in module.named_parameters() if p.requires_grad}
    assert trained == {key for key, p in reference.named_parameters() if p.requires_grad}
    kept = [p.numel() for p in module.parameters() if p.requires_grad]
    assert sum(kept) == sum(passes.trainable_params(graph))
    assert sum(p.numel() for p in module.parameters()) == sum(passes.params(graph))
    x = torch.empty(graph.input.shape, dtype=getattr(torch, graph.input.dtype), device="meta")
    with flop_counter.FlopCounterMode(display=False) as counter:
        y = module(x)
    assert counter.get_total_flops() == 2 * sum(passes.macs(graph))
    given = y if isinstance(y, tuple) else (y,)
    assert [tuple(t.shape) for t in given] == [graph.nodes[i].output.shape for i in graph.outputs]


@pytest.mark.parametrize("name", bundled())
def test_bundled(name: str) -> None:
    hold(load(name, Settings(batch=2)).graph)


def test_names_that_python_and_pytorch_need(tmp_path: Any) -> None:
    path = tmp_path / "odd.yaml"
    path.write_text(FROZEN)
    graph = load(str(path)).graph
    hold(graph)
    assert "archstat" not in source(graph).split('"""', 2)[2]


STAGES = """
input: [3, 8, 8]
layers:
  f: [{conv: 4}, add: {a: [gelu], b: identity}]
  torch: [{conv: 4}, add: {F: [gelu, {conv: 4}], nn: [{conv: 4}, relu], OrderedDict: identity}]
  ordered_dict: [{conv: 4}, add: {a: [{parameter: [4, 8, 8]}], b: identity}]
  parameter: [{conv: 4}, add: {a: [tanh], torch: [{pad: 1}, {conv: 4, kernel: 3}]}]
  none: [{conv: 4}, add: {a: [relu], b: identity}]
  __init__: [{conv: 4}, add: {__call__: [{conv: 4}, relu], __x: [{conv: 4}], _parameters: [conv: 4]}]
  end: [global_avg_pool, flatten, linear: 3]
"""
"""Stages and branches called as what the printed code uses, and as PyTorch's own methods."""


@pytest.mark.parametrize(
    "name", ["F", "nn", "torch", "OrderedDict", "Any", "Parameter", "super", "print", "plain"]
)
def test_names_that_the_printed_code_uses(tmp_path: Any, name: str) -> None:
    path = tmp_path / f"{name}.yaml"
    path.write_text(STAGES)
    hold(load(str(path)).graph)
    printed = tmp_path / "printed.py"
    printed.write_text(source(load(str(path)).graph))
    runpy.run_path(str(printed), run_name="__main__")


@pytest.mark.parametrize(
    "word", ["__init__", "__call__", "__x", "__", "_x", "_parameters", "class"]
)
def test_a_submodule_has_a_name_of_its_own(word: str) -> None:
    name = module_name(word)
    module = torch.nn.Module()
    assert module_name(name) == name
    assert not hasattr(module, name)
    names: dict[str, Any] = {}
    exec(f"class A:\n    def f(self, m): m.{name} = 1", names)
    names["A"]().f(module)
    assert getattr(module, name) == 1  # a name that Python mangles would be another


def test_layers_that_are_trained_inside_frozen_ones(tmp_path: Any) -> None:
    path = tmp_path / "within.yaml"
    path.write_text(WITHIN)
    graph = load(str(path)).graph
    hold(graph)
    assert "self.b.right.conv2.norm.requires_grad_(True)" in source(graph)


def test_a_name_cannot_end_the_docstring(tmp_path: Any) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text('name: \'x"""; import os; """\\\'\ninput: [3, 4, 4]\nlayers: [relu]\n')
    tree = ast.parse(source(load(str(path)).graph))
    imported = [a.name for s in ast.walk(tree) if isinstance(s, ast.Import) for a in s.names]
    assert imported == ["torch"]


def test_every_reserved_name_is_still_known() -> None:
    from archstat.pytorch.names import RESERVED

    public = {name for name in dir(torch.nn.Sequential()) if not name.startswith("_")}
    assert public <= RESERVED
