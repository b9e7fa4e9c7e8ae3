"""One network on its way through PyTorch: lowered once, walked node by node, on meta and on fake tensors."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import torch
from torch import fx
from torch.utils.flop_counter import FlopCounterMode

from archstat.graph import Graph
from archstat.ops.tape import Mode
from archstat.passes.checkpoint import NOTHING, Checkpoint
from archstat.pytorch.lowering import lower, target_of
from archstat.pytorch.release import Fake, running


class Subject:
    """A graph and its PyTorch module; every walk is made once, when it is first asked for.

    ``mode`` is how it runs while memory is followed, ``checkpoint`` what runs again then.
    """

    def __init__(
        self, graph: Graph, mode: Mode | None = None, checkpoint: Checkpoint = NOTHING
    ) -> None:
        self.graph, self.mode, self.checkpoint = graph, mode or running(), checkpoint
        self.targets = [target_of(node.path) for node in graph.nodes]

    @cached_property
    def module(self) -> fx.GraphModule:
        """The lowered graph on the meta device, in evaluation mode."""
        return lower(self.graph).eval()

    def part(self, index: int) -> Any:
        """Return a node's own module."""
        return self.module.get_submodule(self.targets[index])

    @cached_property
    def flops(self) -> list[tuple[tuple[int, ...], str, int]]:
        """Each node's output shape, element type, and FLOPs by FlopCounterMode, on meta.

        With gradients enabled: without them PyTorch takes fused kernels that the counter doesn't know.
        """
        found = []
        with FlopCounterMode(display=False) as counter:
            before = 0
            for y in self._walk(self.module, self._arriving("meta")):
                after = counter.get_total_flops()
                found.append((tuple(y.shape), str(y.dtype).removeprefix("torch."), after - before))
                before = after
        return found

    @cached_property
    def outputs(self) -> list[tuple[tuple[int, ...], str]]:
        """Each node's output shape and element type, on fake CPU tensors."""
        with self._faked(training=False):
            ys = list(self._walk(self.module, self._arriving("cpu")))
        return [(tuple(y.shape), str(y.dtype).removeprefix("torch.")) for y in ys]

    def storages(self, *, training: bool) -> list[tuple[int | None, tuple[int, ...]]]:
        """Return for each node the input whose memory its output is in, and its strides, on fake CPU tensors.

        ``None`` is memory of its own, -1 one of the module's parameters or buffers.
        """
        with self._faked(training=training):
            ys = list(self._walk(self.module, self._arriving("cpu")))
            held = [y.untyped_storage()._cdata for y in ys]
            kept = (*self.module.parameters(), *self.module.buffers())
            own = {t.untyped_storage()._cdata for t in kept}
        found = []
        for node, at, y in zip(self.graph.nodes, held, ys, strict=True):
            expected = node.op.storage(node.io, training=training)
            theirs = next((k for k, i in enumerate(node.inputs) if held[i] == at), None)
            if expected is not None and expected >= 0 and held[node.inputs[expected]] == at:
                theirs = expected  # two inputs may be in the same memory
            found.append((-1 if theirs is None and at in own else theirs, tuple(y.stride())))
        return found

    def run(self, index: int, inputs: Sequence[torch.Tensor], make: Any) -> torch.Tensor:
        """Run one node on real tensors, each parameter and buffer being ``make`` of what it is on meta."""
        part = self.part(index)
        with _as_it_was(part):
            fill(part, make)
            y: torch.Tensor = part(*inputs)
        return y

    def _arriving(self, device: str) -> torch.Tensor:
        x = self.graph.input
        return torch.zeros(x.shape, dtype=getattr(torch, x.dtype), device=device)

    @contextmanager
    def _faked(self, *, training: bool) -> Iterator[None]:
        """Put fake tensors in place of the module's own, and switch gradients off."""
        with Fake(), torch.no_grad(), _as_it_was(self.module):
            fill(self.module, lambda t: torch.empty(t.shape, dtype=t.dtype))
            self.module.train(training)
            yield

    def _walk(self, module: fx.GraphModule, x: torch.Tensor) -> Iterator[torch.Tensor]:
        """Run the nodes in order and yield their outputs, the input first."""
        values = [x]
        yield x
        for index, node in enumerate(self.graph.nodes[1:], 1):
            values.append(self.part(index)(*(values[i] for i in node.inputs)))
            yield values[-1]


def fill(module: torch.nn.Module, make: Any) -> None:
    """Put ``make(tensor)`` in place of every parameter and buffer, shared where those are shared."""
    made: dict[int, Any] = {}
    for part in module.modules():
        for name, p in part._parameters.items():
            if p is not None:
                if id(p) not in made:
                    made[id(p)] = torch.nn.Parameter(make(p), p.requires_grad)
                part._parameters[name] = made[id(p)]
        for name, b in part._buffers.items():
            if b is not None:
                part._buffers[name] = make(b)


@contextmanager
def _as_it_was(module: torch.nn.Module) -> Iterator[None]:
    """Give a module its own tensors and mode back."""
    parts = [(part, dict(part._parameters), dict(part._buffers)) for part in module.modules()]
    training = module.training
    try:
        yield
    finally:
        for part, parameters, buffers in parts:
            part._parameters.update(parameters)
            part._buffers.update(buffers)
        module.train(training)
