"""Ops that only training knows: at inference they return their input."""

from fractions import Fraction
from typing import ClassVar

from msgspec.structs import replace

from archstat.ops.base import IO, Terms, Weightless
from archstat.ops.checks import check_numbers
from archstat.ops.gradient import ELEMENTWISE, SAME, Gradient
from archstat.ops.options import Boolean, Probability
from archstat.ops.reach import Routes, itself
from archstat.ops.tape import Mode, Save, Step, extra
from archstat.tensor import Tensor


class _Dropping(Weightless, frozen=True, kw_only=True):
    """Family: the identity at inference."""

    main: ClassVar[str | None] = "p"

    def output(self, *inputs: Tensor) -> Tensor:
        check_numbers(self.word, inputs[0])
        return inputs[0]

    def flops(self, io: IO) -> Terms:
        return {}

    def reach(self, io: IO) -> Routes:
        return (itself(io.x),)

    def gradients(self, io: IO) -> tuple[Gradient, ...]:
        return (ELEMENTWISE,)

    def tape(self, io: IO, mode: Mode) -> tuple[Step, ...]:
        steps = super().tape(io, mode)
        if self.saved(io, mode):
            return steps
        # What drops nothing gives its very input, and the backward pass doesn't know of it.
        return tuple(replace(step, gradients=(SAME,)) for step in steps)


class Dropout(_Dropping, frozen=True, kw_only=True):
    """Set elements to zero with probability p while training.

    Shape:  any -> the same
    Params: none
    MACs:   none
    FLOPs:  none at inference
    Memory: shares its input's; while training owns its output if p > 0, unless in place
    Source: torch.nn.functional.dropout; Srivastava et al. 2014
    """

    word: ClassVar[str] = "dropout"

    p: Probability = Fraction(1, 2)
    inplace: Boolean = False

    def storage(self, io: IO, *, training: bool = False) -> int | None:
        return None if training and self.p > 0 and not self.inplace else 0

    def saved(self, io: IO, mode: Mode) -> tuple[Save, ...]:
        if not mode.training or self.p == 0:
            return ()
        if self.p == 1:
            return (extra("mask", dtype=io.x.dtype, ahead=True),)
        fused = mode.device == "cuda" and not self.inplace
        dtype = "bool" if fused else io.x.dtype
        return (extra("mask", *io.x.shape, dtype=dtype, ahead=not fused),)


class DropPath(_Dropping, frozen=True, kw_only=True):
    """Set whole samples to zero with probability p while training: stochastic depth.

    Shape:  any -> the same
    Params: none
    MACs:   none
    FLOPs:  none at inference
    Memory: shares its input's; while training owns its output if p > 0
    Source: torchvision.ops.stochastic_depth with mode row; Huang et al., arXiv:1603.09382
    """

    word: ClassVar[str] = "drop_path"

    p: Probability = Fraction(1, 10)

    def storage(self, io: IO, *, training: bool = False) -> int | None:
        return None if training and self.p > 0 else 0

    def saved(self, io: IO, mode: Mode) -> tuple[Save, ...]:
        if not mode.training or self.p == 0:
            return ()
        return (extra("mask", io.x.batch, dtype=io.x.dtype, ahead=True),)
