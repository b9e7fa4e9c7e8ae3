"""The checks of verify on memory: what autograd keeps, layer by layer, and the peaks of inference and of training."""

from collections.abc import Iterable

from archstat import passes
from archstat.ops.tape import Mode
from archstat.passes.training import training_peak as predicted
from archstat.pytorch.agreement import Comparison, Outcome
from archstat.pytorch.subject import Subject

HOOKS = "torch.autograd.graph.saved_tensors_hooks"
DISPATCH = "TorchDispatchMode"


def saved_bytes(subject: Subject) -> Iterable[Outcome]:
    """Hold what each layer is the first to make autograd keep, in training and in eval mode."""
    from archstat.pytorch.watch import saved_by_node

    graph = subject.graph
    for training in (True, False):
        check = f"saved bytes, {'training' if training else 'eval'}"
        try:
            theirs = saved_by_node(graph, training=training)
        except ValueError as error:
            yield Outcome(
                check=check, reference=HOOKS, skipped=f"PyTorch refuses to run it: {error}"
            )
            continue
        ours = passes.saved_bytes(graph, Mode(training=training))
        yield Outcome(
            check=check,
            reference=HOOKS,
            compared=tuple(
                Comparison(path=node.path, ours=a, theirs=b)
                for node, a, b in zip(graph.nodes, ours, theirs, strict=True)
            ),
        )


def inference_peak(subject: Subject) -> Outcome:
    """Hold the most that is alive in a forward pass without gradients."""
    from archstat.pytorch.watch import inference_peak as measured

    ours = passes.inference_peak(subject.graph).nbytes
    one = Comparison(path="", ours=ours, theirs=measured(subject.graph))
    return Outcome(check="inference peak", reference=DISPATCH, compared=(one,))


def training_peak(subject: Subject) -> Outcome:
    """Hold the most that is alive in a step of training; watched, PyTorch adds gradients out of place."""
    from archstat.pytorch.watch import training_peak as measured

    check = "training peak"
    ours = predicted(subject.graph, in_place=False)
    if ours is None:
        return Outcome(check=check, reference=DISPATCH, skipped="nothing is trained")
    try:
        theirs = measured(subject.graph)
    except ValueError as error:
        return Outcome(
            check=check, reference=DISPATCH, skipped=f"PyTorch refuses to run it: {error}"
        )
    one = Comparison(path="", ours=ours.nbytes, theirs=theirs)
    return Outcome(check=check, reference=DISPATCH, compared=(one,))
