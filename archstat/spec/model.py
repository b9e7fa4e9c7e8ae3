"""What loading a spec gives: the graph, and what the file says beside it."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Literal

import msgspec

from archstat.errors import Mark
from archstat.graph import Graph
from archstat.tensor import Shape
from archstat.units import suffix

MAX_LAYERS = 50_000

Bound = Literal["max", "min", "exact", "max_change"]

METRICS = (
    "params", "weights", "biases", "trainable_params", "buffers", "macs", "backward_macs", "flops", "activations",
    "activation_bytes", "saved_bytes", "forward_backward_bytes", "gradient_bytes", "momentum_bytes", "adam_bytes",
    "inference_peak_bytes", "training_peak_bytes", "momentum_peak_bytes", "adam_peak_bytes", "param_bytes",
    "buffer_bytes", "receptive_field", "smallest_receptive_field", "jump", "effective_padding", "field_centre",
    "output", "depth",
)  # fmt: skip
"""What a published figure, a budget and an expression can ask of a graph."""


class Transfer(msgspec.Struct, frozen=True, kw_only=True):
    """How what was learned is used again: on top of what the spec freezes itself, and with a head for other classes.

    ``freeze`` and ``unfreeze`` are globs as in a spec; ``replace_head`` is how many outputs the new head has.
    """

    freeze: tuple[str, ...] = ()
    unfreeze: tuple[str, ...] = ()
    replace_head: int | None = None


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line may change about a spec.

    ``variables`` are ``--set`` values as written; ``input`` is one sample's shape.
    """

    variables: Mapping[str, str] = {}
    input: tuple[int, ...] | None = None
    batch: int = 1
    dtype: str = "float32"
    max_layers: int = MAX_LAYERS
    transfer: Transfer = Transfer()


class Spec(msgspec.Struct, frozen=True, kw_only=True):
    """A loaded spec.

    ``reference`` is what the user asked for (``vgg16`` or a path), ``file`` the path for messages.
    """

    name: str
    reference: str
    file: str
    about: str = ""
    source: str = ""
    graph: Graph
    published: tuple["Figure", ...] = ()
    budget: tuple["Limit", ...] = ()


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A figure that somebody printed, and how the graph is asked for it.

    ``printed`` is the text as printed (``138M``, ``28x28x480``); ``read_as`` the suffix that is meant where it isn't
    the printed one (``MiB`` for a MB of 1024 * 1024 bytes). ``computed`` is an expression over the graph
    (``params()``), ``derivation`` the one that gives the printed figure where the true one doesn't.
    ``verdict`` is what the spec's author recorded: reproduced, accounting, slip or differs; ``inferred`` says that
    ``why`` is a guess of that author's, and no statement of those who printed the figure.
    """

    quantity: str
    metric: str = ""
    printed: str
    read_as: str = ""
    computed: str
    source: str
    derivation: str | None = None
    verdict: str = "reproduced"
    why: str = ""
    inferred: bool = False
    table: str = ""
    row: str = ""
    mark: Mark | None = None
    computed_mark: Mark | None = None
    derivation_mark: Mark | None = None

    @property
    def suffix(self) -> str:
        """The printed suffix: ``MB``."""
        return suffix(self.printed)

    @property
    def meant(self) -> str:
        """The printed text with the suffix that is meant: ``93MiB`` for 93MB."""
        return (
            self.printed.removesuffix(self.suffix) + self.read_as if self.read_as else self.printed
        )


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """What one metric of a network must keep to.

    ``amount`` is exact: a number, or one sample's shape for ``output``. Of ``max_change`` it is what may be added to
    the base's number; if ``percent``, in hundredths of that number. ``written`` is the limit as it was given, ``mark``
    its place in a file, ``option`` the option of the command line that gave it.
    """

    metric: str
    bound: Bound
    written: str
    amount: Fraction | Shape
    percent: bool = False
    mark: Mark | None = None
    option: str = ""

    @property
    def where(self) -> str:
        """Where it is set: ``net.yaml:13:9``, or the option."""
        return str(self.mark) if self.mark else self.option
