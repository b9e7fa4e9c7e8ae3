"""The checks of verify: each holds one kind of number against one reference.

A check is a function ``Subject -> Outcome`` in :data:`CHECKS`, or in :data:`SLOW` if ``--fast`` leaves it out.
"""

from collections.abc import Callable, Iterable
from typing import Any

from archstat import passes
from archstat.graph import Node
from archstat.ops.base import Terms
from archstat.pytorch import INSTALL
from archstat.pytorch.agreement import Comparison, Outcome, refusal
from archstat.pytorch.backward_check import backward_macs
from archstat.pytorch.checkpoint_check import recompute_macs
from archstat.pytorch.field_check import receptive_fields
from archstat.pytorch.memory_checks import inference_peak, saved_bytes, training_peak
from archstat.pytorch.references import reason
from archstat.pytorch.subject import Subject
from archstat.tensor import contiguous_strides

FLOP_COUNTER = "torch.utils.flop_counter"
FAKE = "FakeTensorMode on CPU"


def shapes(subject: Subject) -> Outcome:
    """Hold each output's shape and element type."""
    pairs = zip(subject.graph.nodes, subject.flops, strict=True)
    return Outcome(
        check="shapes",
        reference="PyTorch on meta",
        compared=tuple(
            Comparison(
                path=node.path,
                ours=f"{_shape(node.output.shape)} {node.output.dtype}",
                theirs=f"{_shape(shape)} {dtype}",
            )
            for node, (shape, dtype, _) in pairs
        ),
    )


def params(subject: Subject) -> Outcome:
    """Hold the names and shapes of each layer's learnable tensors, and their sum, shared ones once."""
    found = [
        Comparison(path=node.path, ours=_terms(node.params()), theirs=_tensors(_shapes(theirs)))
        for node, theirs in with_tensors(subject, "named_parameters")
    ]
    ours, theirs = sum(passes.params(subject.graph)), subject.module.parameters()
    found.append(_total(ours, sum(p.numel() for p in theirs)))
    trained = sum(p.numel() for p in subject.module.parameters() if p.requires_grad)
    found.append(_total(sum(passes.trainable_params(subject.graph)), trained))
    return Outcome(check="params", reference="nn.Module.parameters", compared=tuple(found))


def buffers(subject: Subject) -> Outcome:
    """Hold the names and shapes of each layer's buffers, and their sum."""
    found = [
        Comparison(
            path=node.path, ours=_terms(node.op.buffers(node.io)), theirs=_tensors(_shapes(theirs))
        )
        for node, theirs in with_tensors(subject, "named_buffers")
    ]
    theirs_total = sum(b.numel() for b in subject.module.buffers())
    found.append(_total(sum(passes.buffers(subject.graph)), theirs_total))
    return Outcome(check="buffers", reference="nn.Module.buffers", compared=tuple(found))


def macs(subject: Subject) -> Outcome:
    """Hold each layer's multiply-accumulates, two of FlopCounterMode's FLOPs, and their sum."""
    ours = [2 * n for n in passes.macs(subject.graph)]
    theirs = [flops for _, _, flops in subject.flops]
    return _numbers("MACs x 2", FLOP_COUNTER, subject, ours, theirs)


def memory(subject: Subject) -> Outcome:
    """Hold which outputs own their memory: what activations count."""
    return _storages(subject, training=False)


def memory_in_training(subject: Subject) -> Outcome:
    """Hold the same in training, where dropout's output is a new tensor."""
    return _storages(subject, training=True)


def layout(subject: Subject) -> Outcome:
    """Hold the order of each output in memory: whether a later reshape is a view depends on it."""
    found = [
        Comparison(
            path=node.path,
            ours=_shape(_taken(node.output.shape, node.output.steps())),
            theirs=_shape(_taken(node.output.shape, strides)),
        )
        for node, (_, strides) in zip(
            subject.graph.nodes, subject.storages(training=False), strict=True
        )
    ]
    return Outcome(check="layout", reference=FAKE, compared=tuple(found))


