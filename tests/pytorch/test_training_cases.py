"""The peak of a training step of each op alone, on every case of the op tests, held against PyTorch to the byte."""

from typing import Any

import msgspec
import pytest

from archstat.graph import Graph
from archstat.ops.tape import Mode
from archstat.passes.checkpoint import Checkpoint
from archstat.passes.optimizers import Optimizer
from archstat.passes.training_step import TrainingStep
from tests.ops.case import Case, all_cases
from tests.pytorch.alone import alone, trained_and_frozen, with_loss

torch = pytest.importorskip("torch", reason="torch is not installed: pip install torch fvcore")
release: Any = pytest.importorskip("archstat.pytorch.release")


@pytest.mark.parametrize("case", with_loss(all_cases()), ids=str)
@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
def test_training_peak(case: Case, training: bool) -> None:
    graph = alone(case, scaled=True)
    mode = release.running(training=training, watched=True)
    step = TrainingStep(graph, mode, Optimizer(), in_place=False, input_grad=True)
    if not step.loss.needs_grad:
        pytest.skip("nothing is trained")
    assert step.run().peak == reference(graph, mode)


@pytest.mark.parametrize(("case", "frozen"), trained_and_frozen(with_loss(all_cases())))
def test_training_peak_behind_a_checkpoint(case: Case, frozen: bool) -> None:
    graph = in_one_stage(alone(case, scaled=True, frozen=frozen))
    mode = release.running(watched=True)
    step = TrainingStep(
        graph,
        mode,
        Optimizer(),
        in_place=False,
        input_grad=True,
        checkpoint=Checkpoint("stages"),
    )
    if not step.loss.needs_grad:
        pytest.skip("nothing is trained")
    assert step.run().peak == reference(graph, mode, behind=True)


def in_one_stage(graph: Graph) -> Graph:
    """Put the inputs first, and all layers into one stage."""
    order = sorted(range(len(graph.nodes)), key=lambda i: bool(graph.nodes[i].inputs))
    moved = {old: new for new, old in enumerate(order)}
    nodes = tuple(
        msgspec.structs.replace(
            graph.nodes[old],
            path=f"net.{new}" if graph.nodes[old].inputs else "input",
            inputs=tuple(moved[i] for i in graph.nodes[old].inputs),
            owner=moved[graph.nodes[old].owner],
        )
        for new, old in enumerate(order)
    )
    return msgspec.structs.replace(
        graph, nodes=nodes, outputs=tuple(moved[i] for i in graph.outputs)
    )


def reference(graph: Graph, mode: Mode, *, behind: bool = False) -> int:
    from torch.utils.checkpoint import checkpoint

    from archstat.pytorch import watch
    from archstat.pytorch.kernels import autocast, tensors
    from archstat.pytorch.modules import module

    batched = [not node.inputs or node.op.word != "parameter" for node in graph.nodes]
    with tensors(mode):
        modules = torch.nn.ModuleList(
            module(node.op, node.io, [batched[i] for i in node.inputs])
            if node.inputs
            else torch.nn.Identity()
            for node in graph.nodes
        ).train(mode.training)
        for node, made in zip(graph.nodes, modules, strict=True):
            if node.frozen:
                made.requires_grad_(False)
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
            with autocast(mode):
                if behind:
                    y = checkpoint(lambda *x: run(graph, modules, x), *leaves, use_reentrant=False)
                else:
                    y = run(graph, modules, leaves)
                loss = watch._loss((y,), [label], graph)
            loss.backward()
    return tracker.peak


def run(graph: Graph, modules: Any, leaves: Any) -> Any:
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
