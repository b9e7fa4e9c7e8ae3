"""Channels divided over devices, held against what PyTorch's own kernels read: the gradient says which channels."""

from pathlib import Path
from typing import Any

import pytest

from archstat.graph import Graph, Node
from archstat.passes.split import Part, split
from archstat.spec import load
from tests.pytorch.test_split_training import TOWERS

torch = pytest.importorskip("torch", reason="torch is not installed: pip install torch fvcore")
lower: Any = pytest.importorskip("archstat.pytorch").lower

BRANCHES = """
input: [3, 8, 8]
layers:
  - {conv: 8, norm: batch, act: relu}
  - concat: {a: [conv: 4], b: [{conv: 8, kernel: 3, padding: 1}], pool: [{max_pool: 3, stride: 1, padding: 1}]}
  - {conv: channels, kernel: 3, padding: 1, groups: channels}
  - add: {residual: [conv: channels, relu], shortcut: identity}
  - mul: {features: identity, scale: [global_avg_pool, conv: 4, relu, {conv: 20, act: sigmoid}]}
  - {conv: 8, groups: 4}
  - {conv_transpose: 12, kernel: 2, stride: 2, groups: 2}
  - {group_norm: 4}
  - {interpolate: 2}
  - global_avg_pool
  - flatten
  - linear: 4
"""


def reads(node: Node, made: Any) -> list[list[set[int]]]:
    """Return for each input the channels that each output channel depends on."""
    given = [torch.rand(x.shape, requires_grad=True) for x in node.io.inputs]
    y = made(*(x.clone() for x in given))  # some ops are in place
    at = node.output.channel_dim
    found: list[list[set[int]]] = [[] for _ in given]
    for channel in range(y.shape[at]):
        one = y.select(at, channel)
        gradients = torch.autograd.grad(
            (one * torch.rand_like(one)).sum(), given, retain_graph=True, allow_unused=True
        )
        for held, x, gradient in zip(found, node.io.inputs, gradients, strict=True):
            if gradient is None:
                held.append(set())
                continue
            others = [d for d in range(gradient.dim()) if d != x.channel_dim]
            held.append(set(gradient.abs().amax(others).nonzero().flatten().tolist()))
    return found


def measured(graph: Graph, devices: int) -> list[Part]:
    """Follow the channels through the modules as ``split`` does through the ops' rules."""
    module = lower(graph, device="cpu").eval()
    for parameter in module.parameters():
        torch.nn.init.uniform_(parameter, 0.1, 1)  # nothing cancels out, and no unit is dead
    called = [n for n in module.graph.nodes if n.op == "call_module"]
    everything = set(range(graph.input.channels))
    owned = [[everything] * devices]
    got = [[set(s) for s in owned[0]]]
    parts = [Part(len(everything), True)]
    for node, call in zip(graph.nodes[1:], called, strict=True):
        found = reads(node, module.get_submodule(call.target))
        channels = range(node.output.channels)
        first = [next((k, f[c]) for k, f in enumerate(found) if f[c]) for c in channels]
        if all(len(one) == 1 for _, one in first):
            own = [
                {c for c, (k, one) in enumerate(first) if one <= owned[node.inputs[k]][device]}
                for device in range(devices)
            ]
        else:
            each = len(channels) // devices
            own = [set(channels[each * d : each * (d + 1)]) for d in range(devices)]
        crossing, most, whole = 0, 0, False
        for i, x, f in zip(node.inputs, node.io.inputs, found, strict=True):
            for device in range(devices):
                wanted = set().union(*(f[c] for c in own[device]))
                missing = wanted - owned[i][device]
                crossing += len(missing - got[i][device]) * x.nbytes // x.channels
                got[i][device] |= missing
                most = max(most, len(missing))
                whole |= bool(missing) and len(wanted) == x.channels
        (held,) = {len(one) for one in own}
        parts.append(Part(held, held == len(channels), crossing, most, whole))
        owned.append(own)
        got.append([set(one) for one in own])
    return parts


@pytest.mark.parametrize("devices", [1, 2, 4])
@pytest.mark.parametrize("text", [TOWERS, BRANCHES], ids=["towers", "branches"])
def test_what_crosses_is_what_the_kernels_read(text: str, devices: int, tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(text, encoding="utf-8")
    graph = load(path).graph
    torch.manual_seed(0)
    paths = [node.path for node in graph.nodes]
    ours, theirs = split(graph, devices), measured(graph, devices)
    assert dict(zip(paths, ours, strict=True)) == dict(zip(paths, theirs, strict=True))
