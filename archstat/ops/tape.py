"""What PyTorch runs for an op, primitive by primitive, and which tensors autograd keeps of each.

A plain op is one step. A composite (local response norm, attention, a join of three) is several, and what it
keeps, and what is alive while it runs, follows from them. The passes resolve names to storages.
"""

from collections.abc import Iterable
from typing import Literal

import msgspec

from archstat.ops.gradient import Gradient
from archstat.tensor import Tensor

Device = Literal["cpu", "cuda"]

OUTPUT = -1
"""``Save.of``: what the step makes."""

WEIGHT = -2
"""``Save.of`` and ``Save.given``: the op's own weight, the first of those that the step learns."""


TORCH = (2, 14)
"""The release of PyTorch whose rules these are, unless a mode names an older one."""


class Mode(msgspec.Struct, frozen=True):
    """How the network runs: ``model.train()`` or not, whose kernels, and what type torch.autocast casts to, if any.

    ``torch`` is the release that runs it, which matters where a rule names one. ``watched`` says that a dispatch mode
    looks on: PyTorch then adds out of place what it else adds in place.
    """

    training: bool = True
    device: Device = "cpu"
    autocast: str = ""
    torch: tuple[int, ...] = TORCH
    watched: bool = False


class Save(msgspec.Struct, frozen=True):
    """One tensor that autograd keeps: an input of the step by position, OUTPUT, WEIGHT, or an extra one.

    ``given`` is the position of the input (or WEIGHT) without whose gradient it is not kept; ``None`` keeps it
    whenever the step has a gradient at all. ``ahead`` says that an extra one is made, and kept, before the output.
    """

    word: str
    of: int | Tensor
    given: int | None = None
    ahead: bool = False

    @property
    def behind(self) -> bool:
        """Whether the step has to run first: it is kept behind the output's making."""
        return self.of == OUTPUT or (isinstance(self.of, Tensor) and not self.ahead)


class Learned(msgspec.Struct, frozen=True):
    """A parameter by its name, and the tensor that its gradient is made as where that isn't one like itself.

    A larger gradient is summed, one that is laid out otherwise is copied. ``added`` says that the parameter is added to
    the output, whose gradient is summed for it, ``cast`` that the output is the parameter in another type, ``viewed``
    that its gradient is a view, as that of a transposed matrix.
    """

    name: str
    made: Tensor | None = None
    added: bool = False
    cast: bool = False
    viewed: bool = False


class Step(msgspec.Struct, frozen=True):
    """One primitive.

    ``inputs`` are values: the op's inputs first, then what its earlier steps made. ``shares`` is the position
    among them whose storage ``y`` has; -1 is the op's parameter. ``learns`` are the op's parameters that take
    part. ``until`` is the last step during which a local variable holds ``y``. ``scratch`` is allocated beside the
    output and not kept. ``gradients`` say how each input's gradient is made: new memory, where none are given.
    ``macs`` are the terms of the op's MACs that the step works out, where the op is a composite. ``unasked`` says that
    all gradients are made together, also those that nothing needs.
    """

    inputs: tuple[int, ...]
    y: Tensor
    shares: int | None = None
    saves: tuple[Save, ...] = ()
    learns: tuple[Learned, ...] = ()
    until: int = 0
    scratch: tuple[Tensor, ...] = ()
    gradients: tuple[Gradient, ...] = ()
    macs: tuple[str, ...] = ()
    unasked: bool = False


class Tape:
    """Records steps; :meth:`add` returns the number of the value that the step makes."""

    def __init__(self, inputs: int) -> None:
        self.steps: list[Step] = []
        self.inputs = inputs

    def add(
        self,
        inputs: tuple[int, ...],
        y: Tensor,
        *,
        shares: int | None = None,
        saves: tuple[Save, ...] = (),
        learns: tuple[Learned, ...] = (),
        until: int = 0,
        scratch: tuple[Tensor, ...] = (),
        gradients: tuple[Gradient, ...] = (),
        macs: tuple[str, ...] = (),
        unasked: bool = False,
    ) -> int:
        step = Step(inputs, y, shares, saves, learns, until, scratch, gradients, macs, unasked)
        self.steps.append(step)
        return self.inputs + len(self.steps) - 1

    def hold(self, value: int) -> None:
        """Let a local variable hold ``value``, if a step made it, to the last step so far."""
        at = value - self.inputs
        if at >= 0:
            step = msgspec.structs.replace(self.steps[at], until=len(self.steps) - 1)
            self.steps[at] = step


INPUT = (Save("input", 0),)
PARAMETER = Save("weight", WEIGHT)
"""The weight of a product: there anyway, unless autocast has made a copy."""
RESULT = (Save("output", OUTPUT),)
PRODUCT = (Save("input", 0, 1), Save("input", 1, 0))
"""Of a product each factor is kept for the other's gradient."""
QUOTIENT = (Save("input", 0, 1), Save("input", 1))
"""Of a quotient the divisor is kept for both gradients."""


def extra(word: str, *shape: int, dtype: str, ahead: bool = False) -> Save:
    """Return a tensor that a step makes to keep it: indices, a mask, statistics, a copy."""
    return Save(word, Tensor(shape, dtype), ahead=ahead)


def copied(x: Tensor) -> Save:
    """Return the clone that an in-place op makes of what it overwrites."""
    return extra("copy", *x.shape, dtype=x.dtype, ahead=True)


def learned(names: Iterable[str], made: Tensor | None = None) -> tuple[Learned, ...]:
    """Return parameters whose gradients are all made as ``made``, or like themselves."""
    return tuple(Learned(name, made) for name in names)
