"""What PyTorch does with a random network, held against every number that archstat has of it."""

import warnings
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import torch
from hypothesis import currently_in_test_context, event
from torch.utils.flop_counter import FlopCounterMode

from archstat.errors import SpecError
from archstat.graph import Graph, Node
from archstat.ops.base import IO
from archstat.passes import buffers, macs, params, trainable_params
from archstat.passes.backward_macs import backward_macs
from archstat.passes.loss import ends as ends_of
from archstat.passes.overwritten import overwritten
from archstat.passes.peak import inference_peak
from archstat.passes.saved import saved_bytes
from archstat.pytorch import lower
from archstat.pytorch.backward_check import counted_again
from archstat.pytorch.lowering import target_of
from archstat.pytorch.modules import module as module_of
from archstat.pytorch.release import Fake, running
from tests.graph.plan import Plan
from tests.pytorch import oracle

OWN_REFUSALS = {
    "with the channels last": "archstat knows which axis the channels are, and PyTorch takes the place for it",
    "with the channels first": "the same",
    "needs [C, L], [C, H, W] or [C, D, H, W]": "PyTorch takes what has an axis less for a sample without a batch",
    "needs [C, H, W]": "the same",
    "needs a vector": "PyTorch's linear takes the last axis of an image",
    "is out of range: its input is": "dimensions count from the first of a sample, and can't reach the batch",
    "and not both": "the second would be without effect",
    "'attention' heads": "nn.MultiheadAttention refuses it too; the module of a lowered graph takes any head_dim",
    "output_padding must be smaller": "PyTorch's kernels for half precision don't look",
    "lengths must agree": "PyTorch's kernel doesn't look whether there are as many values as keys",
    "needs branches of one batch": "PyTorch repeats the one that has none, without a kernel of its own",
    "sides, but its input": "PyTorch pads the batch, too",
    "needs [L, C]": "PyTorch attends within a sample without a batch",
    "would leave no dimension": "a sample has one dimension at least",
    "'prelu' has 1 parameter or one for each channel": "PyTorch takes the first axis of a sequence for its channels",
    "that loses": "PyTorch may copy a circular pad onto itself, and give what the memory held before",
    "'roll' dims names a dimension twice": "PyTorch rolls it twice",
    "'squeeze' drops dimensions of size 1": "PyTorch leaves others as they are, without a word",
    "needs floating-point numbers": "PyTorch computes with ids, too",
    "types must agree": "PyTorch converts the ids",
}
"""Parts of the messages with which archstat refuses what PyTorch may take, and why."""

ONE_VALUE = "when training, got input size"
LEAF = "a view of a leaf Variable that requires grad is being used in an in-place operation"
OVERWRITTEN = "modified by an inplace operation"


def differences(graph: Graph, plan: Plan | None = None) -> list[str]:
    """Return a line for each number, and each refusal of a plan's, on which archstat and PyTorch don't agree."""
    if not any(map(oversized, graph.nodes)):
        try:
            return list(_differences(graph, plan, fake=False))
        except (
            NotImplementedError
        ):  # PyTorch has no such kernel for the type: fake tensors need none
            pass
    if any(map(decomposed, graph.nodes)):
        return []
    return list(_differences(graph, plan, fake=True))


def oversized(node: Node) -> bool:
    """Say whether one kernel of PyTorch, taken with one thread alone, allocates its output at its input's size."""
    return node.op.word == "conv_transpose" and len(node.output.spatial) == 3


def decomposed(node: Node) -> bool:
    """Say whether fake tensors, and they alone, give the input itself, or can't view it."""
    shuffle = node.op.word == "channel_shuffle"
    return shuffle and (getattr(node.op, "groups", 0) == 1 or node.io.x.strides is not None)


def _differences(graph: Graph, plan: Plan | None, *, fake: bool) -> Iterator[str]:
    module = lower(graph)
    with Fake() if fake else nullcontext():
        oracle.materialise(module)
        subject = Subject(graph, module)
        unkept = steps_along_one(subject)
        yield from sizes(subject)
        yield from unless(unkept, outputs(subject, training=False))
        if plan is not None:
            yield from refusals(subject, plan)
        yield from unless(unkept, peak(subject))
        yield from unless(unkept, saved(subject, training=False))
        if trains(graph):
            yield from unless(unkept, outputs(subject, training=True))
            yield from unless(unkept, saved(subject, training=True))
        else:
            yield from refused(ONE_VALUE, lambda: subject.walk(training=True))
    yield from products(Subject(graph, lower(graph), "meta"))


