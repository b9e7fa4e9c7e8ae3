"""The peak of a training step of each op alone, on every case of the op tests, held against PyTorch to the byte."""

from fractions import Fraction
from typing import Any

import pytest

from archstat.graph import Graph, Input, Node
from archstat.ops.arithmetic import Scale
from archstat.ops.base import IO
from archstat.ops.tape import Mode
from archstat.passes.optimizers import Optimizer
from archstat.passes.training import TrainingStep
from tests.ops.case import Case, all_cases

torch = pytest.importorskip("torch", reason="torch is not installed: pip install torch fvcore")


@pytest.mark.parametrize("case", all_cases(), ids=str)
@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
def test_training_peak(case: Case, training: bool) -> None:
    graph = alone(case)
    if not graph.output.is_floating or len(graph.output.shape) < 2:
        pytest.skip("its output has no loss")
    step = TrainingStep(
        graph, Mode(training=training), Optimizer(), in_place=False, input_grad=True
    )
    if not step.loss.needs_grad:
        pytest.skip("nothing is trained")
    assert step.run().peak == reference(graph, training)


def alone(case: Case) -> Graph:
    """Return a network of the op behind its inputs, each scaled by one so that it isn't a leaf."""
    nodes: list[Node] = []

    def add(path: str, op: Any, inputs: tuple[int, ...]) -> int:
        arriving = tuple(nodes[i].output for i in inputs)
        nodes.append(Node(path, op, inputs, IO(arriving, op.output(*arriving)), len(nodes)))
        return len(nodes) - 1

    ends = []
    for x in case.arriving():
        nodes.append(Node("input", Input(), (), IO((), x), len(nodes)))
        at = len(nodes) - 1
        if x.is_floating:
            at = add("scale", Scale(factor=Fraction(1)), (at,))
        for step in case.chain():
            at = add(step.word, step, (at,))
        ends.append(at)
    pad = case.pad()
    if pad is not None:
        ends = [add("pad", pad, (at,)) for at in ends]
    op, _ = case.build()
    add(case.op, op, tuple(ends))
    x = case.arriving()[0]
    return Graph(case.op, tuple(nodes), (len(nodes) - 1,), x.dtype if x.is_floating else "float32")


def reference(graph: Graph, training: bool) -> int:
    from torch._subclasses.fake_tensor import FakeTensorMode

    from archstat.pytorch import watch
    from archstat.pytorch.modules import module

    batched = [not node.inputs or node.op.word != "parameter" for node in graph.nodes]
    with FakeTensorMode():
        modules = torch.nn.ModuleList(
            module(node.op, node.io, [batched[i] for i in node.inputs])
            if node.inputs
            else torch.nn.Identity()
            for node in graph.nodes
        ).train(training)
        if graph.dtype != "float32" and "float" in graph.dtype:
            modules = modules.to(getattr(torch, graph.dtype))
        leaves = [
            torch.zeros(node.output.shape, dtype=getattr(torch, node.output.dtype))
            for node in graph.nodes
            if not node.inputs
        ]
        for leaf in leaves:
            leaf.requires_grad_(leaf.is_floating_point())
        label = watch._labels(graph.output)
        with watch.Tracker(*leaves, label, *modules.parameters(), *modules.buffers()) as tracker:
            y = run(graph, modules, leaves)
            watch._loss((y,), [label], graph).backward()
    return tracker.peak


def run(graph: Graph, modules: Any, leaves: list[Any]) -> Any:
    """Run the modules; each value goes when no later one reads it."""
    last = {i: index for index, node in enumerate(graph.nodes) for i in node.inputs}
    values: dict[int, Any] = {}
    waiting = iter(leaves)
    for index, node in enumerate(graph.nodes):
        if not node.inputs:
            values[index] = next(waiting)
            continue
        values[index] = modules[index](*[values[i] for i in node.inputs])
        for i in set(node.inputs):
            if last[i] == index and graph.nodes[i].inputs:
                del values[i]
    return values[len(graph.nodes) - 1]
