"""What autograd keeps under torch.autocast on the CPU, held against PyTorch's hooks layer by layer.

On real tensors: fake ones give the statistics of norms another type than the kernels do.
"""

from contextlib import nullcontext
from typing import Any

import pytest

from archstat.graph import Graph
from archstat.ops.activation import PReLU
from archstat.ops.tape import Mode
from archstat.passes.saved import saved_bytes
from archstat.passes.trace import trace
from archstat.spec import load
from archstat.spec.model import Settings, Transfer
from archstat.tensor import WITH_GRADIENTS
from tests.ops.case import Case, all_cases
from tests.pytorch.alone import alone, trained_and_frozen

torch = pytest.importorskip("torch", reason="torch is not installed: pip install torch fvcore")
running: Any = pytest.importorskip("archstat.pytorch.release").running

NETWORKS = (
    "lenet5", "alexnet", "resnet18", "mobilenet_v2", "vit_b_16", "googlenet", "densenet121", "efficientnet_b0",
    "seresnet50", "convnext_tiny", "mixer_b_16", "gpt2_small", "lenet5_1998",
)  # fmt: skip
SLOW = (
    "vit_b_16",
    "densenet121",
    "efficientnet_b0",
    "seresnet50",
    "convnext_tiny",
    "mixer_b_16",
    "gpt2_small",
)


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.slow) if n in SLOW else n for n in NETWORKS]
)
@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize("batch", [1, pytest.param(8, marks=pytest.mark.slow)])
def test_networks(name: str, training: bool, batch: int) -> None:
    graph = load(name, Settings(batch=batch)).graph
    assert differences(graph, running(training=training, autocast="bfloat16")) == []


@pytest.mark.parametrize("name", ["lenet5", "resnet20"])
def test_float16(name: str) -> None:
    assert differences(load(name).graph, running(autocast="float16")) == []


@pytest.mark.parametrize("frozen", ["*", "conv2.*", "conv1"])
def test_frozen_layers(frozen: str) -> None:
    transfer = Transfer(freeze=(frozen,), unfreeze=("head",))
    graph = load("resnet20", Settings(transfer=transfer)).graph
    assert differences(graph, running(autocast="bfloat16")) == []


def alone_in_single_precision() -> list[Case]:
    """Return the cases of ops that autocast may run by themselves."""
    return [c for c in all_cases() if [x.dtype for x in c.arriving()] == ["float32"]]


@pytest.mark.parametrize(("case", "frozen"), trained_and_frozen(alone_in_single_precision()))
@pytest.mark.parametrize("lowered", [False, True], ids=["float32", "bfloat16"])
def test_op(case: Case, lowered: bool, frozen: bool) -> None:
    graph = alone(case, scaled=True, frozen=frozen, before=PReLU() if lowered else None)
    assert graph.dtype in WITH_GRADIENTS
    assert differences(graph, running(autocast="bfloat16"), input_grad=True) == []


def differences(graph: Graph, mode: Mode, *, input_grad: bool = False) -> list[tuple[Any, ...]]:
    """Return each layer of which PyTorch keeps something else, or whose output has another type."""
    ours = saved_bytes(graph, mode, input_grad=input_grad)
    types = [value.tensor.dtype for value in trace(graph, mode, input_grad=input_grad).values]
    theirs = measured(graph, mode, input_grad)
    return [
        (node.path, node.op.word, *both)
        for node, *both in zip(graph.nodes, zip(ours, types, strict=True), theirs, strict=True)
        if both[0] != both[1]
    ]


def measured(graph: Graph, mode: Mode, input_grad: bool) -> list[tuple[int, str]]:
    from archstat.pytorch import watch
    from archstat.pytorch.kernels import autocast, tensors
    from archstat.pytorch.lowering import lower

    class Walk(watch.Saving):
        def run_node(self, n: Any) -> Any:
            y = super().run_node(n)
            if n.op != "output":
                types.append(str(y.dtype).removeprefix("torch."))
            return y

    types: list[str] = []
    module = lower(graph).train(mode.training)
    with nullcontext() if mode.device == "cpu" else tensors(mode):
        watch.materialise(module)
        walk = Walk(module)
        with autocast(mode):
            walk.run(watch.arriving(graph, input_grad))
    return list(zip(walk.kept.sums, types, strict=True))
