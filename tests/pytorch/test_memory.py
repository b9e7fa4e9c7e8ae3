"""What whole networks keep for the backward pass, held against PyTorch's hooks to the byte."""

from pathlib import Path
from typing import Any

import pytest

from archstat.passes.optimizers import Optimizer, adam_bytes, gradient_bytes
from archstat.passes.peak import inference_peak
from archstat.passes.saved import saved_bytes
from archstat.passes.training import training_peak
from archstat.spec import load
from archstat.spec.model import Settings
from tests.pytorch.fewest import at_least

torch = pytest.importorskip("torch", reason="torch is not installed: pip install torch fvcore")
release: Any = pytest.importorskip("archstat.pytorch.release")

SPECS = sorted(path.stem for path in (Path(__file__).parents[2] / "configs").glob("*.yaml"))
LONG = ("resnet1202", "gpt2_large", "gpt2_xl", "resnet101_v1", "resnet152_v1", "gpt2_medium")
"""Deeper copies of networks that are there anyway: only with ``-m slow``."""

MODES = pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
NETWORKS = pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.slow) if n in LONG else n for n in SPECS]
)


@NETWORKS
@pytest.mark.parametrize("batch", [1, 8])
@MODES
def test_saved(name: str, batch: int, training: bool) -> None:
    from tests.pytorch.oracle import saved_for_backward

    graph = load(name, Settings(batch=at_least(batch, name))).graph
    computed = sum(saved_bytes(graph, release.running(training=training)))
    assert computed == saved_for_backward(graph, training=training)


@NETWORKS
@pytest.mark.parametrize("batch", [1, pytest.param(8, marks=pytest.mark.slow)])
def test_inference_peak(name: str, batch: int) -> None:
    from tests.pytorch import oracle

    graph = load(name, Settings(batch=batch)).graph
    assert inference_peak(graph, release.running()).nbytes == oracle.inference_peak(graph)


@pytest.mark.parametrize("name", ["resnet20", "unet", "seresnet50", "vit_b_16", "convnext_tiny"])
@pytest.mark.parametrize("dtype", ["bfloat16", "float64"])
@MODES
def test_saved_in_another_type_at_batch_8(name: str, dtype: str, training: bool) -> None:
    from tests.pytorch.oracle import saved_for_backward

    graph = load(name, Settings(batch=8, dtype=dtype)).graph
    computed = sum(saved_bytes(graph, release.running(training=training)))
    assert computed == saved_for_backward(graph, training=training)


@pytest.mark.parametrize("name", ["googlenet", "googlenet_torchvision"])
@MODES
def test_saved_without_auxiliary_heads(name: str, training: bool) -> None:
    from tests.pytorch.oracle import saved_for_backward

    graph = load(name).graph.select(aux=False)
    computed = sum(saved_bytes(graph, release.running(training=training)))
    assert computed == saved_for_backward(graph, training=training)


@NETWORKS
@pytest.mark.parametrize("batch", [1, pytest.param(8, marks=pytest.mark.slow)])
def test_training_peak(name: str, batch: int) -> None:
    from tests.pytorch import oracle

    graph = load(name, Settings(batch=at_least(batch, name))).graph
    peak = training_peak(graph, in_place=False)
    assert peak is not None
    assert peak.nbytes == oracle.training_peak(graph)


@pytest.mark.parametrize(
    "name", ["lenet5", "resnet20", "googlenet_torchvision", "mixer_b_16", "vit_b_16"]
)
@pytest.mark.parametrize(
    ("optimizer", "options"),
    [
        (Optimizer("momentum"), {"lr": 0.1, "momentum": 0.9, "foreach": False}),
        (
            Optimizer("momentum", weight_decay=True),
            {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.1, "foreach": False},
        ),
        (Optimizer("momentum", "foreach"), {"lr": 0.1, "momentum": 0.9, "foreach": True}),
        (Optimizer("adam"), {"foreach": False}),
        (Optimizer("adam", "foreach"), {"foreach": True}),
        (Optimizer("adam", "foreach", weight_decay=True), {"foreach": True, "weight_decay": 0.1}),
        (Optimizer("adam", "fused"), {"fused": True}),
        (Optimizer("adamw"), {"foreach": False}),
    ],
    ids=lambda one: (
        f"{one.name}-{one.implementation}-{one.weight_decay}" if isinstance(one, Optimizer) else ""
    ),
)
def test_training_peak_with_an_optimizer(
    name: str, optimizer: Optimizer, options: dict[str, Any]
) -> None:
    from tests.pytorch import oracle

    kind = {"momentum": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW}
    graph = load(name, Settings(batch=2)).graph
    peak = training_peak(graph, optimizer=optimizer, in_place=False)
    assert peak is not None
    theirs = oracle.training_peak(graph, lambda p: kind[optimizer.name](p, **options), steps=2)
    assert peak.nbytes == theirs


