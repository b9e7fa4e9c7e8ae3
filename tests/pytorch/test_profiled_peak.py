"""The training peak as it is when nothing watches PyTorch: gradients are added in place."""

from typing import Any

import pytest

from archstat.passes.training import training_peak
from archstat.spec import Settings, load

pytest.importorskip("torch", reason="torch is not installed: pip install torch fvcore")
profiled: Any = pytest.importorskip("tests.pytorch.profiled")

PER_DROPOUT = 8
"""Bytes of the scalar that each dropout keeps, which dispatch modes don't see and archstat doesn't count."""


@pytest.mark.parametrize(
    ("name", "batch"),
    [
        *(
            (name, 1)
            for name in (
                "alexnet", "squeezenet", "resnet18", "resnet50", "googlenet", "mobilenet_v2", "densenet121",
                "bert_base",
            )
        ),
        ("convnext_tiny", 2),
        ("lenet5_1998", 2),
    ],
)  # fmt: skip
def test_peak_of_an_unwatched_step(name: str, batch: int) -> None:
    graph = load(name, Settings(batch=batch)).graph
    ours, theirs = training_peak(graph), profiled.training_peak(graph)
    assert ours is not None
    dropouts = sum(node.op.word == "dropout" for node in graph.nodes)
    assert theirs - ours.nbytes in range(0, PER_DROPOUT * dropouts + 1, PER_DROPOUT)
