"""verify passes on the bundled specs, and fails where a number or a reference is wrong."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from archstat.graph import Graph
from archstat.passes.peak import inference_peak
from archstat.pytorch.agreement import Comparison, Outcome
from archstat.spec import Settings, bundled, load
from tests.cli.run import run, shell

torch = pytest.importorskip("torch", reason="torch is not installed: pip install torch fvcore")
checks = pytest.importorskip("archstat.pytorch.checks")
verify: Callable[..., Any] = pytest.importorskip("archstat.pytorch.verify").verify

LARGE = ("gpt2_large", "gpt2_medium", "gpt2_xl", "resnet1202")


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=pytest.mark.slow if n in LARGE else ()) for n in bundled()],
)
def test_bundled_without_fvcore(name: str) -> None:
    found = verify(load(name).graph, fast=True)
    differing = [c for o in found.outcomes for c in o.compared if c.verdict == "differs"]
    assert differing == []
    assert not found.failed


@pytest.mark.parametrize("name", ["lenet5", "resnet18", "vit_b_16", "squeezenet"])
def test_bundled_with_fvcore(name: str) -> None:
    pytest.importorskip("fvcore", reason="fvcore is not installed: pip install torch fvcore")
    found = verify(load(name).graph)
    assert not found.failed
    assert {o.reference for o in found.outcomes} > {"fvcore"}


@pytest.mark.parametrize("low", ["bfloat16", "float16"])
def test_under_autocast(low: str) -> None:
    found = verify(load("resnet20").graph, amp=low)
    assert not found.failed
    held = [o for o in found.outcomes if o.check.endswith(f", {low} autocast")]
    assert [o.check.partition(", ")[0] for o in held] == [
        "saved bytes", "saved bytes", "inference peak", "training peak",
    ]  # fmt: skip
    assert all(o.compared for o in held)
    assert not any("saved" in o.check or "peak" in o.check for o in found.outcomes if o not in held)


def test_a_wrong_rule_fails_under_autocast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archstat.ops.conv._Convolution.autocast", lambda *_: "leaves")
    assert not verify(load("lenet5").graph, fast=True).failed
    found = verify(load("lenet5").graph, amp="bfloat16", fast=True)
    differing = [o.check.partition(", ")[0] for o in found.outcomes if o.counts["differs"]]
    assert differing == ["saved bytes", "saved bytes", "inference peak"]


def test_an_op_whose_casts_are_unknown_is_skipped(tmp_path: Path) -> None:
    spec = tmp_path / "net.yaml"
    several = "mul: [[linear: 8], identity, identity]"
    spec.write_text(f"input: {{tokens: [4, 8]}}\nlayers: [layer_norm, {several}, linear: 2]\n")
    done = run("verify", str(spec), "--fast", "--amp", "bfloat16")
    assert done.exit_code == 0
    assert "skipped: what autocast does to 'mul' of more than two branches" in done.output
    done = run("verify", "lenet5", "--amp", "bfloat16", "--dtype", "float16")
    assert done.exit_code == 2
    assert "--dtype can't go with --amp" in done.output


@pytest.mark.slow
def test_everything() -> None:
    assert run("verify").exit_code == 0


def changed(graph: Graph, word: str, **options: Any) -> Graph:
    """Return the graph with one op's options changed but its tensors left as they are: a wrong graph."""
    at = next(i for i, node in enumerate(graph.nodes) if node.op.word == word)
    node = graph.nodes[at]
    wrong = msgspec.structs.replace(node, op=msgspec.structs.replace(node.op, **options))
    nodes = (*graph.nodes[:at], wrong, *graph.nodes[at + 1 :])
    return msgspec.structs.replace(graph, nodes=nodes)


def test_a_wrong_shape_fails() -> None:
    assert verify(changed(load("plain20").graph, "conv", stride=2), fast=True).failed
    refused = verify(changed(load("lenet5").graph, "avg_pool", stride=1), fast=True)
    assert refused.failed
    assert any(c.ours == "it runs" for o in refused.outcomes for c in o.compared)


def test_wrong_memory_fails() -> None:
    graph = load("vgg11").graph
    subject = pytest.importorskip("archstat.pytorch.subject").Subject(graph)
    subject.module  # noqa: B018  # lowered before the op changes
    subject.graph = changed(graph, "relu", inplace=False)
    assert checks.memory(subject).counts["differs"] == 1


def test_a_reference_that_saw_nothing_has_not_agreed() -> None:
    assert Outcome(check="MACs", reference="a counter").failed
    assert not Outcome(check="MACs", reference="a counter", skipped="no convolution").failed
    assert Comparison(path="", ours=3, theirs=0).verdict == "differs"
    assert Comparison(path="", ours=3, theirs=0, reason="known").verdict == "explained"


