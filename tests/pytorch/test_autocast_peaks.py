"""Peaks under torch.autocast on the CPU, held against PyTorch: every rise and fall of memory over a step."""

from pathlib import Path
from typing import Any

import pytest

from archstat.graph import Graph
from archstat.ops.activation import PReLU
from archstat.ops.tape import Mode
from archstat.passes.optimizers import Optimizer
from archstat.passes.peak import inference_peak
from archstat.passes.training import training_peak
from archstat.passes.training_step import TrainingStep
from archstat.spec import load
from archstat.spec.model import Settings, Transfer
from tests.ops.case import Case, all_cases
from tests.pytorch.alone import alone, trained_and_frozen, with_loss
from tests.pytorch.test_autocast import SLOW, differences
from tests.pytorch.test_checkpoint import maxima, step, written
from tests.pytorch.test_training_cases import reference

torch = pytest.importorskip("torch", reason="torch is not installed: pip install torch fvcore")
release: Any = pytest.importorskip("archstat.pytorch.release")
running = release.running

PEAKS = (
    "alexnet_torchvision", "vgg16_torchvision", "resnet18", "resnet50", "mobilenet_v2", "googlenet", "densenet121",
    "unet", "vit_b_16", "gpt2_small", "convnext_tiny", "efficientnet_b0", "mixer_b_16", "alexnet",
)  # fmt: skip
QUICK = [pytest.param(n, marks=pytest.mark.slow) if n in SLOW else n for n in PEAKS]


def in_single_precision() -> list[Case]:
    return [case for case in all_cases() if {x.dtype for x in case.arriving()} == {"float32"}]


@pytest.mark.parametrize(("case", "frozen"), trained_and_frozen(with_loss(in_single_precision())))
@pytest.mark.parametrize("lowered", [False, True], ids=["float32", "bfloat16"])
def test_training_peak_of_an_op(case: Case, lowered: bool, frozen: bool) -> None:
    if lowered and len(case.arriving()) > 1:
        pytest.skip("several inputs go through no other layer")
    graph = alone(case, scaled=True, frozen=frozen, before=PReLU() if lowered else None)
    mode = running(autocast="bfloat16", watched=True)
    step = TrainingStep(graph, mode, Optimizer(), in_place=False, input_grad=True)
    if not step.loss.needs_grad:
        pytest.skip("nothing is trained")
    assert step.run().peak == reference(graph, mode)


@pytest.mark.parametrize(
    "name",
    [
        "lenet5",
        "alexnet_torchvision",
        "resnet20",
        "mobilenet_v2",
        "seresnet50",
        "vit_b_16",
        "gpt2_small",
        *(
            pytest.param(n, marks=pytest.mark.slow)
            for n in ("densenet121", "unet", "nin", "resnet50")
        ),
    ],
)
def test_memory_rises_and_falls_as_in_pytorch(name: str) -> None:
    rises_and_falls_alike(load(name).graph)


@pytest.mark.parametrize("low", ["bfloat16", "float16"])
@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize("name", ["lenet5", "resnet20"])
def test_real_tensors_live_as_fake_ones(name: str, training: bool, low: str) -> None:
    graph = load(name, Settings(batch=2)).graph
    rises_and_falls_alike(graph, running(training=training, autocast=low), real=True)


@pytest.mark.parametrize("name", QUICK)
@pytest.mark.parametrize("batch", [1, pytest.param(8, marks=pytest.mark.slow)])
def test_peaks(name: str, batch: int) -> None:
    from tests.pytorch import oracle

    graph = load(name, Settings(batch=batch)).graph
    mode = running(autocast="bfloat16", watched=True)
    assert inference_peak(graph, mode).nbytes == oracle.inference_peak(graph, mode)
    peak = training_peak(graph, mode, in_place=False)
    assert peak is not None
    assert peak.nbytes == oracle.training_peak(graph, mode=mode)


@pytest.mark.parametrize("name", ["lenet5", "resnet20", "vit_b_16"])
def test_peak_with_an_optimizer(name: str) -> None:
    from tests.pytorch import oracle

    graph = load(name, Settings(batch=2)).graph
    peak = training_peak(graph, running(autocast="bfloat16"), Optimizer("adam"), in_place=False)
    assert peak is not None
    adam = oracle.training_peak(
        graph,
        lambda p: torch.optim.Adam(p, foreach=False),
        steps=2,
        mode=running(autocast="bfloat16"),
    )
    assert peak.nbytes == adam


@pytest.mark.parametrize("frozen", ["*", "conv2.*", "conv1", "head"])
def test_memory_of_frozen_layers(frozen: str) -> None:
    transfer = Transfer(freeze=(frozen,), unfreeze=("head",) if frozen != "head" else ())
    rises_and_falls_alike(load("resnet20", Settings(transfer=transfer)).graph)


MIXED = """
input: [8, 12, 12]
DEFAULTS
layers:
  - {name: single, scale: 2}
  - {name: half, conv: 8, kernel: 3, padding: 1}
  - {name: joined, JOIN}
  - {name: other, conv: 8, kernel: 3, padding: 1, from: single}
  - {concat: [identity, half, joined]}
  - flatten
  - linear: 10
"""


@pytest.mark.parametrize("branches", ["half, single", "single, half", "single, single"])
@pytest.mark.parametrize("join", ["add", "sub", "mul", "div", "concat", "matmul"])
def test_branches_of_several_types(join: str, branches: str, tmp_path: Path) -> None:
    text = MIXED.replace("JOIN", f"{join}: [{branches}]").replace("DEFAULTS", "")
    rises_and_falls_alike(written(text, tmp_path))


@pytest.mark.parametrize("branches", ["half, single", "single, half"])
def test_branches_of_several_types_in_place(branches: str, tmp_path: Path) -> None:
    text = MIXED.replace("JOIN", f"add: [{branches}]")
    text = text.replace("DEFAULTS", "defaults: {add: {inplace: true}}")
    rises_and_falls_alike(written(text, tmp_path))


TWICE = """
input: [3, 12, 12]
layers:
  - add:
      - [{conv: 8, kernel: 3}]
      - [{conv: 8, kernel: 3}]
  - {name: one, conv: 8, kernel: 1}
  - relu
  - {conv: 8, kernel: 1, share: one}
  - flatten
  - linear: 10
"""


@pytest.mark.parametrize("input_grad", [True, False], ids=["inner", "first"])
def test_what_is_cast_twice_is_cached_if_it_is_a_leaf(input_grad: bool, tmp_path: Path) -> None:
    graph = written(TWICE, tmp_path)
    rises_and_falls_alike(graph, input_grad=input_grad)
    assert differences(graph, running(autocast="bfloat16"), input_grad=input_grad) == []


def rises_and_falls_alike(
    graph: Graph, mode: Mode | None = None, *, real: bool = False, input_grad: bool = False
) -> None:
    """Hold every rise and fall of memory over a step."""
    mode = mode or running(autocast="bfloat16")
    ours = TrainingStep(graph, mode, Optimizer(), in_place=False, input_grad=input_grad).run()
    begins = dict(ours.phases())["forward"]
    theirs = maxima(step(graph, (), mode, real=real, input_grad=input_grad))
    assert maxima(ours.curve()[begins - 1 :]) == theirs
