"""The check of verify on the multiply-accumulates that checkpoints make run again."""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from archstat.errors import UsageError
from archstat.graph import Graph
from archstat.ops.tape import Mode
from archstat.passes.checkpoint import layers_behind
from archstat.passes.checkpoint import recompute_macs as predicted
from archstat.passes.reached import reached_layers
from archstat.passes.trace import trained_nodes
from archstat.pytorch.agreement import Comparison, Outcome, refusal
from archstat.pytorch.checkpointed import checkpointed
from archstat.pytorch.kernels import tensors
from archstat.pytorch.memory_checks import why_untrained
from archstat.pytorch.subject import Subject
from archstat.pytorch.watch import learner, ready, step

REFERENCE = "torch.utils.flop_counter"


def recompute_macs(subject: Subject) -> Iterable[Outcome]:
    """Hold what runs again in a step of training, on fake tensors: the FLOPs that checkpoints add to it."""
    graph, checkpoint, check = subject.graph, subject.checkpoint, "recompute MACs x 2"
    if checkpoint.by == "none":
        return
    mode = replace(subject.mode, device="cpu")
    try:
        stretches = layers_behind(graph, checkpoint)
        ours = 2 * sum(predicted(graph, checkpoint, mode))
        if not _trains(graph):
            yield Outcome(check=check, reference=REFERENCE, skipped="nothing is trained")
            return
        theirs = _flops(graph, mode, stretches) - _flops(graph, mode)
    except UsageError as error:
        yield Outcome(check=check, reference=REFERENCE, skipped=error.message)
    except ValueError as error:
        yield Outcome(check=check, reference=REFERENCE, skipped=refusal(error))
    except RuntimeError as error:
        why = why_untrained(graph, mode, error)
        yield Outcome(check=check, reference=REFERENCE, skipped=why)
    else:
        one = Comparison(path="", ours=ours, theirs=theirs)
        yield Outcome(check=check, reference=REFERENCE, compared=(one,))


def _trains(graph: Graph) -> bool:
    trained = trained_nodes(graph)
    nodes = (graph.nodes[i] for i in reached_layers(graph))
    return any(trained[node.owner] and node.params() for node in nodes)


def _flops(graph: Graph, mode: Mode, stretches: Sequence[range] = ()) -> int:
    """Count a step of training. The counter knows nothing of the CPU's attention kernel, but knows the products."""
    module = checkpointed(learner(graph), stretches).train(mode.training)
    with tensors(mode), sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        x, labels = ready(module, graph)
        step(module, x, labels, graph, None, mode)
    return int(counter.get_total_flops())