LAST = """
input: {{tokens: {sizes}}}
layers:
  - {{permute: {order}}}
  - {{{op}: 64, kernel: 3, groups: {groups}}}
  - relu
  - {{{op}: 64, kernel: 1}}
  - flatten
  - linear: 10
"""


@pytest.mark.parametrize("op", ["conv", "conv_transpose"])
@pytest.mark.parametrize("groups", [1, 4, 64])
@pytest.mark.parametrize(
    ("sizes", "order"),
    [("[8, 64]", "[1, 0]"), ("[8, 8, 64]", "[2, 0, 1]"), ("[4, 4, 4, 64]", "[3, 0, 1, 2]")],
    ids=["1d", "2d", "3d"],
)
def test_training_peak_where_channels_come_last_in_memory(
    op: str, groups: int, sizes: str, order: str, tmp_path: Path
) -> None:
    from tests.pytorch import oracle

    path = tmp_path / "net.yaml"
    path.write_text(LAST.format(op=op, groups=groups, sizes=sizes, order=order))
    graph = load(str(path), Settings(batch=2)).graph
    peak = training_peak(graph, in_place=False)
    assert peak is not None
    assert peak.nbytes == oracle.training_peak(graph)


FROZEN = """
input: [3, 32, 32]
layers:
  - {name: stem, conv: 64, kernel: 3, padding: 1}
  - relu6: {inplace: true}
  - max_pool: 8
  - flatten
  - linear: 10
freeze: [stem]
"""


def test_a_frozen_layer_in_place_makes_no_clone(tmp_path: Path) -> None:
    from tests.pytorch import oracle

    path = tmp_path / "net.yaml"
    path.write_text(FROZEN)
    graph = load(str(path)).graph
    peak = training_peak(graph, in_place=False)
    assert peak is not None
    assert peak.nbytes == oracle.training_peak(graph)


UNREAD = """
input: [3, 32, 32]
layers:
  - {conv: 16, kernel: 3, padding: 1}
  - {name: here, relu: {}}
  - {name: shared, conv: 16, kernel: 3, padding: 1}
  - {name: wide, conv: 64, kernel: 3, padding: 1}
  - relu
  - {from: here, conv: 16, kernel: 3, padding: 1, share: shared}
  - flatten
  - linear: 10
"""


@pytest.mark.parametrize("steps", [1, 2])
def test_what_nobody_reads_has_no_gradient(steps: int, tmp_path: Path) -> None:
    from tests.pytorch import oracle

    path = tmp_path / "net.yaml"
    path.write_text(UNREAD)
    graph = load(str(path)).graph
    optimizer = Optimizer("adam") if steps == 2 else Optimizer()
    peak = training_peak(graph, optimizer=optimizer, in_place=False)
    assert peak is not None
    adam = (lambda p: torch.optim.Adam(p, foreach=False)) if steps == 2 else None
    assert peak.nbytes == oracle.training_peak(graph, adam, steps=steps)


def test_gradients_and_state_are_those_of_params_to_which_a_gradient_comes(tmp_path: Path) -> None:
    from archstat.pytorch import watch

    path = tmp_path / "net.yaml"
    path.write_text(UNREAD)
    graph = load(str(path)).graph
    module = watch.learner(graph)
    watch.materialise(module)
    x, labels = watch.ready(module, graph)
    adam = torch.optim.Adam(module.parameters())
    watch.step(module, x, labels, graph, adam)
    gradients = [p.grad for p in module.parameters() if p.grad is not None]
    assert sum(gradient_bytes(graph)) == sum(g.nbytes for g in gradients)
    held = [t for state in adam.state.values() for t in state.values()]
    assert sum(adam_bytes(graph)) == sum(t.nbytes for t in held)
