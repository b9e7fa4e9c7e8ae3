"""A network trained on several devices that divide its channels: one module a device, what each keeps and exchanges.

The modules are written here from the graph alone, with slices of one set of weights; that they compute the same as the
whole network, forward and backward, says that they are its parts.
"""

from pathlib import Path
from typing import Any

import pytest

from archstat.graph import Graph, Node
from archstat.ops.tape import Mode
from archstat.passes.channels import placed
from archstat.passes.split import split
from archstat.passes.split_saved import split_kept
from archstat.passes.trace import trace
from archstat.spec import Settings, load

torch = pytest.importorskip("torch", reason="torch is not installed: pip install torch fvcore")
lower: Any = pytest.importorskip("archstat.pytorch").lower

TOWERS = """
input: [3, 24, 24]
defaults: {conv: {act: relu}, max_pool: {stride: 2}}
layers:
  - {conv: 16, kernel: 3}
  - local_response_norm: 5
  - max_pool: 3
  - {conv: 16, kernel: 3, groups: 2}
  - {conv: 24, kernel: 3, groups: 4}
  - {conv: 8, kernel: 3, padding: 1}
  - flatten
  - {linear: 16, act: relu}
  - linear: 8
"""
BRANCHES = """
input: [3, 8, 8]
layers:
  - {conv: 8, norm: batch, act: relu}
  - concat: {a: [conv: 4], b: [{conv: 8, kernel: 3, padding: 1}], pool: [{max_pool: 3, stride: 1, padding: 1}]}
  - {conv: channels, kernel: 3, padding: 1, groups: channels}
  - add: {residual: [conv: channels, relu], shortcut: identity}
  - mul: {features: identity, scale: [global_avg_pool, conv: 4, relu, {conv: 20, act: sigmoid}]}
  - {conv: 8, groups: 4}
  - {group_norm: 4}
  - global_avg_pool
  - flatten
  - linear: 4
"""


def bits(own: int) -> list[int]:
    return [c for c in range(own.bit_length()) if own >> c & 1]


