"""Numbers of a whole network that are no sum over its layers: how deep it is, the most memory at once.

A new one is one entry here, and its key among :data:`archstat.spec.model.METRICS`.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Literal

import msgspec

from archstat import passes
from archstat.graph import Graph

if TYPE_CHECKING:
    from archstat.passes.optimizers import Name


class Measure(msgspec.Struct, frozen=True):
    """A number and the layers that it comes from, each with its part; ``None`` is unknown, never zero."""

    value: int | None
    parts: tuple[tuple[str, int], ...] = ()


class Whole(msgspec.Struct, frozen=True):
    """One number of the whole network; the fields are those of a column. ``missing`` says why it may be unknown."""

    key: str
    title: str
    unit: Literal["bytes", "layers"]
    about: str
    measure: Callable[[Graph], Measure]
    estimate: bool = False
    missing: str = ""

    adds: ClassVar[bool] = False


_UNTRAINED = "nothing is trained"


def _inference(graph: Graph) -> Measure:
    from archstat.report.peaks import inference  # liveness is more than other numbers need

    line = inference(graph)
    return Measure(line.nbytes, line.alive)


def _training(optimizer: "Name") -> Callable[[Graph], Measure]:
    def measure(graph: Graph) -> Measure:
        from archstat.passes.optimizers import Optimizer
        from archstat.report.peaks import Training, trained

        line = trained(graph, Training(optimizer=Optimizer(optimizer)))
        return Measure(line.nbytes, line.alive) if line else Measure(None)

    return measure


WHOLES = (
    Whole("inference_peak_bytes", "inference peak", "bytes",
          "the most that is alive at once in a forward pass without gradients",
          _inference),
    Whole("training_peak_bytes", "training peak", "bytes",
          "the most that is alive at once in a step of training with SGD", _training("sgd"),
          missing=_UNTRAINED),
    Whole("momentum_peak_bytes", "momentum peak", "bytes", "the same with SGD and momentum", _training("momentum"),
          missing=_UNTRAINED),
    Whole("adam_peak_bytes", "Adam peak", "bytes", "the same with Adam", _training("adam"),
          missing=_UNTRAINED),
    Whole("depth", "depth", "layers", "layers with weights on the longest path",
          lambda graph: Measure(max(passes.depth(graph)))),
)  # fmt: skip

WHOLE_BY_KEY = {whole.key: whole for whole in WHOLES}
