"""fvcore's counts of a network, layer by layer, from one trace."""

import logging
import warnings
from typing import Any, NamedTuple

import msgspec
import torch

from archstat.pytorch.lowering import lower
from archstat.pytorch.subject import Subject, fill
from archstat.tensor import HALVES


class Counts(NamedTuple):
    """Per node: what fvcore calls flops and activations; ``params`` of the whole network."""

    flops: list[int]
    activations: list[int]
    params: int


def counts(subject: Subject) -> Counts:
    """Trace the network once on real tensors and ask fvcore's three counters.

    fvcore can't trace meta or fake tensors. Every weight is a view of a single zero, so that gpt2_xl's 6 GB
    take none; the arithmetic of one sample is done, in single precision where the CPU has no kernels for half of it.
    A trace drops what comes to no output, so every layer that nothing reads is one.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from fvcore.nn import (
            ActivationCountAnalysis,
            FlopCountAnalysis,
            jit_analysis,
            parameter_count,
        )

    graph = subject.graph
    read = {i for node in graph.nodes for i in node.inputs}
    unread = tuple(i for i in range(len(graph.nodes)) if i not in read)
    dtype = "float32" if graph.dtype in HALVES else graph.dtype
    module = lower(msgspec.structs.replace(graph, outputs=unread, dtype=dtype)).eval()
    fill(module, _zero)
    x = graph.input
    arriving = getattr(torch, dtype if x.is_floating else x.dtype)
    inputs = (torch.zeros(x.shape, dtype=arriving),)
    tracer, kept = jit_analysis._get_scoped_trace_graph, {}

    def once(*args: Any) -> Any:
        if "graph" not in kept:
            kept["graph"] = tracer(*args)
        return kept["graph"]

    found = []
    level = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        # Both analyses walk the same trace: making it is what takes time.
        jit_analysis._get_scoped_trace_graph = once
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            for analysis in (
                FlopCountAnalysis(module, inputs),
                ActivationCountAnalysis(module, inputs),
            ):
                analysis.ancestor_mode("caller")
                analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
                by_module = analysis.by_module()
                found.append([0, *(int(by_module[target]) for target in subject.targets[1:])])
    finally:
        jit_analysis._get_scoped_trace_graph = tracer
        logging.disable(level)
    return Counts(found[0], found[1], int(parameter_count(module)[""]))


def _zero(t: torch.Tensor) -> torch.Tensor:
    return torch.zeros((), dtype=t.dtype).expand(t.shape)