def fvcore(subject: Subject) -> Iterable[Outcome]:
    """Hold flops, activations and parameters against fvcore's counts, or against what is known of them."""
    from archstat.pytorch.fvcore_counts import counts

    try:
        theirs = counts(subject)
    except ImportError:
        yield Outcome(check="fvcore", reference="fvcore", skipped=f"not installed: {INSTALL}")
        return
    graph = subject.graph
    yield _numbers("MACs", "fvcore", subject, list(passes.macs(graph)), theirs.flops, "flops")
    # fvcore has no input row, and what a later layer overwrites in place it counts at the first.
    ours = [0, *passes.activations(graph)[1:]]
    yield _numbers("activations", "fvcore", subject, ours, theirs.activations, "activations")
    total = _total(sum(passes.params(graph)), theirs.params)
    yield Outcome(check="params", reference="fvcore", compared=(total,))


Check = Callable[[Subject], "Outcome | Iterable[Outcome]"]

CHECKS: tuple[Check, ...] = (
    shapes, params, buffers, macs, backward_macs, memory, memory_in_training, layout, saved_bytes, inference_peak,
)  # fmt: skip
"""About two minutes for all bundled specs."""

SLOW: tuple[Check, ...] = (fvcore, receptive_fields, training_peak, recompute_macs)
"""Left out by ``--fast``: fvcore does one sample's arithmetic, gradients a narrow network's."""


def _numbers(
    check: str,
    reference: str,
    subject: Subject,
    ours: list[int],
    theirs: list[int],
    quantity: str = "",
) -> Outcome:
    found = [
        Comparison(path=node.path, ours=a, theirs=b, reason=reason(reference, quantity, node, b))
        for node, a, b in zip(subject.graph.nodes, ours, theirs, strict=True)
        if a or b
    ]
    if not any(theirs) and not any(ours):
        return Outcome(check=check, reference=reference, skipped="the network has none")
    if all(one.verdict == "agrees" for one in found):
        found.append(_total(sum(ours), sum(theirs)))
    return Outcome(check=check, reference=reference, compared=tuple(found))


def _storages(subject: Subject, *, training: bool) -> Outcome:
    check = "memory, training" if training else "memory"
    try:
        held = subject.storages(training=training)
    except ValueError as error:
        return Outcome(check=check, reference=FAKE, skipped=refusal(error))
    found = [
        Comparison(
            path=node.path,
            ours=_owner(node, node.op.storage(node.io, training=training)),
            theirs=_owner(node, theirs),
        )
        for node, (theirs, _) in zip(subject.graph.nodes, held, strict=True)
    ]
    return Outcome(check=check, reference=FAKE, compared=tuple(found))


def _owner(node: Node, index: int | None) -> str:
    if index is None:
        return "owns its memory"
    return "is a parameter" if index < 0 else f"is in its input {index}"


def _taken(shape: tuple[int, ...], strides: tuple[int, ...]) -> tuple[int, ...]:
    """Keep the strides that matter: a step along an axis of one is never taken."""
    strides = strides or contiguous_strides(shape)
    return tuple(s for n, s in zip(shape, strides, strict=True) if n > 1)


def with_tensors(subject: Subject, method: str) -> Iterable[tuple[Node, dict[str, Any]]]:
    """Yield each node with its own module's tensors, without those of the layers that stand below it."""
    below = {
        ".".join(words[:n])
        for words in (target.split(".") for target in subject.targets)
        for n in range(1, len(words) + 1)
    }
    for index, node in enumerate(subject.graph.nodes[1:], 1):
        target, part = subject.targets[index], subject.part(index)
        nested = [name for name, _ in part.named_children() if f"{target}.{name}" in below]
        yield (
            node,
            {
                name: t
                for name, t in getattr(part, method)()
                if name.partition(".")[0] not in nested
            },
        )


def _total(ours: int, theirs: int) -> Comparison:
    return Comparison(path="", ours=ours, theirs=theirs)


def _shape(sizes: tuple[int, ...]) -> str:
    return "x".join(map(str, sizes)) or "1"


def _shapes(tensors: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(t.shape) for name, t in tensors.items()}


def _terms(terms: Terms) -> str:
    return _tensors(terms)


def _tensors(shapes: dict[str, tuple[int, ...]]) -> str:
    return ", ".join(f"{name} {_shape(s)}" for name, s in sorted(shapes.items())) or "none"
