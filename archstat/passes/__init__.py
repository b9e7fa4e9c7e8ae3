"""A pass is a pure function of the graph: one number for each node, ``None`` where it is unknown.

``params(graph)[i]`` belongs to ``graph.nodes[i]``. Nothing here prints, mutates or knows another pass.
"""

from archstat.passes.activations import activation_bytes, activations
from archstat.passes.backward_macs import backward_macs
from archstat.passes.depth import depth
from archstat.passes.flops import flops
from archstat.passes.macs import macs
from archstat.passes.optimizers import adam_bytes, gradient_bytes, momentum_bytes
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
from archstat.passes.receptive_field import (
    Measure,
    effective_padding,
    field_centre,
    field_kept,
    field_notes,
    jump,
    receptive_field,
    smallest_receptive_field,
)
from archstat.passes.saved import saved_bytes, saved_what
from archstat.passes.views import axes

Values = tuple[int | None, ...]

__all__ = [
    "Measure",
    "Peak",
    "Values",
    "activation_bytes",
    "activations",
    "adam_bytes",
    "axes",
    "backward_macs",
    "biases",
    "buffer_bytes",
    "buffers",
    "depth",
    "effective_padding",
    "field_centre",
    "field_kept",
    "field_notes",
    "flops",
    "gradient_bytes",
    "inference_peak",
    "jump",
    "macs",
    "momentum_bytes",
    "param_bytes",
    "params",
    "receptive_field",
    "saved_bytes",
    "saved_what",
    "smallest_receptive_field",
    "trainable_params",
    "weights",
]
