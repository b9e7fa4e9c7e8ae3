"""Which gradients reach a layer's input, or a parameter, as views: PyTorch adds to those out of place."""

import warnings
from typing import Any

import pytest

from archstat.graph import Graph
from archstat.passes.learning import Weight
from archstat.passes.optimizers import Optimizer
from archstat.passes.trace import Ran, Value
from archstat.passes.training_step import Held, TrainingStep
from tests.ops.case import Case, all_cases
from tests.pytorch.alone import alone, with_loss

torch = pytest.importorskip("torch", reason="torch is not installed: pip install torch fvcore")
watch: Any = pytest.importorskip("archstat.pytorch.watch")
running: Any = pytest.importorskip("archstat.pytorch.release").running


class Noting(TrainingStep):
    """A step that notes what arrives."""

    def __init__(self, graph: Graph) -> None:
        super().__init__(graph, running(), Optimizer(), input_grad=True)
        self.seen: dict[Any, bool] = {}

    def _arrive(self, ran: Ran, value: Value, new: Held) -> int | None:
        self.seen[value.number] = new.view
        return super()._arrive(ran, value, new)

    def _learn(self, weight: Weight, new: Held) -> int | None:
        self.seen[weight.name] = new.view
        return super()._learn(weight, new)


def known() -> list[Case]:
    """Return the cases of single precision that leave their input as it is, so that it can have a hook."""
    found = with_loss(all_cases())
    return [c for c in found if alone(c).dtype == "float32" and not c.options.get("inplace")]


@pytest.mark.parametrize("case", known(), ids=str)
def test_views(case: Case) -> None:
    graph = alone(case, scaled=True)
    last = graph.nodes[-1]
    step = Noting(graph)
    if not step.loss.needs_grad:
        pytest.skip("nothing is trained")
    step.run()
    names: dict[Any, str] = {step.values[i].number: f"input {j}" for j, i in enumerate(last.inputs)}
    names |= {name: name for name in last.params()}
    assert {names[key]: view for key, view in step.seen.items() if key in names} == measured(graph)


def measured(graph: Graph) -> dict[str, bool]:
    """Ask the gradients that PyTorch hands to hooks, on real tensors."""
    from archstat.pytorch.modules import module

    batched = [not node.inputs or node.op.word != "parameter" for node in graph.nodes]
    values: list[Any] = []
    seen: dict[str, bool] = {}
    own = None
    for node in graph.nodes:
        if not node.inputs:
            x = torch.zeros(node.output.shape, dtype=getattr(torch, node.output.dtype))
            values.append(x.requires_grad_(x.is_floating_point()))
            continue
        own = module(node.op, node.io, [batched[i] for i in node.inputs])
        if node is graph.nodes[-1]:
            tensors = {f"input {j}": values[i] for j, i in enumerate(node.inputs)}
            for name, t in {**tensors, **dict(own.named_parameters())}.items():
                if t.requires_grad:
                    t.register_hook(lambda g, name=name: seen.update({name: g._is_view()}))
        values.append(own(*[values[i] for i in node.inputs]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        watch._loss((values[-1],), [watch._labels(graph.output)], graph).backward()
    return seen
