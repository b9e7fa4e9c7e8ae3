"""The training peak as it is when nothing watches PyTorch: gradients are added in place."""

from typing import Any

import pytest

from archstat.passes.training import training_peak
from archstat.spec import Settings, bundled, load

pytest.importorskip("torch", reason="torch is not installed: pip install torch fvcore")
profiled: Any = pytest.importorskip("tests.pytorch.profiled")

PER_DROPOUT = 8
"""Bytes of the scalar that each dropout keeps, which dispatch modes don't see and archstat doesn't count."""


QUICK = (
    "alexnet", "squeezenet", "resnet18", "resnet50", "googlenet", "mobilenet_v2", "densenet121", "bert_base",
    "convnext_tiny", "lenet5_1998",
)  # fmt: skip
LARGE = ("gpt2_medium", "gpt2_large", "gpt2_xl", "resnet1202")
"""What would take more memory than a test may."""


@pytest.mark.parametrize(
    ("name", "batch"),
    [
        *((name, 1) for name in QUICK),
        ("convnext_tiny", 2),
        ("lenet5_1998", 2),
        *(pytest.param(n, 2, marks=pytest.mark.slow) for n in bundled() if n not in LARGE),
    ],
)
def test_peak_of_an_unwatched_step(name: str, batch: int) -> None:
    graph = load(name, Settings(batch=batch)).graph
    ours, theirs = training_peak(graph), profiled.training_peak(graph)
    assert ours is not None
    dropouts = sum(node.op.word in ("dropout", "drop_path") for node in graph.nodes)
    assert theirs - ours.nbytes in range(0, PER_DROPOUT * dropouts + 1, PER_DROPOUT)
