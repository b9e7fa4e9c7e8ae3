"""What PyTorch does with a random network, held against every number that archstat has of it."""

from collections.abc import Iterator
from functools import cached_property
from math import prod
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils.flop_counter import FlopCounterMode

from archstat.errors import SpecError
from archstat.graph import Graph
from archstat.ops.base import IO
from archstat.ops.tape import Mode
from archstat.passes import backward_macs, buffers, inference_peak, macs, params, saved_bytes, trainable_params
from archstat.pytorch import lower
from archstat.pytorch.lowering import target_of
from archstat.pytorch.modules import module as module_of
from tests.graph.plan import Plan
from tests.pytorch import oracle


OWN_REFUSALS: dict[str, str] = {}


def differences(plan: Plan) -> Iterator[str]:
    """Yield a line for each number, and each refusal, on which archstat and PyTorch don't agree."""
    graph = plan.graph()
    try:
        found = list(_differences(plan, Subject(graph)))
    except NotImplementedError:  # PyTorch has no such kernel for the type: fake tensors need none
        with FakeTensorMode():
            found = list(_differences(plan, Subject(graph)))
    yield from found


def _differences(plan: Plan, subject: "Subject") -> Iterator[str]:
    yield from refusals(plan, subject)
    yield from outputs(subject)
    yield from sizes(subject)
    for training in True, False:
        for input_grad in True, False:
            yield from saved(subject, training, input_grad)
    yield from peak(subject)
    yield from products(subject)


class Subject:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.module = lower(graph, device="cpu")
        self.parts = [None, *(self.module.get_submodule(target_of(n.path)) for n in graph.nodes[1:])]

    def arriving(self, device: str = "cpu") -> Any:
        x = self.graph.input
        return torch.zeros(x.shape, dtype=getattr(torch, x.dtype), device=device)

    def walk(self, x: Any) -> list[Any]:
        values = [x]
        for node, part in zip(self.graph.nodes[1:], self.parts[1:], strict=True):
            values.append(part(*(values[i] for i in node.inputs)))
        return values


def outputs(subject: Subject) -> Iterator[str]:
    """Hold each output's shape, element type, place and order in memory."""
    graph = subject.graph
    for training in True, False:
        subject.module.train(training)
        with torch.no_grad():
            values = subject.walk(subject.arriving())
        places = [y.untyped_storage()._cdata for y in values]
        own = {p.untyped_storage()._cdata for p in subject.module.parameters()}
        for i, (node, y) in enumerate(zip(graph.nodes, values, strict=True)):
            ours, theirs = node.output, (tuple(y.shape), str(y.dtype).removeprefix("torch."))
            if (ours.shape, ours.dtype) != theirs:
                yield f"{node.path}: shape {ours.shape} {ours.dtype}, theirs {theirs}"
                return
            storage = node.op.storage(node.io, training=training)
            if storage is None:
                alike = places[i] not in own and all(places[i] != places[j] for j in range(i))
            else:
                alike = places[i] in own if storage < 0 else places[i] == places[node.inputs[storage]]
            if not alike:
                yield f"{node.path}: storage {storage} is wrong, training {training}"
            if not training and _taken(ours.shape, ours.steps()) != _taken(ours.shape, y.stride()):
                yield f"{node.path}: strides {ours.steps()}, theirs {y.stride()}"


def _taken(shape: Any, strides: Any) -> list[int]:
    return [s for n, s in zip(shape, strides, strict=True) if n > 1]


def refusals(plan: Plan, subject: "Subject") -> Iterator[str]:
    """Hold that PyTorch refuses what archstat does, unless archstat's reason is one of its own."""
    graph = subject.graph
    with torch.no_grad():
        values = subject.module.eval() and subject.walk(subject.arriving())
    at = _places(plan)
    for refused in plan.refused:
        if any(pattern in refused.message for pattern in OWN_REFUSALS):
            continue
        inputs = [values[at[i]] for i in refused.inputs]
        io = IO(tuple(graph.nodes[at[i]].output for i in refused.inputs), graph.input)
        try:
            made = module_of(refused.op, io).to(inputs[0].dtype)
            for training in True, False:
                with torch.no_grad():
                    y = made.train(training)(*(x.clone() for x in inputs))
        except (RuntimeError, ValueError, IndexError, TypeError, SpecError):
            continue
        if y.numel():
            yield f"refused: {refused.op} of {[i.shape for i in io.inputs]}: {refused.message}, theirs {tuple(y.shape)}"


def sizes(subject: Subject) -> Iterator[str]:
    """Hold parameters and buffers."""
    graph, module = subject.graph, subject.module
    theirs = [p.numel() for p in module.parameters()]
    trained = [p.numel() for p in module.parameters() if p.requires_grad]
    kept = [b.numel() for b in module.buffers()]
    for what, rule, found in (
        ("params", params, theirs), ("trained params", trainable_params, trained), ("buffers", buffers, kept),
    ):
        if sum(rule(graph)) != sum(found):
            yield f"{what} {sum(rule(graph))}, theirs {sum(found)}"


def saved(subject: Subject, training: bool, input_grad: bool) -> Iterator[str]:
    """Hold what autograd keeps."""
    module = subject.module.train(training)
    leaf = subject.arriving()
    if input_grad and leaf.is_floating_point():
        leaf = leaf.requires_grad_().clone()  # of a leaf nothing is overwritten in place
    theirs = oracle.saved(module, (leaf,))
    ours = sum(saved_bytes(subject.graph, Mode(training=training), input_grad=input_grad))
    if ours != theirs:
        yield f"saved {ours}, theirs {theirs}: training {training}, input_grad {input_grad}"


def peak(subject: Subject) -> Iterator[str]:
    """Hold the inference peak."""
    module = subject.module.eval()
    theirs = oracle.peak_of(module, (subject.arriving(),), module)
    found = inference_peak(subject.graph)
    if found.nbytes != theirs:
        yield f"inference peak {found}, theirs {theirs}"


def products(subject: Subject) -> Iterator[str]:
    """Hold MACs, forward by layer and backward in sum, against FlopCounterMode on meta."""
    graph = subject.graph
    subject.module.to("meta").train()
    ours = [2 * n for n in macs(graph)]
    values = [subject.arriving("meta")]
    with FlopCounterMode(display=False) as counter:
        for i, (node, part) in enumerate(zip(graph.nodes[1:], subject.parts[1:], strict=True), 1):
            before = counter.get_total_flops()
            values.append(part(*(values[j] for j in node.inputs)))
            theirs = counter.get_total_flops() - before
            if theirs != ours[i]:
                yield f"{node.path}: MACs {ours[i]}, theirs {theirs}"
    read = {i for node in graph.nodes for i in node.inputs}
    ends = [y for i, y in enumerate(values) if i not in read and y.requires_grad]
    if not ends:
        return
    with FlopCounterMode(display=False) as counter:
        sum(y.sum() for y in ends).backward()
    mine = 2 * (sum(backward_macs(graph)) + _counted_again(graph))
    if counter.get_total_flops() != mine:
        yield f"backward MACs {mine}, theirs {counter.get_total_flops()}"


def _counted_again(graph: Graph) -> int:
    from tests.pytorch.test_backward_macs import counted_again

    return counted_again(graph)


def _places(plan: Plan) -> list[int]:
    """Return the node that each layer of a plan has become."""
    numbers = {node.path: i for i, node in enumerate(plan.graph().nodes)}
    return [0, *(numbers[f"n{n}"] for n in range(1, len(plan.layers) + 1))]
