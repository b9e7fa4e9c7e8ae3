"""Checkpoints under torch.autocast, held against PyTorch: each rise and fall of memory, what is kept, MACs.

A stretch runs again in a context of its own: it makes its own copies of weights, and holds them until it is through.
"""

from pathlib import Path
from typing import Any

import pytest

from archstat.graph import Graph
from archstat.passes.checkpoint import NOTHING, Checkpoint, layers_behind
from archstat.passes.optimizers import Optimizer
from archstat.passes.saved import saved_bytes
from archstat.passes.training import training_peak
from archstat.passes.training_step import TrainingStep
from archstat.spec import load
from archstat.spec.model import Settings, Transfer
from tests.pytorch.test_checkpoint import (
    CHECKPOINTS,
    FROZEN,
    UNREAD,
    kept,
    macs_that_run_again_agree,
    maxima,
    ours,
    step,
    theirs,
    written,
)

torch = pytest.importorskip("torch", reason="torch is not installed: pip install torch fvcore")
running: Any = pytest.importorskip("archstat.pytorch.release").running

SLOW = ("densenet121", "unet", "resnet50", "googlenet")


def networks(*names: str) -> list[Any]:
    return [pytest.param(n, marks=pytest.mark.slow) if n in SLOW else n for n in names]


@pytest.mark.parametrize(
    "name",
    networks(
        "lenet5", "resnet20", "mobilenet_v2", "vit_b_16", "gpt2_small", "alexnet_torchvision", *SLOW[:3]
    ),
)  # fmt: skip
@pytest.mark.parametrize(("batch", "low"), [(1, "bfloat16"), (2, "float16")])
@CHECKPOINTS
def test_memory_rises_and_falls_as_in_pytorch(
    name: str, batch: int, low: str, checkpoint: Checkpoint
) -> None:
    graph, mode = load(name, Settings(batch=batch)).graph, running(autocast=low)
    assert ours(graph, checkpoint, mode) == theirs(graph, checkpoint, mode)


@pytest.mark.parametrize("low", ["bfloat16", "float16"])
@pytest.mark.parametrize("name", ["lenet5", "resnet20"])
@CHECKPOINTS
def test_real_tensors_live_as_fake_ones(name: str, low: str, checkpoint: Checkpoint) -> None:
    graph, mode = load(name, Settings(batch=2)).graph, running(autocast=low)
    totals = step(graph, layers_behind(graph, checkpoint), mode, real=True)
    assert ours(graph, checkpoint, mode) == maxima(totals)


@pytest.mark.parametrize(
    "name", networks("resnet18", "convnext_tiny", "efficientnet_b0", "mixer_b_16", *SLOW)
)
@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@CHECKPOINTS
def test_peak(name: str, training: bool, checkpoint: Checkpoint) -> None:
    graph = load(name, Settings(batch=2)).graph
    mode = running(training=training, autocast="bfloat16")
    assert max(ours(graph, checkpoint, mode)) == max(theirs(graph, checkpoint, mode))


@pytest.mark.parametrize("name", ["lenet5", "resnet20", "vit_b_16"])
@CHECKPOINTS
def test_peak_with_an_optimizer(name: str, checkpoint: Checkpoint) -> None:
    from tests.pytorch import oracle

    graph, mode = load(name, Settings(batch=2)).graph, running(autocast="bfloat16")
    peak = training_peak(graph, mode, Optimizer("adam"), in_place=False, checkpoint=checkpoint)
    assert peak is not None
    adam = oracle.training_peak(
        graph,
        lambda p: torch.optim.Adam(p, foreach=False),
        steps=2,
        mode=mode,
        stretches=layers_behind(graph, checkpoint),
    )
    assert peak.nbytes == adam


@pytest.mark.parametrize(
    "frozen", ["stem", "stem, body", "body", "head", "stem, body, head.linear1"]
)
@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
def test_frozen_layers(frozen: str, training: bool, tmp_path: Path) -> None:
    graph = written(FROZEN.replace("FROZEN", frozen), tmp_path)
    holds(graph, training=training)


@pytest.mark.parametrize("frozen", ["*", "conv2.*", "conv1"])
def test_frozen_stages(frozen: str) -> None:
    transfer = Transfer(freeze=(frozen,), unfreeze=("head",))
    holds(load("resnet20", Settings(transfer=transfer)).graph)