class Devices:
    """Runs the parts of a graph side by side, and counts what each keeps and what goes between them."""

    def __init__(self, graph: Graph, devices: int) -> None:
        self.graph, self.devices, self.places = graph, devices, placed(graph, devices)
        self.whole = lower(graph, device="cpu").train()
        self.modules = [
            self.whole.get_submodule(n.target)
            for n in self.whole.graph.nodes
            if n.op == "call_module"
        ]
        self.forth, self.back = [0] * len(graph.nodes), [0] * len(graph.nodes)
        self.kept: list[dict[int, int]] = [{} for _ in range(devices)]
        self.gathered: dict[tuple[int, int, int], Any] = {}
        self.sent: dict[tuple[int, int, int], Any] = {}
        self.params: list[Any] = []
        self.of: list[tuple[Any, Any, list[int]]] = []
        self.here = -1

    def run(self, x: Any) -> Any:
        """Return the output, put together again."""
        values: list[list[Any]] = [[x] * self.devices]

        def keep(tensor: Any) -> Any:
            storage = tensor.untyped_storage()
            if not any(storage.data_ptr() == p.untyped_storage().data_ptr() for p in self.params):
                self.kept[self.here][storage.data_ptr()] = storage.nbytes()
            self.held.append(tensor)  # so that no address is used twice
            return tensor

        self.held: list[Any] = []
        for at, (node, made) in enumerate(
            zip(self.graph.nodes[1:], self.modules, strict=True), start=1
        ):
            row = []
            for device in range(self.devices):
                self.here = device
                inputs = [
                    self.read(at, position, i, device, values[i])
                    for position, i in enumerate(node.inputs)
                ]
                with torch.autograd.graph.saved_tensors_hooks(keep, lambda t: t):
                    row.append(self.part(at, node, made, device, inputs))
            values.append(row)
        last = self.graph.outputs[0]
        whole = [None] * self.graph.nodes[last].output.channels
        at = self.graph.nodes[last].output.channel_dim
        for device in range(self.devices):
            for k, c in enumerate(bits(self.places[last].held[device])):
                whole[c] = values[last][device].select(at, k)
        return torch.stack(whole, at)

    def read(self, at: int, position: int, i: int, device: int, owners: list[Any]) -> Any:
        """Gather what a device reads; what it hasn't crosses, and its gradient goes back."""
        held = [bits(own) for own in self.places[i].held]
        wanted = bits(self.places[at].reads[position][device])
        dim = self.graph.nodes[i].output.channel_dim
        if wanted == held[device]:
            return owners[device]
        if set(wanted) <= set(held[device]):
            k = held[device].index(wanted[0])
            return owners[device].narrow(dim, k, len(wanted))
        key = (i, device, self.places[at].reads[position][device])
        if key not in self.gathered:
            pieces = [self.piece(at, i, device, c, owners) for c in wanted]
            self.gathered[key] = torch.cat(pieces, dim)
        return self.gathered[key]

    def piece(self, at: int, i: int, device: int, channel: int, owners: list[Any]) -> Any:
        """Return one channel: a device's own, or one that is sent to it, once, and whose gradient comes back."""
        held, dim = self.places[i].held, self.graph.nodes[i].output.channel_dim
        owner = device if held[device] >> channel & 1 else 0
        while not held[owner] >> channel & 1:
            owner += 1
        piece = owners[owner].narrow(dim, bits(held[owner]).index(channel), 1)
        if owner == device:
            return piece
        key = (i, device, channel)
        if key not in self.sent:
            self.sent[key] = sent = piece * 1
            self.forth[at] += sent.nbytes
            if sent.requires_grad:
                sent.register_hook(lambda g: self.came_back(at, g))
        return self.sent[key]

    def came_back(self, at: int, gradient: Any) -> None:
        self.back[at] += gradient.nbytes

    def part(self, at: int, node: Node, made: Any, device: int, inputs: list[Any]) -> Any:
        """Run a device's part of a layer."""
        own, dim = bits(self.places[at].held[device]), node.output.channel_dim
        f, word = torch.nn.functional, node.op.word
        weights = [self.slice(p, own) for p in made.parameters(recurse=False)]
        if word == "conv":
            groups = max(1, made.groups * len(own) // made.out_channels)
            slide = (made.stride, made.padding, made.dilation)
            return f.conv2d(inputs[0], weights[0], *(weights[1:] or [None]), *slide, groups)
        if word == "linear":
            return f.linear(inputs[0], *weights)
        if word == "batch_norm":
            mean = torch.zeros(len(own), dtype=inputs[0].dtype)
            var = torch.ones_like(mean)
            self.params += [mean, var]  # buffers don't count either
            return f.batch_norm(inputs[0], mean, var, *weights, training=True)
        if word == "group_norm":
            read = bits(self.places[at].reads[0][device])
            groups = max(1, made.num_groups * len(read) // made.num_channels)
            full = [self.slice(p, read) for p in made.parameters(recurse=False)]
            y = f.group_norm(inputs[0], groups, *full)
            return y if read == own else y.narrow(dim, read.index(own[0]), len(own))
        y = made(*inputs)
        if word == "local_response_norm":
            read = bits(self.places[at].reads[0][device])
            return y if read == own else y.narrow(dim, read.index(own[0]), len(own))
        return y

    def slice(self, p: Any, channels: list[int]) -> Any:
        """Return a parameter of its own: these channels of one of the whole network's."""
        made = p.detach()[channels].clone().requires_grad_()
        self.params.append(made)
        self.of.append((made, p, channels))
        return made


def check(graph: Graph, devices: int) -> None:
    """Run a step on the devices and on one, and compare what is computed, kept and exchanged."""
    torch.manual_seed(0)
    run = Devices(graph, devices)
    x = torch.rand(graph.input.shape, dtype=getattr(torch, graph.dtype))
    y, expected = run.run(x), run.whole(x)
    torch.testing.assert_close(y, expected)
    y.square().sum().backward()
    expected.square().sum().backward()
    for made, whole, channels in run.of:
        if made.grad is not None:
            torch.testing.assert_close(made.grad, whole.grad[channels], rtol=1e-3, atol=1e-4)
    needs = [value.needs_grad for value in trace(graph, Mode()).values]
    parts = split(graph, devices, needs)
    assert run.forth == [part.crossing for part in parts]
    assert run.back == [part.back for part in parts]
    most = max(sum(kept.values()) for kept in run.kept)
    assert most == sum(one.nbytes for one in split_kept(graph, devices, Mode()))


@pytest.mark.parametrize("devices", [1, 2, 4])
@pytest.mark.parametrize("text", [TOWERS, BRANCHES], ids=["towers", "branches"])
def test_a_step_on_several_devices(text: str, devices: int, tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(text, encoding="utf-8")
    check(load(path).graph, devices)


@pytest.mark.parametrize(
    ("name", "shape"), [("resnet18", (3, 32, 32)), ("inception_bottleneck_stack", (256, 8, 8))]
)
def test_a_bundled_network_on_two_devices(name: str, shape: tuple[int, ...]) -> None:
    settings = Settings(input=shape, batch=2, dtype="float64")
    check(load(name, settings).graph.select(aux=False), 2)
