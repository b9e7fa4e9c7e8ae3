"""Normalisation over neighbouring channels."""

from fractions import Fraction
from typing import ClassVar

from archstat.errors import require
from archstat.ops.base import IO, Op, Terms
from archstat.ops.checks import check_image
from archstat.ops.gradient import CAST, ELEMENTWISE, SAME, ZEROS, beside, quotient
from archstat.ops.options import Number, Positive
from archstat.ops.reach import ITSELF, Along, Routes, Slide, image
from archstat.ops.tape import INPUT, QUOTIENT, Mode, Step
from archstat.tensor import HALVES, Tensor, view_strides


class LocalResponseNorm(Op, frozen=True, kw_only=True):
    """Divide each element by (k + alpha * mean of the squares of ``size`` neighbouring channels) ** beta.

    Shape:  [N, C, *S] -> the same
    Params: none
    MACs:   none
    FLOPs:  size + 5 per element: square 1, sum size - 1, mean 1, times alpha 1, plus k 1, power 1, divide 1
    Memory: owns its output
    Source: torch.nn.functional.local_response_norm; Krizhevsky et al. 2012, section 3.3
    """

    word: ClassVar[str] = "local_response_norm"
    main: ClassVar[str | None] = "size"

    size: Positive = 5
    alpha: Number = Fraction(1, 10_000)
    beta: Number = Fraction(3, 4)
    k: Number = Fraction(1)

    def output(self, *inputs: Tensor) -> Tensor:
        (x,) = inputs
        check_image(self.word, x)
        y = x.fresh()
        if len(x.spatial) == 3:
            first, second = x.spatial[0], x.spatial[1] * x.spatial[2]
            require(
                view_strides(y, (x.batch, 1, x.channels, first, second)) is not None,
                f"'{self.word}' in 3-D needs its axes in order in memory, as PyTorch does",
                hint="put it before '- permute'",
            )
        return y

    def params(self, io: IO) -> Terms:
        return {}

    def buffers(self, io: IO) -> Terms:
        return {}

    def macs(self, io: IO) -> Terms:
        return {}

    def flops(self, io: IO) -> Terms:
        return {"elementwise": (*io.y.shape, self.size + 5)}

    def storage(self, io: IO, *, training: bool = False) -> int | None:
        return None

    def reach(self, io: IO) -> Routes:
        return image(
            Along(1, Slide(self.size, padding=self.size // 2)), [ITSELF] * len(io.x.spatial)
        )

    def tape(self, io: IO, mode: Mode) -> tuple[Step, ...]:
        x, y = io.x, io.y
        n, c, *spatial = x.shape
        wide: tuple[Step, ...] = ()
        padded = Tensor((n, 1, c + self.size - 1, *spatial), x.dtype)
        # Of more than one axis the mean is a three-dimensional pool's, which autocast raises to single precision.
        if mode.autocast and len(spatial) > 1 and x.dtype in HALVES:
            y = y.with_dtype("float32")
            wide = (Step((2,), padded.with_dtype("float32"), gradients=(CAST,)),)
        mean, at = y.with_shape(*y.shape), 2 + len(wide)
        return (
            Step((0, 0), x.fresh(), saves=INPUT, until=1, gradients=(ELEMENTWISE, ELEMENTWISE)),
            Step((1,), padded, until=at, gradients=(ZEROS,)),
            *wide,
            Step((at,), mean, saves=INPUT, until=at + 3, gradients=(ZEROS,)),
            Step((at + 1,), mean, gradients=(ELEMENTWISE,)),
            Step((at + 2,), mean, gradients=(SAME,)),
            Step((at + 3,), mean, saves=INPUT, until=at + 4, gradients=(beside(mean, mean),)),
            Step((0, at + 4), y, saves=QUOTIENT, gradients=quotient(y)),
        )
