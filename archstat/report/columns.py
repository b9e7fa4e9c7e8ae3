"""The one list of columns. Tables, CSV headers, JSON keys, budgets and docs all read it.

A new metric is one pass and one column here. Columns are summed over the layers; readings are not: each layer has
its own, and that of the network is its output's.
"""

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import msgspec

from archstat import passes
from archstat.graph import Graph

if TYPE_CHECKING:
    from archstat.passes.receptive_field import Measure

Unit = Literal["elements", "bytes", "MAC", "FLOP"]


class Column(msgspec.Struct, frozen=True):
    """One quantity of a layer.

    ``key`` is its name in JSON, CSV, ``--sort`` and budgets, and says the unit where it isn't a count;
    ``title`` heads it in text; ``about`` is one line for docs and footers. ``part_of`` is the key of the column that
    this is a part of: text then says how large a part.
    """

    key: str
    title: str
    unit: Unit
    about: str
    values: Callable[[Graph], passes.Values]
    estimate: bool = False
    part_of: str = ""

    adds: ClassVar[bool] = True


class Reading(msgspec.Struct, frozen=True):
    """What is read off a layer by itself, such as its receptive field: one number, or one for each axis.

    It is not summed: a stage, and the network, has that of its last layer. The fields are a column's.
    """

    key: str
    title: str
    unit: Literal["positions", "layers"]
    about: str
    values: Callable[[Graph], "tuple[Measure | None, ...]"]
    estimate: bool = False

    adds: ClassVar[bool] = False


def _of(place: str) -> Callable[[Graph], Any]:
    """Return a pass by its module and name, which is imported when the first graph is given to it."""
    module, _, name = place.partition(".")
    return lambda graph: getattr(import_module(f"archstat.passes.{module}"), name)(graph)


def _forward_backward(graph: Graph) -> passes.Values:
    return tuple(2 * n for n in passes.activation_bytes(graph))


COLUMNS = (
    Column("params", "params", "elements", "learnable numbers; shared ones once", passes.params),
    Column("weights", "weights", "elements", "params without the biases", passes.weights),
    Column("biases", "biases", "elements", "the biases alone, norms' shifts among them", passes.biases),
    Column("trainable_params", "trainable", "elements", "params that are not frozen", passes.trainable_params),
    Column("buffers", "buffers", "elements", "kept but not learned: running statistics, constants", passes.buffers),
    Column("param_bytes", "params", "bytes", "params x bytes per element", passes.param_bytes),
    Column("buffer_bytes", "buffers", "bytes", "buffers x bytes per element", passes.buffer_bytes),
    Column("macs", "MACs", "MAC", "multiply-accumulates of one forward pass", passes.macs),
    Column("backward_macs", "backward MACs", "MAC", "multiply-accumulates of the gradients, where they are needed",
           _of("backward_macs.backward_macs")),
    Column("flops", "FLOPs", "FLOP", "all floating-point operations, 2 per MAC", passes.flops),
    Column("activations", "activations", "elements", "outputs that own their memory", passes.activations),
    Column("activation_bytes", "memory", "bytes", "activations x bytes per element", passes.activation_bytes),
    Column("saved_bytes", "saved", "bytes", "what PyTorch keeps for backward, in training on the CPU",
           _of("saved.saved_bytes")),
    Column("forward_backward_bytes", "with backward", "bytes",
           "an estimate: activations x 2, as the lecture does", _forward_backward, estimate=True),
    Column("gradient_bytes", "gradients", "bytes", "one for each param that is trained",
           _of("optimizers.gradient_bytes")),
    Column("momentum_bytes", "momentum", "bytes", "what SGD with momentum keeps for each param that is trained",
           _of("optimizers.momentum_bytes")),
    Column("adam_bytes", "Adam state", "bytes", "what Adam keeps for each param that is trained",
           _of("optimizers.adam_bytes")),
)  # fmt: skip

BY_KEY = {column.key: column for column in COLUMNS}

READINGS = (
    Reading("receptive_field", "receptive field", "positions", "input positions that a unit sees, the largest path's",
            _of("receptive_field.receptive_field")),
    Reading("smallest_receptive_field", "smallest path", "positions", "the same along the smallest path",
            _of("receptive_field.smallest_receptive_field")),
    Reading("jump", "jump", "positions", "effective stride: how far it moves from unit to unit",
            _of("receptive_field.jump")),
    Reading("effective_padding", "padding", "positions", "how far the first unit's begins before the input",
            _of("receptive_field.effective_padding")),
    Reading("field_centre", "centre", "positions", "the middle of the first unit's, the first position being 0",
            _of("receptive_field.field_centre")),
)  # fmt: skip

READING_BY_KEY = {reading.key: reading for reading in READINGS}
