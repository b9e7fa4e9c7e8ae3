"""The checks of verify on memory: what autograd keeps, layer by layer, and the peaks of inference and of training."""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from archstat.errors import UsageError
from archstat.graph import Graph
from archstat.ops.tape import Mode
from archstat.passes import peak
from archstat.passes.checkpoint import NOTHING, Checkpoint, layers_behind
from archstat.passes.refused import refusals
from archstat.passes.saved import saved_bytes as kept
from archstat.passes.training import training_peak as predicted
from archstat.pytorch.agreement import Comparison, Outcome, refusal
from archstat.pytorch.subject import Subject

HOOKS = "torch.autograd.graph.saved_tensors_hooks"
DISPATCH = "TorchDispatchMode"


def saved_bytes(subject: Subject) -> Iterable[Outcome]:
    """Hold what each layer, or stretch behind a checkpoint, makes autograd keep first, in training and in eval mode."""
    from archstat.pytorch.watch import saved_by_node

    graph, behind = subject.graph, subject.checkpoint
    for training in (True, False):
        mode = replace(subject.mode, training=training)
        check = _named(f"saved bytes, {'training' if training else 'eval'}", mode, behind)
        try:
            stretches = layers_behind(graph, behind)
            ours = kept(graph, mode, checkpoint=behind)
            theirs = saved_by_node(graph, mode, stretches)
        except (UsageError, ValueError) as error:
            yield Outcome(check=check, reference=HOOKS, skipped=_refused(error))
            continue
        yield Outcome(
            check=check,
            reference=HOOKS,
            compared=tuple(
                Comparison(path=_path(graph, part), ours=sum(ours[i] for i in part), theirs=b)
                for part, b in zip(_parts(graph, stretches), theirs, strict=True)
            ),
        )


def inference_peak(subject: Subject) -> Outcome:
    """Hold the most that is alive in a forward pass without gradients."""
    from archstat.pytorch.watch import inference_peak as measured

    graph, mode = subject.graph, replace(subject.mode, watched=True)
    check = _named("inference peak", mode)
    try:
        ours = peak.inference_peak(graph, mode).nbytes
    except UsageError as error:
        return Outcome(check=check, reference=DISPATCH, skipped=_refused(error))
    one = Comparison(path="", ours=ours, theirs=measured(graph, mode))
    return Outcome(check=check, reference=DISPATCH, compared=(one,))


def training_peak(subject: Subject) -> Outcome:
    """Hold the most that is alive in a step of training; watched, PyTorch adds gradients out of place."""
    from archstat.pytorch.watch import training_peak as measured

    graph, behind = subject.graph, subject.checkpoint
    mode = replace(subject.mode, watched=True)
    check = _named("training peak", mode, behind)
    try:
        ours = predicted(graph, mode, in_place=False, checkpoint=behind)
        if ours is None:
            return Outcome(check=check, reference=DISPATCH, skipped="nothing is trained")
        theirs = measured(graph, mode=mode, stretches=layers_behind(graph, behind))
    except (UsageError, ValueError) as error:
        return Outcome(check=check, reference=DISPATCH, skipped=_refused(error))
    except RuntimeError as error:
        why = why_untrained(graph, mode, error)
        return Outcome(check=check, reference=DISPATCH, skipped=why)
    one = Comparison(path="", ours=ours.nbytes, theirs=theirs)
    return Outcome(check=check, reference=DISPATCH, compared=(one,))


def why_untrained(graph: Graph, mode: Mode, error: RuntimeError) -> str:
    """Say why PyTorch refuses to train a network, which archstat must know; raise ``error`` if it doesn't."""
    reasons = refusals(graph, mode)
    if not reasons:
        raise error
    return f"PyTorch refuses to train it: {reasons[0]}"


def _parts(graph: Graph, stretches: Sequence[range]) -> list[range]:
    """Return all nodes in order: single ones, and stretches behind checkpoints."""
    inside = {i for stretch in stretches for i in stretch}
    alone = (range(i, i + 1) for i in range(len(graph.nodes)) if i not in inside)
    return sorted((*stretches, *alone), key=lambda part: part.start)


def _path(graph: Graph, part: range) -> str:
    if len(part) == 1:
        return graph.nodes[part.start].path
    first, last = (graph.nodes[i].stage for i in (part.start, part.stop - 1))
    return first if first == last else f"{first} to {last}"


def _named(check: str, mode: Mode, checkpoint: Checkpoint = NOTHING) -> str:
    how = (
        checkpoint.said(),
        f"{mode.autocast} autocast" if mode.autocast else "",
        "on the GPU" if mode.device == "cuda" else "",
    )
    return ", ".join(filter(None, (check, *how)))


def _refused(error: UsageError | ValueError) -> str:
    """Say why nothing is compared: archstat knows no number, or PyTorch doesn't run."""
    if isinstance(error, UsageError):
        return error.message
    return refusal(error)
