"""--engine: the same tables from the PyTorch graph, and nothing where the engine has nothing."""

import json

import pytest

from archstat.report.columns import BY_KEY
from archstat.spec import load
from tests.cli.run import run

torch = pytest.importorskip("torch", reason="torch is not installed: pip install torch fvcore")
engines = pytest.importorskip("archstat.pytorch.engines")

EQUAL = (
    "params", "weights", "biases", "trainable_params", "param_bytes", "buffers", "buffer_bytes", "macs",
    "activations", "activation_bytes", "forward_backward_bytes",
)  # fmt: skip


@pytest.mark.parametrize("name", ["lenet5", "resnet18", "vit_b_16", "gpt2_small", "seresnet50"])
def test_torch_gives_every_cell(name: str) -> None:
    graph = load(name).graph
    for key in EQUAL:
        assert engines.values(graph, "torch", key) == BY_KEY[key].values(graph), key


def test_what_an_engine_lacks_is_unknown() -> None:
    graph = load("lenet5").graph
    assert set(engines.values(graph, "torch", "flops")) == {None}
    assert set(engines.values(graph, "fvcore", "activation_bytes")) == {None}


def test_fvcore() -> None:
    pytest.importorskip("fvcore.common", reason="fvcore is not installed: pip install torch fvcore")
    graph = load("resnet18").graph
    assert sum(engines.values(graph, "fvcore", "macs")) == 1_819_065_856
    assert sum(n or 0 for n in engines.values(graph, "fvcore", "activations")) == 2_484_712
    assert None in engines.values(graph, "fvcore", "activations")


def test_what_fvcore_sees_in_part_is_unknown() -> None:
    pytest.importorskip("fvcore.common", reason="fvcore is not installed: pip install torch fvcore")
    graph = load("vit_b_16").graph
    found = engines.values(graph, "fvcore", "macs")
    unknown = {n.op.word for n, macs in zip(graph.nodes, found, strict=True) if macs is None}
    assert unknown == {"attention"}
    why, own = engines.notes(graph, "fvcore", "macs")
    assert "12 layers" in why
    assert "QK^T and AV" in why
    assert own == "fvcore's own total is 16,867,412,736"
    assert engines.notes(load("resnet18").graph, "fvcore", "macs") == ()
    assert engines.notes(graph, "torch", "macs") == ()

    (report,) = json.loads(run("flops", "vit_b_16", "--engine", "fvcore", "-f", "json").stdout)[
        "reports"
    ]
    assert report["totals"]["macs"] == sum(n or 0 for n in found) == 11_290_036_992
    assert "macs" in report["incomplete"]
    shown = run("flops", "vit_b_16", "--engine", "fvcore").stdout
    assert "at least 11,290,036,992" in shown
    assert run("flops", "vit_b_16", "--engine", "fvcore", "--strict").exit_code == 2


def test_nothing_known_is_no_sum() -> None:
    pytest.importorskip("fvcore.common", reason="fvcore is not installed: pip install torch fvcore")
    shown = run("memory", "lenet5", "--engine", "fvcore").stdout
    assert "at least 6,518" in shown
    assert "at least 0" not in shown
    assert shown.splitlines()[-1].split() == ["TOTAL", "at", "least", "6,518", "?"]
    (report,) = json.loads(run("memory", "lenet5", "--engine", "fvcore", "-f", "json").stdout)[
        "reports"
    ]
    assert report["totals"]["activation_bytes"] is None
    total = run("memory", "lenet5", "--engine", "fvcore", "-f", "csv").stdout.splitlines()[-1]
    assert total.endswith(",,,,at least: activations")


@pytest.mark.parametrize("name", ["lenet5", "resnet18", "vit_b_16", "gpt2_small", "unet"])
def test_shapes_are_pytorchs(name: str) -> None:
    graph = load(name).graph
    found = engines.shapes(graph)
    assert [shape for shape, _ in found] == [node.output.shape for node in graph.nodes]
    assert [tensors for _, tensors in found] == [node.params() for node in graph.nodes]


def test_shapes_are_asked_of_pytorch(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = load("lenet5").graph
    told = tuple(((7, 7, *y.shape[2:]), {"weight": (7,)}) for y in (n.output for n in graph.nodes))
    monkeypatch.setattr(engines, "shapes", lambda graph: told)
    (report,) = json.loads(run("shapes", "lenet5", "--engine", "torch", "-f", "json").stdout)[
        "reports"
    ]
    assert [row["output"] for row in report["rows"][:2]] == [[7, 32, 32], [7, 28, 28]]
    assert report["rows"][1]["inputs"] == [[7, 32, 32]]
    assert report["rows"][1]["tensors"] == {"weight": [7]}
    assert "as PyTorch has them" in report["notes"][0]


@pytest.mark.parametrize("options", [(), ("--layout", "hwc"), ("--by", "stage"), ("--batch", "3")])
def test_shapes_on_the_command_line(options: tuple[str, ...]) -> None:
    static = run("shapes", "googlenet", "-f", "csv", *options)
    measured = run("shapes", "googlenet", "-f", "csv", "--engine", "torch", *options)
    *rows, note = measured.stdout.splitlines()
    assert rows == static.stdout.splitlines()
    assert note.endswith("as PyTorch has them: the lowered network on fake tensors")


def test_fvcore_has_no_shapes() -> None:
    done = run("shapes", "lenet5", "--engine", "fvcore")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == "error: fvcore measures no shapes\n  hint: --engine torch does\n"


def test_on_the_command_line() -> None:
    done = run("params", "lenet5", "--engine", "torch", "-f", "json")
    assert json.loads(done.stdout)["reports"][0]["totals"]["params"] == 61_706
    assert "MACs by torch" in run("flops", "lenet5", "--engine", "torch").stdout


@pytest.mark.parametrize("command", ["params", "flops", "memory", "shapes"])
def test_json_says_who_measured(command: str) -> None:
    by_rule, by_torch = (
        json.loads(run(command, "lenet5", "-f", "json", *engine).stdout)["reports"][0]["settings"]
        for engine in ((), ("--engine", "torch"))
    )
    assert by_torch == {**by_rule, "engine": "torch"}
    assert "engine" not in by_rule
