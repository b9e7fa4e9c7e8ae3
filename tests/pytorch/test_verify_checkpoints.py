"""verify --checkpoint passes where the rules are right, fails where one is wrong, and says what can't be held."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from archstat.passes import checkpoint as rules
from archstat.passes.checkpoint import Checkpoint
from archstat.passes.forward_run import ForwardRun
from archstat.spec import load
from tests.cli.run import run
from tests.pytorch.test_checkpoint import CHECKPOINTS, IN_PLACE

torch = pytest.importorskip("torch", reason="torch is not installed: pip install torch fvcore")
verify: Callable[..., Any] = pytest.importorskip("archstat.pytorch.verify").verify

STAGES = Checkpoint("stages")
HELD = ["saved bytes", "saved bytes", "training peak", "recompute MACs x 2"]


def held(name: str, checkpoint: Checkpoint, amp: str = "") -> list[Any]:
    """Return what is held behind checkpoints."""
    found = verify(load(name).graph, checkpoint=checkpoint, amp=amp)
    asked = [o for o in found.outcomes if "checkpoint" in o.check or "recompute" in o.check]
    assert [o.check.partition(", ")[0] for o in asked] == HELD
    others = [o for o in found.outcomes if o not in asked]
    assert not any("saved" in o.check or "training peak" in o.check for o in others)
    assert not any(o.failed for o in others)
    return asked


@pytest.mark.parametrize("amp", ["", "bfloat16"])
@CHECKPOINTS
def test_behind_checkpoints(checkpoint: Checkpoint, amp: str) -> None:
    outcomes = held("lenet5", checkpoint, amp)
    assert all(o.compared and not o.failed for o in outcomes)
    if checkpoint == STAGES:
        stages = dict.fromkeys(node.stage for node in load("lenet5").graph.nodes)
        assert [c.path for c in outcomes[0].compared] == list(stages)


def differing(name: str = "lenet5") -> list[str]:
    return [o.check.partition(",")[0] for o in held(name, STAGES) if o.counts["differs"]]


def test_nothing_that_runs_again_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archstat.passes.saved.behind_by_step", lambda found: {})
    assert differing() == ["saved bytes", "saved bytes"]


def test_running_again_is_wrong_if_it_ends_too_early(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = rules.stretches

    def early(*args: Any) -> Any:
        return tuple(replace(s, last=s.start) for s in usual(*args))

    monkeypatch.setattr(rules, "stretches", early)
    assert differing() == ["recompute MACs x 2"]


def test_what_runs_again_and_stays_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ForwardRun, "formula_done", lambda self, moment: None)
    assert differing("resnet20") == ["training peak"]


def test_a_stretch_that_starts_in_place_is_said_in_one_line(tmp_path: Path) -> None:
    spec = tmp_path / "net.yaml"
    spec.write_text(IN_PLACE)
    done = run("verify", str(spec), "--checkpoint", "stages", "--batch", "2")
    assert done.exit_code == 0
    lines = [line for line in done.output.splitlines() if "skipped: " in line]
    assert len(lines) == len(HELD)
    assert all("no checkpoint can start at 'two" in line for line in lines)


def test_too_many_segments_are_said() -> None:
    done = run("verify", "lenet5", "--fast", "--checkpoint", "segments=9")
    assert done.exit_code == 2
    assert "'LeNet-5' can't be cut into 9 segments" in done.output
    done = run("verify", "lenet5", "conv7x7", "--fast", "--checkpoint", "segments=9")
    assert done.exit_code == 0
    assert "skipped: 'LeNet-5' can't be cut into 9 segments" in done.output
    assert "4 checks skipped" in done.output


def test_a_stretch_that_keeps_something_for_what_nobody_reads(tmp_path: Path) -> None:
    spec = tmp_path / "net.yaml"
    spec.write_text(
        "input: [3, 12, 12]\nlayers:\n  a: [conv: 4, relu]\n"
        "  b: [{name: unread, conv: 4}, {name: read, from: a, scale: 2}]\n  c: [flatten, linear: 10]\n"
    )
    assert run("verify", str(spec), "--checkpoint", "stages").exit_code == 0
