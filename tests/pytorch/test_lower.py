"""The lowered graph is a PyTorch module like any other: it runs, trains, saves, loads and exports."""

from typing import Any

import pytest

from archstat.spec import Settings, load

torch = pytest.importorskip("torch", reason="torch is not installed: pip install torch fvcore")
lower: Any = pytest.importorskip("archstat.pytorch").lower

SMALL = {"lenet5": None, "nin_cifar10": None, "plain20": None, "squeezenet": (3, 65, 65)}
EXPORTED = {**SMALL, "resnet18": (3, 64, 64), "mobilenet_v2": (3, 64, 64)}

SHARED = """
name: shared
input: {tokens: [6], dtype: int64}
layers:
  words: [{embedding: 8, entries: 11, name: table}]
  body: [{linear: 8, name: first}, gelu, {linear: 8, share: first}]
  head: [{linear: 11, bias: false, share: words.table}]
freeze: [body]
"""


def network(name: str, size: tuple[int, ...] | None) -> tuple[Any, Any]:
    """Return a module with real weights and an input of a batch of two."""
    graph = load(name, Settings(batch=2, input=size)).graph
    torch.manual_seed(0)
    return lower(graph, device="cpu"), torch.randn(graph.input.shape)


@pytest.mark.parametrize("name", SMALL)
def test_trains_one_step(name: str) -> None:
    module, x = network(name, SMALL[name])
    optimizer = torch.optim.SGD(module.parameters(), lr=0.01)
    before = {key: p.detach().clone() for key, p in module.named_parameters()}
    y = module(x)
    torch.nn.functional.cross_entropy(y.flatten(1), torch.zeros(2, dtype=torch.int64)).backward()
    optimizer.step()
    assert all(p.grad is not None for p in module.parameters())
    assert any(not torch.equal(p, before[key]) for key, p in module.named_parameters())


@pytest.mark.parametrize("name", EXPORTED)
def test_exports(name: str) -> None:
    module, x = network(name, EXPORTED[name])
    module.eval()
    program = torch.export.export(module, (x,), strict=False)
    assert torch.allclose(program.module()(x), module(x), atol=1e-5)


def test_any_batch_runs() -> None:
    graph = load("vit_b_16").graph
    y = lower(graph).eval()(torch.empty(3, *graph.input.sample, device="meta"))
    assert tuple(y.shape) == (3, 1000)


def test_weights_go_from_one_to_another() -> None:
    (first, x), (second, _) = network("lenet5", None), network("lenet5", None)
    second.load_state_dict(first.state_dict())
    assert torch.equal(first.eval()(x), second.eval()(x))


def test_keys_are_dotted_paths_and_nothing_is_allocated() -> None:
    module = lower(load("resnet50").graph)
    assert "conv3.bottleneck1.residual.conv2.weight" in module.state_dict()
    assert "stem.conv1.norm.running_mean" in module.state_dict()
    assert all(p.is_meta for p in module.parameters())


def test_shared_and_frozen(tmp_path: Any) -> None:
    path = tmp_path / "shared.yaml"
    path.write_text(SHARED)
    module = lower(load(str(path)).graph, device="cpu")
    assert module.get_parameter("head.linear1.weight") is module.get_parameter("words.table.weight")
    frozen = {key for key, p in module.named_parameters() if not p.requires_grad}
    assert frozen == {"body.first.weight", "body.first.bias"}
    module(torch.zeros(1, 6, dtype=torch.int64)).sum().backward()
    assert module.get_parameter("words.table.weight").grad is not None
    assert module.get_parameter("body.first.weight").grad is None


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_element_types(dtype: str) -> None:
    module = lower(load("lenet5", Settings(dtype=dtype)).graph)
    assert {p.dtype for p in module.parameters()} == {getattr(torch, dtype)}
