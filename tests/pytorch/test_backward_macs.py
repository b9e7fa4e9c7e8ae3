"""The cost of the gradients, held against FlopCounterMode over a backward pass on the meta device."""

from pathlib import Path
from typing import Any

import pytest

from archstat.ops.base import total
from archstat.passes.backward_macs import backward_macs
from archstat.spec import load
from archstat.spec.model import Settings
from tests.ops.case import Case, all_cases
from tests.pytorch.fewest import at_least

torch = pytest.importorskip("torch", reason="torch is not installed: pip install torch fvcore")
check: Any = pytest.importorskip("archstat.pytorch.backward_check")
Subject: Any = pytest.importorskip("archstat.pytorch.subject").Subject

SPECS = sorted(path.stem for path in (Path(__file__).parents[2] / "configs").glob("*.yaml"))
LONG = ("resnet1202", "gpt2_large", "gpt2_xl", "resnet101_v1", "resnet152_v1", "gpt2_medium")


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.slow) if n in LONG else n for n in SPECS]
)
def test_bundled_networks(name: str) -> None:
    settings = Settings(batch=at_least(1, name))
    found = check.backward_macs(Subject(load(name, settings).graph))
    assert found.counts["differs"] == 0
    assert found.compared or found.skipped == "nothing is trained"


def test_another_number_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "by_rule", lambda graph: (1, *backward_macs(graph)))
    assert check.backward_macs(Subject(load("lenet5").graph)).counts["differs"] == 1


UNREAD = """
input: [3, 32, 32]
layers:
  - {name: here, conv: 16, kernel: 3}
  - {conv: 64, kernel: 3, groups: 2}
  - {relu: {inplace: true}}
  - {from: here, conv: 8, kernel: 3}
  - flatten
  - linear: 10
"""


def test_what_nobody_reads_has_no_gradient(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(UNREAD)
    graph = load(str(path)).graph
    assert 2 * sum(backward_macs(graph)) == check._flops_of_gradients(graph)


@pytest.mark.parametrize("case", [c for c in all_cases() if c.macs], ids=str)
@pytest.mark.parametrize("input_grad", [True, False], ids=["inner", "first"])
@pytest.mark.parametrize("trained", [True, False], ids=["trained", "frozen"])
def test_every_case_with_macs(case: Case, input_grad: bool, trained: bool) -> None:
    from torch.utils.flop_counter import FlopCounterMode

    from archstat.pytorch.modules import module

    op, io = case.build()
    with torch.device("meta"):
        made = module(op, io, [True] * len(io.inputs)).requires_grad_(trained)
        inputs = [torch.zeros(x.shape).requires_grad_(input_grad) for x in io.inputs]
    y = made(*inputs)
    needs = tuple(input_grad for _ in inputs)
    rule = op.backward_macs(io, needs, trained)
    if not y.requires_grad:
        assert rule == {}
        return
    with FlopCounterMode(display=False) as counter:
        y.sum().backward()
    groups = getattr(op, "groups", 1)
    again = sum(torch.Size(f).numel() for what, f in rule.items() if "weight's" in what)
    assert counter.get_total_flops() == 2 * (total(rule) + (groups - 1) * again)
