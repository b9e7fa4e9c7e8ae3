"""``memory --backward --peak --engine torch``: PyTorch's own saved bytes, peaks, gradients and optimizer state."""

import json
from pathlib import Path
from typing import Any

import pytest

from archstat.ops.conv import Conv
from tests.cli.run import run

torch = pytest.importorskip("torch", reason="torch is not installed: pip install torch fvcore")
trained: Any = pytest.importorskip("archstat.pytorch.trained")

TRAINING = ("--backward", "--peak", "--batch", "2")
MEASURED = ("saved_bytes", "gradient_bytes", "optimizer_bytes")

OPTIONS = (
    (),
    ("--mode", "eval"),
    ("--input-grad",),
    ("--amp", "bfloat16"),
    ("--freeze", "conv1,conv2", "--optimizer", "momentum"),
    ("--freeze", "all"),
    ("--optimizer", "adam", "--weight-decay", "--implementation", "foreach"),
    ("--optimizer", "adamw", "--implementation", "fused"),
)


def report(*args: str) -> dict[str, Any]:
    done = run("memory", *args, "-f", "json")
    assert done.exit_code == 0, done.stderr
    (found,) = json.loads(done.stdout)["reports"]
    return dict(found)


def sums(found: dict[str, Any]) -> list[dict[str, int]]:
    return [{k: row[k] for k in MEASURED if k in row} for row in found["rows"]]


def bytes_of(found: dict[str, Any]) -> dict[str, int]:
    return {k: n for peak in found["peaks"] for k, n in peak.items() if k.endswith("_bytes")}


def the_same(spec: str, *options: str) -> dict[str, Any]:
    """Hold the table by rule against that by PyTorch, and return the latter."""
    by_rule = report(spec, *TRAINING, "--accumulate", "out-of-place", *options)
    by_torch = report(spec, *TRAINING, "--engine", "torch", *options)
    assert sums(by_torch) == sums(by_rule)
    assert by_torch["totals"] == by_rule["totals"]
    assert bytes_of(by_torch) == bytes_of(by_rule)
    return by_torch


@pytest.mark.parametrize("options", OPTIONS, ids=" ".join)
def test_ways_to_train(options: tuple[str, ...]) -> None:
    found = the_same("lenet5", *options)
    assert ("training_peak_bytes" in bytes_of(found)) == ("all" not in options)


@pytest.mark.parametrize("name", ["resnet20", "mobilenet_v2", "vit_b_16", "gpt2_small"])
def test_networks(name: str) -> None:
    the_same(name, "--optimizer", "adam")


def test_auxiliary_heads_are_trained_too() -> None:
    found = the_same("googlenet", "--aux")
    assert found["settings"]["aux"]


def test_a_broken_rule_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    tape = Conv.tape

    def broken(self: Any, io: Any, mode: Any) -> Any:
        (*before, step) = tape(self, io, mode)
        return (*before, step.__class__(step.inputs, step.y, learns=step.learns))

    right = report("lenet5", *TRAINING)
    monkeypatch.setattr(Conv, "tape", broken)
    assert sums(report("lenet5", *TRAINING)) != sums(right)
    assert sums(report("lenet5", *TRAINING, "--engine", "torch")) == sums(right)


def test_what_pytorch_does_not_say_is_left_out() -> None:
    found = report("lenet5", *TRAINING, "--engine", "torch")
    assert all("saved_what" not in row for row in found["rows"])
    assert [(p["path"], p["op"], p["alive"]) for p in found["peaks"]] == [(None, None, None)] * 2
    assert all("phase" not in peak for peak in found["peaks"])
    (note,) = found["notes"]
    assert "out of place" in note
    assert "no layer and no phase" in note
    header = run("memory", "lenet5", *TRAINING, "--engine", "torch", "-f", "csv").stdout
    assert "saved_what" not in header
    shown = run("memory", "lenet5", *TRAINING, "--engine", "torch").stdout
    assert "saved by torch (kB)" in shown
    assert "kept here first" not in shown
    assert "by torch; params and buffers on top" in shown


@pytest.mark.parametrize("option", [("--backward",), ("--peak",)])
def test_only_what_was_asked_for(option: tuple[str, ...]) -> None:
    found = report("lenet5", *option, "--engine", "torch")
    assert ("saved_bytes" in found["totals"]) == (option == ("--backward",))
    assert bool(found.get("peaks")) == bool(found["notes"]) == (option == ("--peak",))


@pytest.mark.parametrize(
    "options",
    [
        ("--fit", "1GB"),
        ("--split", "2"),
        ("--gpus", "2", "--batch", "2"),
        ("--curve",),
        ("--peak", "--checkpoint", "stages"),
        ("--peak", "--accumulate", "in-place"),
        ("--backward", "--device", "cuda"),
    ],
    ids=" ".join,
)
def test_what_the_walk_can_not_honour_is_refused(options: tuple[str, ...]) -> None:
    done = run("memory", "lenet5", *options, "--engine", "torch")
    assert (done.exit_code, done.stdout) == (2, "")
    refused = next(o for o in options if o.startswith("--") and o not in ("--peak", "--backward"))
    assert done.stderr.startswith(f"error: {refused}")
    assert "can't go with --engine torch\n" in done.stderr


@pytest.mark.parametrize("option", ["--backward", "--peak"])
def test_fvcore_has_neither(option: str) -> None:
    done = run("memory", "lenet5", option, "--engine", "fvcore")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "--engine fvcore has no saved bytes and no peaks" in done.stderr


IN_PLACE = """
input: [3, 8, 8]
layers:
  - {conv: 4, kernel: 3}
  - relu
  - {dropout: 0.5, inplace: true}
  - {conv: 4, kernel: 3}
"""

ONE_VALUE = "input: [3]\nlayers: [linear: 4, batch_norm]\n"


@pytest.mark.parametrize(
    ("text", "option", "why"),
    [
        (IN_PLACE, "--peak", "'dropout1' changes in place what 'relu1' keeps"),
        (ONE_VALUE, "--backward", "'batch_norm1' has one value for each channel"),
        (ONE_VALUE, "--peak", "'batch_norm1' has one value for each channel"),
    ],
)
def test_what_pytorch_refuses_is_said_in_one_line(
    text: str, option: str, why: str, tmp_path: Path
) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(text)
    done = run("memory", str(path), option, "--engine", "torch")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: PyTorch refuses to train it: {why}")
    assert done.stderr.count("\n") == 2
    assert run("memory", str(path), option).exit_code == 0