SHARED = """
input: [8, 12, 12]
layers:
  stem:
    - {name: first, conv: 8, kernel: 3, padding: 1}
    - relu
  two:
    - {conv: 8, kernel: 3, padding: 1, share: stem.first}
    - relu
    - {name: third, conv: 8, kernel: 3, padding: 1, bias: false}
  three:
    - add: [[{conv: 8, kernel: 3, padding: 1, from: input}], identity]
    - {conv: 8, kernel: 3, padding: 1, bias: false, share: two.third}
    - {conv: 8, kernel: 3, padding: 1, share: stem.first}
  four:
    - {name: fourth, conv: 8, kernel: 3, padding: 1, bias: false, share: two.third}
    - {name: deep, conv: 8, kernel: 1, from: input}
    - add: [two, fourth, identity, three]
  head:
    - {conv: 8, kernel: 1, share: four.deep}
    - flatten
    - linear: 10
FREEZE
"""


@pytest.mark.parametrize("frozen", ["", "stem", "two.third", "stem, two", "four"])
@pytest.mark.parametrize("input_grad", [False, True], ids=["first", "inner"])
def test_copies_that_several_stretches_read(frozen: str, input_grad: bool, tmp_path: Path) -> None:
    """In the forward pass the first of them makes the copy; running again, each does."""
    freeze = f"freeze: [{frozen}]" if frozen else ""
    graph = written(SHARED.replace("FREEZE", freeze), tmp_path)
    holds(graph, input_grad=input_grad)


@pytest.mark.parametrize("behind", ["silu", "dropout", "{add: [identity, [conv: 64]]}"])
@pytest.mark.parametrize("last", ["relu", "{parameter: [4, 16, 16]}"])
def test_layers_that_nobody_reads(behind: str, last: str, tmp_path: Path) -> None:
    graph = written(UNREAD.replace("BEHIND", behind).replace("LAST", last), tmp_path)
    for checkpoint in (Checkpoint("stages"), Checkpoint("segments", 2)):
        mode = running(autocast="bfloat16")
        assert ours(graph, checkpoint, mode) == theirs(graph, checkpoint, mode)


@pytest.mark.parametrize("name", networks("lenet5", "resnet18", "vit_b_16", "unet", "googlenet"))
@CHECKPOINTS
def test_what_is_kept(name: str, checkpoint: Checkpoint) -> None:
    graph, mode = load(name, Settings(batch=2)).graph, running(autocast="bfloat16")
    saved = saved_bytes(graph, mode, checkpoint=checkpoint)
    assert sum(saved) == kept(graph, checkpoint, mode)


@pytest.mark.parametrize("name", networks("lenet5", "nin", "vit_b_16", "unet"))
@CHECKPOINTS
def test_macs_that_run_again(name: str, checkpoint: Checkpoint) -> None:
    macs_that_run_again_agree(load(name).graph, checkpoint, running(autocast="bfloat16"))


def test_what_nobody_reads_does_not_run_again(tmp_path: Path) -> None:
    text = UNREAD.replace("BEHIND", "{parameter: [8, 16, 16]}").replace("LAST", "relu")
    graph = written(text, tmp_path)
    for low in ("", "bfloat16"):
        macs_that_run_again_agree(graph, Checkpoint("stages"), running(autocast=low))


def holds(graph: Graph, *, input_grad: bool = False, training: bool = True) -> None:
    """Hold every rise and fall of memory over a step, cut in several ways, and what is kept."""
    mode = running(autocast="bfloat16", training=training)
    for checkpoint in (
        NOTHING,
        Checkpoint("stages"),
        Checkpoint("segments", 2),
        Checkpoint("segments", 3),
    ):
        run = TrainingStep(
            graph, mode, Optimizer(), in_place=False, input_grad=input_grad, checkpoint=checkpoint
        ).run()
        curve = run.curve()[dict(run.phases())["forward"] - 1 :]
        totals = step(graph, layers_behind(graph, checkpoint), mode, input_grad=input_grad)
        assert maxima(curve) == maxima(totals)
        if not input_grad:
            saved = saved_bytes(graph, mode, checkpoint=checkpoint)
            assert sum(saved) == kept(graph, checkpoint, mode)
