"""What each op keeps for the backward pass, held against PyTorch's hooks on every case of the op tests."""

from contextlib import nullcontext
from typing import Any

import pytest

from archstat.graph import Graph
from archstat.ops.tape import Mode
from archstat.passes.peak import inference_peak
from archstat.passes.saved import saved_bytes
from tests.ops.case import Case, all_cases
from tests.pytorch.alone import alone

torch = pytest.importorskip("torch", reason="torch is not installed: pip install torch fvcore")
release: Any = pytest.importorskip("archstat.pytorch.release")

CASES = pytest.mark.parametrize("case", all_cases(), ids=str)


@CASES
@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize("input_grad", [True, False], ids=["inner", "first"])
@pytest.mark.parametrize("frozen", [False, True], ids=["trained", "frozen"])
def test_saved(case: Case, training: bool, input_grad: bool, frozen: bool) -> None:
    graph = alone(case, frozen=frozen)
    mode = release.running(training=training)
    assert sum(saved_bytes(graph, mode, input_grad=input_grad)) == reference(
        graph, mode, input_grad
    )


@CASES
def test_inference_peak(case: Case) -> None:
    from tests.pytorch.oracle import peak_of

    graph = alone(case)
    mode = release.running(training=False, watched=True)
    modules, leaves, run = assembled(graph, mode, False)
    assert inference_peak(graph, mode).nbytes == peak_of(run, leaves, modules)


def reference(graph: Graph, mode: Mode, input_grad: bool) -> int:
    """Run the modules one after the other and sum what the hooks are handed."""
    from tests.pytorch.oracle import saved

    modules, leaves, run = assembled(graph, mode, input_grad)
    return saved(run, leaves, modules)


def assembled(graph: Graph, mode: Mode, input_grad: bool) -> tuple[Any, tuple[Any, ...], Any]:
    """Return the modules, the inputs, and what runs the modules on them one after the other."""
    from archstat.pytorch.kernels import tensors
    from archstat.pytorch.modules import module

    batched = [not node.inputs or node.op.word != "parameter" for node in graph.nodes]
    made_by = tensors(mode)
    with made_by:
        modules = torch.nn.ModuleList(
            module(node.op, node.io, [batched[i] for i in node.inputs])
            if node.inputs
            else torch.nn.Identity()
            for node in graph.nodes
        ).train(mode.training)
        for node, made in zip(graph.nodes, modules, strict=True):
            made.requires_grad_(not node.frozen)
        leaves = tuple(
            torch.zeros(node.output.shape, dtype=getattr(torch, node.output.dtype))
            for node in graph.nodes
            if not node.inputs
        )
        for leaf in leaves:
            leaf.requires_grad_(input_grad and leaf.is_floating_point())

    def run(*given: Any) -> Any:
        # As a network, the op overwrites a layer's output, never a leaf.
        waiting = [leaf + 0 if leaf.requires_grad else leaf for leaf in given]
        values: dict[int, Any] = {}
        with made_by if mode.device == "cpu" else nullcontext():
            for index, node in enumerate(graph.nodes):
                if not node.inputs:
                    values[index] = waiting[len(values)]
            for index, (node, made) in enumerate(zip(graph.nodes, modules, strict=True)):
                if node.inputs:
                    values[index] = made(*[values[i] for i in node.inputs])
                    for i in node.inputs:
                        del values[i]
        return values[len(graph.nodes) - 1]

    return modules, leaves, run
