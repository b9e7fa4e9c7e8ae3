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


def test_on_the_command_line() -> None:
    done = run("params", "lenet5", "--engine", "torch", "-f", "json")
    assert json.loads(done.stdout)["reports"][0]["totals"]["params"] == 61_706
    assert "MACs by torch" in run("flops", "lenet5", "--engine", "torch").stdout
    assert run("memory", "lenet5", "--engine", "torch", "--peak").exit_code == 2