def steps_along_one(subject: "Subject") -> bool:
    """Say whether a tensor has steps along axes of one that archstat doesn't keep.

    They are never taken, but PyTorch's convolutions, joins and attention choose their layouts and kernels by them.
    """
    values = subject.walk(training=False)
    return any(
        n == 1 and ours != theirs
        for node, y in zip(subject.graph.nodes, values, strict=True)
        if tuple(y.shape) == node.output.shape
        for n, ours, theirs in zip(y.shape, node.output.steps(), y.stride(), strict=True)
    )


def unless(explained: bool, found: Iterator[str]) -> Iterator[str]:
    """Pass differences of memory on; where they are explained, only count them in hypothesis's statistics."""
    for line in found:
        if explained and ": shape" not in line:
            if currently_in_test_context():
                event("memory differs where an axis of one has a step of its own")
        else:
            yield line


def trains(graph: Graph) -> bool:
    """Say whether every norm with running statistics has more than one value to take them of."""
    least = {"batch_norm": lambda x: x.channels, "instance_norm": lambda x: x.batch * x.channels}
    norms = (node for node in graph.nodes if node.op.word in least)
    return all(node.io.x.numel > least[node.op.word](node.io.x) for node in norms)


def refused(message: str, run: Any) -> Iterator[str]:
    """Hold that PyTorch refuses to run something."""
    try:
        run()
    except (RuntimeError, ValueError) as error:
        if message not in str(error):
            yield f"refused with {error}, not '{message}'"
        return
    yield f"not refused: {message}"


class Subject:
    """A network as PyTorch has it."""

    def __init__(self, graph: Graph, module: Any, device: str = "cpu") -> None:
        self.graph, self.module, self.device = graph, module, device
        self.parts = [self.module.get_submodule(target_of(n.path)) for n in graph.nodes[1:]]

    def arriving(self) -> Any:
        x = self.graph.input
        return torch.zeros(x.shape, dtype=getattr(torch, x.dtype), device=self.device)

    def walk(self, *, training: bool, grad: bool = False) -> list[Any]:
        """Return every layer's output, the input first."""
        self.module.train(training)
        values = [self.arriving()]
        with torch.set_grad_enabled(grad):
            for node, part in zip(self.graph.nodes[1:], self.parts, strict=True):
                values.append(part(*(values[i] for i in node.inputs)))
        return values


def sizes(subject: Subject) -> Iterator[str]:
    """Hold parameters and buffers."""
    graph, module = subject.graph, subject.module
    theirs = [p.numel() for p in module.parameters()]
    trained = [p.numel() for p in module.parameters() if p.requires_grad]
    kept = [b.numel() for b in module.buffers()]
    held = [("params", params, theirs), ("trained params", trainable_params, trained)]
    for what, rule, found in (*held, ("buffers", buffers, kept)):
        if sum(rule(graph)) != sum(found):
            yield f"{what} {sum(rule(graph))}, theirs {sum(found)}"


def outputs(subject: Subject, *, training: bool) -> Iterator[str]:
    """Hold each output's shape, element type, memory and order in memory."""
    values = subject.walk(training=training)
    places = [y.untyped_storage()._cdata for y in values]
    module = subject.module
    own = {t.untyped_storage()._cdata for t in (*module.parameters(), *module.buffers())}
    for i, (node, y) in enumerate(zip(subject.graph.nodes, values, strict=True)):
        ours, dtype = node.output, str(y.dtype).removeprefix("torch.")
        if (ours.shape, ours.dtype) != (tuple(y.shape), dtype):
            yield f"{node.path}: shape {ours.shape} {ours.dtype}, theirs {tuple(y.shape)} {dtype}"
            return
        storage = node.op.storage(node.io, training=training)
        if storage is None:
            alike = places[i] not in own and places[i] not in places[:i]
        else:
            alike = places[i] in own if storage < 0 else places[i] == places[node.inputs[storage]]
        if not alike:
            yield f"{node.path}: in the memory of {storage}, not theirs, training {training}"
        laid = _taken(ours.shape, ours.steps()), _taken(ours.shape, y.stride())
        if laid[0] != laid[1] and not training:
            yield f"{node.path}: strides {ours.steps()}, theirs {y.stride()}"


def _taken(shape: Any, strides: Any) -> list[int]:
    return [s for n, s in zip(shape, strides, strict=True) if n > 1]


