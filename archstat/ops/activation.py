"""Activations made of comparisons and straight lines. The smooth ones are in :mod:`archstat.ops.smooth`."""

from fractions import Fraction
from typing import ClassVar

from archstat.errors import require
from archstat.ops.base import IO, Autocast, InPlace, Op, Terms
from archstat.ops.checks import check_numbers
from archstat.ops.gradient import ELEMENTWISE
from archstat.ops.options import Number, Positive
from archstat.ops.reach import Routes, itself
from archstat.ops.tape import INPUT, PARAMETER, RESULT, Learned, Mode, Save, Step
from archstat.tensor import Tensor


class ReLU(InPlace, frozen=True, kw_only=True):
    """max(x, 0).

    Shape:  any -> the same
    Params: none
    MACs:   none
    FLOPs:  1 per element: a comparison
    Memory: owns its output; in place shares its input's
    Source: torch.nn.functional.relu; Nair & Hinton 2010
    """

    word: ClassVar[str] = "relu"

    def saved(self, io: IO, mode: Mode) -> tuple[Save, ...]:
        return RESULT


class ReLU6(InPlace, frozen=True, kw_only=True):
    """min(max(x, 0), 6).

    Shape:  any -> the same
    Params: none
    MACs:   none
    FLOPs:  2 per element: two comparisons
    Memory: owns its output; in place shares its input's
    Source: torch.nn.functional.relu6; Howard et al., arXiv:1704.04861
    """

    word: ClassVar[str] = "relu6"
    cost: ClassVar[int] = 2


class LeakyReLU(InPlace, frozen=True, kw_only=True):
    """x where it is positive, else slope * x.

    Shape:  any -> the same
    Params: none
    MACs:   none
    FLOPs:  2 per element: a comparison and a multiplication
    Memory: owns its output; in place shares its input's
    Source: torch.nn.functional.leaky_relu; Maas et al. 2013
    """

    word: ClassVar[str] = "leaky_relu"
    main: ClassVar[str | None] = "slope"
    cost: ClassVar[int] = 2

    slope: Number = Fraction(1, 100)

    def saved(self, io: IO, mode: Mode) -> tuple[Save, ...]:
        return RESULT if self.inplace else INPUT


class PReLU(Op, frozen=True, kw_only=True):
    """x where it is positive, else a learned slope * x: one slope, or one for each channel.

    Shape:  any -> the same
    Params: weight [num_parameters], which is 1 or C
    MACs:   none
    FLOPs:  2 per element: a comparison and a multiplication
    Memory: owns its output
    Source: torch.nn.PReLU; He et al., arXiv:1502.01852
    """

    word: ClassVar[str] = "prelu"
    main: ClassVar[str | None] = "num_parameters"
    shareable: ClassVar[bool] = True

    num_parameters: Positive = 1

    def output(self, *inputs: Tensor) -> Tensor:
        (x,) = inputs
        check_numbers(self.word, x)
        require(
            self.num_parameters == 1 or (x.channels_first and self.num_parameters == x.channels),
            f"'prelu' has 1 parameter or one for each channel, not {self.num_parameters}: "
            f"its input is {x.describe()}",
        )
        return x.fresh()

    def params(self, io: IO) -> Terms:
        return {"weight": (self.num_parameters,)}

    def buffers(self, io: IO) -> Terms:
        return {}

    def macs(self, io: IO) -> Terms:
        return {}

    def flops(self, io: IO) -> Terms:
        return {"elementwise": (*io.y.shape, 2)}

    def storage(self, io: IO, *, training: bool = False) -> int | None:
        return None

    def reach(self, io: IO) -> Routes:
        return (itself(io.x),)

    def tape(self, io: IO, mode: Mode) -> tuple[Step, ...]:
        step = Step(
            (0,),
            io.y,
            saves=(*INPUT, PARAMETER),
            learns=(Learned("weight", io.y, viewed=True),),
            gradients=(ELEMENTWISE,),
            unasked=True,
        )
        return (step,)

    def autocast(self, x: Tensor, mode: Mode) -> Autocast:
        return "lowers"


class HardTanh(InPlace, frozen=True, kw_only=True):
    """min(max(x, -1), 1).

    Shape:  any -> the same
    Params: none
    MACs:   none
    FLOPs:  2 per element: two comparisons
    Memory: owns its output; in place shares its input's
    Source: torch.nn.functional.hardtanh
    """

    word: ClassVar[str] = "hardtanh"
    cost: ClassVar[int] = 2


class HardSigmoid(InPlace, frozen=True, kw_only=True):
    """relu6(x + 3) / 6.

    Shape:  any -> the same
    Params: none
    MACs:   none
    FLOPs:  4 per element: addition, two comparisons, division
    Memory: owns its output; in place shares its input's
    Source: torch.nn.functional.hardsigmoid; Howard et al., arXiv:1905.02244
    """

    word: ClassVar[str] = "hardsigmoid"
    cost: ClassVar[int] = 4


class HardSwish(InPlace, frozen=True, kw_only=True):
    """x * relu6(x + 3) / 6.

    Shape:  any -> the same
    Params: none
    MACs:   none
    FLOPs:  5 per element: addition, two comparisons, multiplication, division
    Memory: owns its output; in place shares its input's
    Source: torch.nn.functional.hardswish; Howard et al., arXiv:1905.02244
    """

    word: ClassVar[str] = "hardswish"
    cost: ClassVar[int] = 5


class Threshold(InPlace, frozen=True, kw_only=True):
    """x where it is above the threshold, else a constant value.

    Shape:  any -> the same
    Params: none
    MACs:   none
    FLOPs:  1 per element: a comparison
    Memory: owns its output; in place shares its input's
    Source: torch.nn.functional.threshold
    """

    word: ClassVar[str] = "threshold"
    main: ClassVar[str | None] = "threshold"

    threshold: Number
    value: Number = Fraction(0)
