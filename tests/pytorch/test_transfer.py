"""What freezing saves, held against PyTorch: the tensors it keeps, gradients, optimizer state, peaks and MACs."""

import random
from typing import Any

import pytest

from archstat.graph import Graph
from archstat.passes import trainable_params
from archstat.passes.optimizers import Optimizer, gradient_bytes, optimizer_bytes
from archstat.passes.saved import saved_bytes
from archstat.passes.training import training_peak
from archstat.spec import load
from archstat.spec.model import Settings, Transfer

torch = pytest.importorskip("torch", reason="torch is not installed: pip install torch fvcore")

RECIPES = ("vgg16_head_only", "vgg16_finetune", "resnet50_head_only", "resnet50_finetune")
NETWORKS = ("lenet5", "alexnet", "resnet20", "googlenet", "mobilenet_v2", "densenet121", "seresnet50", "unet",
            "vit_b_16", "mixer_b_16", "convnext_tiny")  # fmt: skip


def network(
    name: str, freeze: str, unfreeze: str = "", *, batch: int = 8, head: int | None = None
) -> Graph:
    transfer = Transfer(
        freeze=tuple(freeze.split()), unfreeze=tuple(unfreeze.split()), replace_head=head
    )
    return load(name, Settings(batch=batch, transfer=transfer)).graph


# Measured on torchvision's own models with saved_tensors_hooks, in training at batch 8.
@pytest.mark.parametrize(
    ("name", "freeze", "unfreeze", "kept"),
    [
        ("vgg16_torchvision", "all", "fc*", 1_589_248),
        ("resnet50", "all", "head", 65_536),
        ("resnet50", "all", "conv5 head", 43_507_712),
        ("resnet50", "all", "stem.conv1", 687_422_976),
        ("resnet50", "*.norm", "", 687_488_512),
        ("resnet50", "all", "*.norm", 682_606_080),
        ("vit_b_16", "all", "encoder.encoder_block12 head", 87_259_968),
    ],
)
def test_saved_bytes(name: str, freeze: str, unfreeze: str, kept: int) -> None:
    from tests.pytorch.oracle import saved_for_backward

    graph = network(name, freeze, unfreeze)
    assert sum(saved_bytes(graph)) == kept
    assert saved_for_backward(graph) == kept


@pytest.mark.parametrize("name", RECIPES)
def test_recipes(name: str) -> None:
    hold(load(name, Settings(batch=8)).graph)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(i, marks=pytest.mark.slow) for i in range(1, 8))]
)
def test_networks_frozen_at_random(name: str, seed: int) -> None:
    """Freeze some layers, stages and norms, wherever they are, and perhaps put a new head."""
    drawn = random.Random(f"{name} {seed}")
    layers = [node.path for node in load(name).graph.nodes if node.params()]
    around = sorted({path.rpartition(".")[0] for path in layers} - {""})
    frozen = [*drawn.sample(layers, len(layers) // 2), *drawn.sample(around, len(around) // 4)]
    trained = drawn.sample(layers, min(len(layers), 3))
    graph = network(
        name, " ".join(frozen), " ".join(trained), batch=2, head=drawn.choice([None, 7])
    )
    hold(graph.select(aux=False))


def hold(graph: Graph) -> None:
    """Hold every number of training a network against PyTorch's."""
    from archstat.pytorch import lower
    from archstat.pytorch.backward_check import backward_macs
    from archstat.pytorch.subject import Subject
    from tests.pytorch import oracle

    trained = [p for p in lower(graph).parameters() if p.requires_grad]
    assert sum(trainable_params(graph)) == sum(p.numel() for p in trained)
    assert sum(saved_bytes(graph)) == oracle.saved_for_backward(graph)
    assert not backward_macs(Subject(graph)).failed
    peak = training_peak(graph, in_place=False)
    assert peak is not None
    assert peak.nbytes == oracle.training_peak(graph)
    assert sum(gradient_bytes(graph)) == sum(p.nbytes for p in trained)
    for name, kind, options in STATES:
        assert sum(optimizer_bytes(graph, Optimizer(name))) == state_of(trained, kind, options)


def state_of(parameters: list[Any], kind: str, options: dict[str, Any]) -> int:
    """Return what an optimizer of torch.optim keeps after a step, in bytes."""
    made = [torch.nn.Parameter(torch.empty_like(p, device="meta")) for p in parameters]
    for p in made:
        p.grad = torch.empty_like(p)
    optimizer = getattr(torch.optim, kind)(made, foreach=False, **options)
    optimizer.step()
    kept = [t for state in optimizer.state.values() for t in state.values()]
    return sum(t.nbytes for t in kept if isinstance(t, torch.Tensor))


STATES: tuple[tuple[Any, str, dict[str, Any]], ...] = (
    ("sgd", "SGD", {"lr": 0.1}),
    ("momentum", "SGD", {"lr": 0.1, "momentum": 0.9}),
    ("adam", "Adam", {}),
)