def refusals(subject: Subject, plan: Plan) -> Iterator[str]:
    """Hold that PyTorch refuses what archstat refuses, unless archstat's reason is one of its own."""
    nodes = subject.graph.nodes
    numbers = {node.path: i for i, node in enumerate(nodes)}
    at = [0, *(numbers[f"n{n}"] for n in range(1, len(plan.layers) + 1))]
    values = subject.walk(training=False)
    for one in plan.refused:
        io = IO(tuple(nodes[at[i]].output for i in one.inputs), subject.graph.input)
        ranks = {len(x.shape) for x in io.inputs}
        # archstat joins tensors of equal rank alone, and multiplies matrices within a sample.
        joined = len(ranks) > 1 or (one.op.word == "matmul" and min(ranks) < 3)
        if joined or any(part in one.message for part in OWN_REFUSALS):
            continue
        shape = _theirs(one.op, io, [values[at[i]] for i in one.inputs])
        if shape is not None:
            yield f"refused: {one.op} of {[x.shape for x in io.inputs]}: {one.message}, theirs {shape}"


def _theirs(op: Any, io: IO, inputs: list[Any]) -> tuple[int, ...] | None:
    """Return the shape that PyTorch gives; ``None`` where it refuses, at inference or in training, or gives nothing."""
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about weights without elements
            made = module_of(op, io).to(inputs[0].dtype)
            for training in True, False:
                y = made.train(training)(*(x.clone() for x in inputs))
    except (RuntimeError, ValueError, IndexError, TypeError, AttributeError, SpecError):
        return None
    return tuple(y.shape) if y.numel() else None


def peak(subject: Subject) -> Iterator[str]:
    """Hold the inference peak."""
    module = subject.module.eval()
    theirs = oracle.peak_of(module, (subject.arriving(),), module)
    found = inference_peak(subject.graph, running(watched=True))
    if found.nbytes != theirs:
        yield f"inference peak {found.nbytes} at {found.node}, theirs {theirs}"


def saved(subject: Subject, *, training: bool) -> Iterator[str]:
    """Hold what autograd keeps, with a gradient of the input and without."""
    mode, module = running(training=training), subject.module.train(training)
    for input_grad in True, False:
        x = subject.arriving()
        if input_grad and x.is_floating_point():
            x = x.requires_grad_().clone()  # nothing is written over a leaf
        if any(w.by == w.kept_by for w in overwritten(subject.graph, mode, input_grad=input_grad)):
            yield from refused(LEAF, lambda x=x: module(x))
            continue
        theirs = oracle.saved(module, (x,))
        ours = sum(saved_bytes(subject.graph, mode, input_grad=input_grad))
        if ours != theirs:
            yield f"saved {ours}, theirs {theirs}: training {training}, input's gradient {input_grad}"


def products(subject: Subject) -> Iterator[str]:
    """Hold MACs, forward by layer and backward in sum, against FlopCounterMode on meta."""
    graph = subject.graph
    mode = running(training=trains(graph))
    lost = overwritten(graph, mode)
    grad = all(w.by != w.kept_by for w in lost)
    subject.module.train(mode.training)
    if not grad:
        subject.module.requires_grad_(False)
    values = [subject.arriving()]
    with FlopCounterMode(display=False) as counter, torch.set_grad_enabled(grad):
        for node, part, ours in zip(graph.nodes[1:], subject.parts, macs(graph)[1:], strict=True):
            before = counter.get_total_flops()
            values.append(part(*(values[j] for j in node.inputs)))
            theirs = counter.get_total_flops() - before
            if theirs != 2 * ours:
                yield f"{node.path}: MACs x 2 {2 * ours}, theirs {theirs}"
    ends = [values[i] for i in ends_of(graph) if values[i].requires_grad]
    if not ends or not grad:
        return
    loss = sum(y.sum() for y in ends)
    if lost:
        # On meta, attention is its products and softmax, which keep nothing of the output.
        if any(graph.nodes[w.kept_by].op.word != "scaled_dot_product" for w in lost):
            yield from refused(OVERWRITTEN, loss.backward)
        return
    with FlopCounterMode(display=False) as counter:
        loss.backward()
    mine = 2 * (sum(backward_macs(graph)) + counted_again(graph))
    if counter.get_total_flops() != mine:
        yield f"backward MACs x 2 {mine}, theirs {counter.get_total_flops()}"
