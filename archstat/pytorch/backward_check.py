"""The check of verify on the multiply-accumulates of gradients."""

from math import prod

import torch
from torch.utils.flop_counter import FlopCounterMode

from archstat.graph import Graph
from archstat.passes.backward_macs import backward_macs as by_rule
from archstat.passes.reached import reached_layers
from archstat.passes.trace import trained_nodes
from archstat.pytorch.agreement import Comparison, Outcome, refusal
from archstat.pytorch.memory_checks import why_untrained
from archstat.pytorch.release import running
from archstat.pytorch.subject import Subject
from archstat.pytorch.watch import learner

REFERENCE = "torch.utils.flop_counter"

AGAIN = "FlopCounterMode counts the gradient of a grouped convolution's weight once for each group"


def backward_macs(subject: Subject) -> Outcome:
    """Hold the MACs of all gradients together, two of FlopCounterMode's FLOPs for each, on meta."""
    graph, check = subject.graph, "backward MACs x 2"
    ours = 2 * sum(by_rule(graph))
    if not ours:
        return Outcome(check=check, reference=REFERENCE, skipped="nothing is trained")
    try:
        theirs = _flops_of_gradients(graph)
    except ValueError as error:
        return Outcome(check=check, reference=REFERENCE, skipped=refusal(error))
    except RuntimeError as error:
        why = why_untrained(graph, running(), error)
        return Outcome(check=check, reference=REFERENCE, skipped=why)
    reason = AGAIN if theirs == ours + 2 * counted_again(graph) else ""
    one = Comparison(path="", ours=ours, theirs=theirs, reason=reason)
    return Outcome(check=check, reference=REFERENCE, compared=(one,))


def counted_again(graph: Graph) -> int:
    """Return the MACs that FlopCounterMode adds to grouped convolutions: the weight's gradient, for each group."""
    more, trained, reached = 0, trained_nodes(graph), reached_layers(graph)
    for index, node in enumerate(graph.nodes):
        groups = getattr(node.op, "groups", 1)
        learns = index in reached and trained[node.owner]
        if node.op.word in ("conv", "conv_transpose") and groups > 1 and learns:
            (factors,) = node.op.backward_macs(node.io, (False,), True).values()
            more += (groups - 1) * prod(factors)
    return more


def _flops_of_gradients(graph: Graph) -> int:
    x = torch.zeros(graph.input.shape, dtype=getattr(torch, graph.input.dtype), device="meta")
    y = learner(graph)(x)
    loss = torch.stack([part.sum() for part in (y if isinstance(y, tuple) else (y,))]).sum()
    with FlopCounterMode(display=False) as counter:
        loss.backward()
    return counter.get_total_flops()
