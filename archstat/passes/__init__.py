"""A pass is a pure function of the graph: one whole number for each node, ``None`` where it is unknown.

``params(graph)[i]`` belongs to ``graph.nodes[i]``. Nothing here prints, mutates or knows another pass.
"""

from archstat.passes.activations import activation_bytes, activations
from archstat.passes.backward_macs import backward_macs
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
from archstat.passes.peak import Peak, inference_peak
from archstat.passes.saved import saved_bytes, saved_what

Values = tuple[int | None, ...]

__all__ = [
    "Peak",
    "Values",
    "activation_bytes",
    "activations",
    "backward_macs",
    "biases",
    "buffer_bytes",
    "buffers",
    "flops",
    "inference_peak",
    "macs",
    "param_bytes",
    "params",
    "saved_bytes",
    "saved_what",
    "trainable_params",
    "weights",
]
