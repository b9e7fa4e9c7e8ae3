"""Normalisation over neighbouring channels."""

from fractions import Fraction
from typing import ClassVar

from archstat.errors import require
from archstat.ops.base import IO, Op, Terms
from archstat.ops.checks import check_image
from archstat.ops.gradient import CAST, ELEMENTWISE, SAME, ZEROS, beside, quotient
from archstat.ops.options import Number, Positive
from archstat.ops.reach import ITSELF, Along, Routes, Slide, image
from archstat.ops.tape import INPUT, QUOTIENT, Mode, Step, Tape
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
        low = bool(mode.autocast) and x.dtype in HALVES
        # Of more than one axis the mean is a three-dimensional pool's, which autocast raises on the CPU; on CUDA it
        # raises powers.
        pooled, powered = (
            low and mode.device == "cpu" and len(spatial) > 1,
            low and mode.device == "cuda",
        )
        if pooled or powered:
            y = y.with_dtype("float32")
        tape, padded = Tape(1), Tensor((n, 1, c + self.size - 1, *spatial), x.dtype)
        mean = y.with_shape(*y.shape)
        early = mean.with_dtype(x.dtype) if powered else mean
        squares = tape.add((0, 0), x.fresh(), saves=INPUT, gradients=(ELEMENTWISE, ELEMENTWISE))
        window = at = tape.add((squares,), padded, gradients=(ZEROS,))
        tape.hold(squares)
        if pooled:
            at = tape.add((window,), padded.with_dtype("float32"), gradients=(CAST,))
        pool = tape.add((at,), early, saves=INPUT, gradients=(ZEROS,))
        tape.hold(window)
        at = tape.add((pool,), early, gradients=(ELEMENTWISE,))
        at = tape.add((at,), early, gradients=(SAME,))
        added = at
        if powered:
            at = tape.add((at,), mean, gradients=(CAST,))
        power = tape.add((at,), mean, saves=INPUT, gradients=(beside(mean, mean),))
        tape.hold(added)
        tape.hold(pool)
        tape.add((0, power), y, saves=QUOTIENT, gradients=quotient(y))
        tape.hold(power)
        return tuple(tape.steps)