def test_processes_change_nothing() -> None:
    asked = ("verify", "lenet5", "conv7x7", "conv3x3_stack", "--fast", "-f", "json", "--jobs")
    alone, together = (shell(*asked, jobs) for jobs in ("1", "3"))
    assert together.returncode == 0, together.stderr.decode()
    assert together.stdout == alone.stdout


def test_what_a_watched_layer_adds_is_counted(tmp_path: Path) -> None:
    """Attention over tokens adds its bias in place, unless a dispatch mode watches it."""
    path = tmp_path / "net.yaml"
    path.write_text(
        "input: [3, 32, 32]\n"
        "layers: [{conv: 16, kernel: 4, stride: 4}, tokens, {attention: 4}, {linear: 10}]\n"
    )
    graph = load(path).graph
    found = verify(graph)
    assert not found.failed
    (peak,) = (c for o in found.outcomes if o.check == "inference peak" for c in o.compared)
    assert peak.verdict == "agrees"
    assert peak.ours - inference_peak(graph).nbytes == 64 * 16 * 4


def test_json_and_exit_code() -> None:
    done = run("verify", "lenet5", "--fast", "-f", "json")
    assert done.exit_code == 0
    rows = json.loads(done.stdout)["rows"]
    assert {row["verdict"] for row in rows} == {"agrees"}
    assert sum(row["compared"] for row in rows) > 50


def test_ids_may_be_moved_before_they_are_looked_up(tmp_path: Path) -> None:
    """Words and their types arrive stacked; a table of indices is looked up, too."""
    path = tmp_path / "net.yaml"
    path.write_text(
        "input: {tokens: [2, 6], dtype: int64}\n"
        "layers:\n"
        "  - add:\n"
        "      words: [{select: 0, dim: 0}, {embedding: 8, entries: 50}]\n"
        "      types: [{select: 1, dim: 0}, {embedding: 8, entries: 2}]\n"
        "      places: [{buffer: [6], dtype: int64}, {embedding: 8, entries: 6}]\n"
        "  - {linear: 4}\n"
    )
    found = verify(load(path).graph)
    assert not found.failed
    (fields,) = (o for o in found.outcomes if o.check == "receptive fields")
    assert [c.ours for c in fields.compared] == ["0..1 x 3..3"]


def test_what_was_asked_of_the_network_is_said() -> None:
    done = run("verify", "lenet5", "--fast", "--batch", "2", "--freeze", "conv1")
    assert done.exit_code == 0
    assert done.output.rstrip().endswith("0 differ, at batch 2, float32, freeze conv1")


def test_why_pytorch_refuses_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text("input: [3, 1, 1]\nlayers: [conv: 4, batch_norm, flatten, linear: 2]\n")
    skipped = {o.check: o.skipped for o in verify(load(path).graph).outcomes if o.skipped}
    assert set(skipped) == {
        "memory, training",
        "saved bytes, training",
        "training peak",
        "backward MACs x 2",
    }
    for said in skipped.values():
        assert said.startswith("PyTorch refuses to run it: Expected more than 1 value per channel")
        assert "\n" not in said


def test_what_pytorch_refuses_to_train_is_skipped(tmp_path: Path) -> None:
    spec = tmp_path / "net.yaml"
    spec.write_text(
        "input: [16]\nlayers: [{linear: 8, act: relu}, {dropout: {p: 0.5, inplace: true}}, {linear: 4}]\n"
    )
    found = verify(load(spec).graph)
    assert not found.failed
    skipped = {o.check: o.skipped for o in found.outcomes if o.skipped}
    assert set(skipped) == {"backward MACs x 2", "training peak"}
    for said in skipped.values():
        assert "'dropout1' changes in place" in said


UNREAD = """
input: [3, 12, 12]
layers:
  - {conv: 4, kernel: 3}
  - {name: unread, conv: 8, kernel: 3, norm: batch}
  - {conv: 4, kernel: 3, from: conv1}
  - avg_pool: 2
  - flatten
  - linear: 10
aux:
  head: [{from: conv1, conv: 4, kernel: 1}, flatten, linear: 10]
"""


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_layers_that_no_output_reads_are_counted(dtype: str, tmp_path: Path) -> None:
    pytest.importorskip("fvcore", reason="fvcore is not installed: pip install torch fvcore")
    (tmp_path / "net.yaml").write_text(UNREAD)
    graph = load(tmp_path / "net.yaml", Settings(batch=2, dtype=dtype)).graph.select(aux=True)
    found = verify(graph)
    assert not found.failed
    (counted,) = [o for o in found.outcomes if (o.check, o.reference) == ("MACs", "fvcore")]
    assert {"unread", "head.conv1"} <= {one.path for one in counted.compared}
