"""A pass is a pure function of the graph: one number for each node, ``None`` where it is unknown.

``params(graph)[i]`` belongs to ``graph.nodes[i]``. Nothing here prints, mutates or knows another pass.

Here are those that most commands ask for. What fewer need, such as peaks and receptive fields, is imported from its own
module: loading them all takes longer than measuring a network.
"""

from archstat.passes.activations import activation_bytes, activations
from archstat.passes.depth import depth
from archstat.passes.flops import flops
from archstat.passes.macs import macs
from archstat.passes.params import (
    biases,
    buffer_bytes,
    buffers,
    param_bytes,
    params,
    trainable_params,
    weights,
)

Values = tuple[int | None, ...]

__all__ = [
    "Values",
    "activation_bytes",
    "activations",
    "biases",
    "buffer_bytes",
    "buffers",
    "depth",
    "flops",
    "macs",
    "param_bytes",
    "params",
    "trainable_params",
    "weights",
]
