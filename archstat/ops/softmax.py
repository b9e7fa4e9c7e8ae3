"""Activations that look along one dimension: softmax, its logarithm, and the gated linear unit."""

from typing import ClassVar

from archstat.errors import require
from archstat.ops.base import IO, Autocast, Terms, Weightless
from archstat.ops.checks import axis, check_numbers
from archstat.ops.gradient import ZEROS, Gradient
from archstat.ops.options import MaybeDim
from archstat.ops.reach import EVERYTHING, UNKNOWN, Routes, but, itself
from archstat.ops.tape import INPUT, RESULT, Mode, Save
from archstat.tensor import Tensor


class _Along(Weightless, frozen=True, kw_only=True):
    """Family: works along one dimension, the channels' by default."""

    main: ClassVar[str | None] = "dim"

    dim: MaybeDim = None

    def output(self, *inputs: Tensor) -> Tensor:
        (x,) = inputs
        axis(self.word, self.dim, x)
        check_numbers(self.word, x)
        return x.with_shape(*x.shape)

    def storage(self, io: IO, *, training: bool = False) -> int | None:
        return None

    def reach(self, io: IO) -> Routes:
        return (itself(io.x), but(io.x, {axis(self.word, self.dim, io.x): EVERYTHING}))


class _Exponential(_Along, frozen=True, kw_only=True):
    """Family: softmax and its logarithm."""

    def saved(self, io: IO, mode: Mode) -> tuple[Save, ...]:
        return RESULT

    def gradients(self, io: IO) -> tuple[Gradient, ...]:
        return (ZEROS,)

    def autocast(self, x: Tensor, mode: Mode) -> Autocast:
        if mode.device != "cuda":
            return "leaves"
        # There is a kernel from float16 to single precision, and none from bfloat16.
        return "widens" if mode.autocast == "float16" else "raises"


class Softmax(_Exponential, frozen=True, kw_only=True):
    """exp(x - max) / sum of the same, along one dimension.

    Shape:  any -> the same
    Params: none
    MACs:   none
    FLOPs:  5 per element: max 1, subtraction 1, exp 1, sum 1, division 1
    Memory: owns its output
    Source: torch.nn.functional.softmax
    """

    word: ClassVar[str] = "softmax"

    def flops(self, io: IO) -> Terms:
        return {"max 1, subtract 1, exp 1, sum 1, divide 1": (*io.y.shape, 5)}


class LogSoftmax(_Exponential, frozen=True, kw_only=True):
    """x - max - log(sum of exp(x - max)), along one dimension.

    Shape:  any -> the same
    Params: none
    MACs:   none
    FLOPs:  5 per element: max 1, subtraction 1, exp 1, sum 1, subtraction 1; the log, once per row, is not counted
    Memory: owns its output
    Source: torch.nn.functional.log_softmax
    """

    word: ClassVar[str] = "log_softmax"

    def flops(self, io: IO) -> Terms:
        return {"max 1, subtract 1, exp 1, sum 1, subtract 1": (*io.y.shape, 5)}


class GLU(_Along, frozen=True, kw_only=True):
    """a * sigmoid(b), a and b being the halves of a dimension.

    Shape:  the dimension n -> n / 2
    Params: none
    MACs:   none
    FLOPs:  5 per output element: negation, exp, addition, division, multiplication
    Memory: owns its output
    Source: torch.nn.functional.glu; Dauphin et al., arXiv:1612.08083
    """

    word: ClassVar[str] = "glu"

    def output(self, *inputs: Tensor) -> Tensor:
        (x,) = inputs
        at = axis(self.word, self.dim, x)
        check_numbers(self.word, x)
        n = x.shape[at]
        require(n % 2 == 0, f"'glu' halves its dimension, but {n} is odd")
        return x.ordered(*x.shape[:at], n // 2, *x.shape[at + 1 :])

    def flops(self, io: IO) -> Terms:
        return {"elementwise": (*io.y.shape, 5)}

    def reach(self, io: IO) -> Routes:
        return (but(io.x, {axis(self.word, self.dim, io.x): UNKNOWN}),)

    def steps(self, io: IO) -> tuple[str, ...]:
        n = io.x.shape[axis(self.word, self.dim, io.x)]
        return (f"{n}/2 = {n // 2}",)

    def saved(self, io: IO, mode: Mode) -> tuple[Save, ...]:
        return INPUT
