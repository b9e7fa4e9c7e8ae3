"""Smooth activations. One exp, log, tanh or erf counts as one operation; the formula is the docstring's first line."""

from fractions import Fraction
from typing import Annotated, ClassVar

from archstat.errors import require
from archstat.ops.base import IO, InPlace, Pointwise, Terms
from archstat.ops.gradient import ELEMENTWISE, SAME, beside, quotient
from archstat.ops.options import Number, Word
from archstat.ops.tape import INPUT, QUOTIENT, RESULT, Device, Mode, Save, Step, extra
from archstat.tensor import Tensor


class Sigmoid(InPlace, frozen=True, kw_only=True):
    """1 / (1 + exp(-x)).

    Shape:  any -> the same
    Params: none
    MACs:   none
    FLOPs:  4 per element: negation, exp, addition, division
    Memory: owns its output; in place shares its input's
    Source: torch.nn.functional.sigmoid
    """

    word: ClassVar[str] = "sigmoid"
    cost: ClassVar[int] = 4

    def saved(self, io: IO, mode: Mode) -> tuple[Save, ...]:
        return RESULT


class LogSigmoid(Pointwise, frozen=True, kw_only=True):
    """-log(1 + exp(-x)).

    Shape:  any -> the same
    Params: none
    MACs:   none
    FLOPs:  5 per element: negation, exp, addition, log, negation
    Memory: owns its output
    Source: torch.nn.functional.logsigmoid
    """

    word: ClassVar[str] = "logsigmoid"
    cost: ClassVar[int] = 5

    def output(self, *inputs: Tensor) -> Tensor:
        y = super().output(*inputs)
        return y.with_shape(*y.shape)

    def saved(self, io: IO, mode: Mode) -> tuple[Save, ...]:
        if mode.device == "cuda":
            return INPUT
        return (*INPUT, extra("buffer", *io.x.shape, dtype=io.x.dtype))


class Tanh(InPlace, frozen=True, kw_only=True):
    """tanh(x).

    Shape:  any -> the same
    Params: none
    MACs:   none
    FLOPs:  1 per element: tanh
    Memory: owns its output; in place shares its input's
    Source: torch.nn.functional.tanh
    """

    word: ClassVar[str] = "tanh"

    def saved(self, io: IO, mode: Mode) -> tuple[Save, ...]:
        return RESULT


class TanhShrink(Pointwise, frozen=True, kw_only=True):
    """x - tanh(x).

    Shape:  any -> the same
    Params: none
    MACs:   none
    FLOPs:  2 per element: tanh, subtraction
    Memory: owns its output
    Source: torch.nn.functional.tanhshrink
    """

    word: ClassVar[str] = "tanhshrink"
    cost: ClassVar[int] = 2

    def tape(self, io: IO, mode: Mode) -> tuple[Step, ...]:
        return (
            Step((0,), io.y, saves=RESULT, gradients=(ELEMENTWISE,)),
            Step((0, 1), io.y, gradients=(SAME, ELEMENTWISE)),
        )


class ELU(InPlace, frozen=True, kw_only=True):
    """x where it is positive, else alpha * (exp(x) - 1).

    Shape:  any -> the same
    Params: none
    MACs:   none
    FLOPs:  4 per element: comparison, exp, subtraction, multiplication
    Memory: owns its output; in place shares its input's
    Source: torch.nn.functional.elu; Clevert et al., arXiv:1511.07289
    """

    word: ClassVar[str] = "elu"
    main: ClassVar[str | None] = "alpha"
    cost: ClassVar[int] = 4

    alpha: Number = Fraction(1)

    def saved(self, io: IO, mode: Mode) -> tuple[Save, ...]:
        return RESULT if self.inplace else INPUT


class SELU(InPlace, frozen=True, kw_only=True):
    """scale * (x where it is positive, else alpha * (exp(x) - 1)), with the two constants of the paper.

    Shape:  any -> the same
    Params: none
    MACs:   none
    FLOPs:  5 per element: comparison, exp, subtraction, two multiplications
    Memory: owns its output; in place shares its input's
    Source: torch.nn.functional.selu; Klambauer et al., arXiv:1706.02515
    """

    word: ClassVar[str] = "selu"
    cost: ClassVar[int] = 5

    def saved(self, io: IO, mode: Mode) -> tuple[Save, ...]:
        return RESULT if self.inplace else INPUT


class CELU(InPlace, frozen=True, kw_only=True):
    """x where it is positive, else alpha * (exp(x / alpha) - 1).

    Shape:  any -> the same
    Params: none
    MACs:   none
    FLOPs:  5 per element: comparison, division, exp, subtraction, multiplication
    Memory: owns its output; in place shares its input's
    Source: torch.nn.functional.celu; Barron, arXiv:1704.07483
    """

    word: ClassVar[str] = "celu"
    main: ClassVar[str | None] = "alpha"
    cost: ClassVar[int] = 5

    alpha: Number = Fraction(1)

    def output(self, *inputs: Tensor) -> Tensor:
        require(self.alpha != 0, "'celu' alpha must not be 0: the formula divides by it")
        return super().output(*inputs)

    def saved(self, io: IO, mode: Mode) -> tuple[Save, ...]:
        return RESULT if self.inplace else INPUT


class GELU(Pointwise, frozen=True, kw_only=True):
    """0.5 * x * (1 + erf(x / sqrt 2)); approximately 0.5 * x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x * x * x))).

    Shape:  any -> the same
    Params: none
    MACs:   none
    FLOPs:  5 per element: division, erf, addition, two multiplications; the tanh form 9: tanh, two additions, six
            multiplications
    Memory: owns its output
    Source: torch.nn.functional.gelu; Hendrycks & Gimpel, arXiv:1606.08415
    """

    word: ClassVar[str] = "gelu"

    approximate: Annotated[str, Word(("none", "tanh"))] = "none"

    def flops(self, io: IO) -> Terms:
        return {"elementwise": (*io.y.shape, 9 if self.approximate == "tanh" else 5)}


class SiLU(InPlace, frozen=True, kw_only=True):
    """x / (1 + exp(-x)), also called swish.

    Shape:  any -> the same
    Params: none
    MACs:   none
    FLOPs:  4 per element: negation, exp, addition, division
    Memory: owns its output; in place shares its input's
    Source: torch.nn.functional.silu; Ramachandran et al., arXiv:1710.05941
    """

    word: ClassVar[str] = "silu"
    cost: ClassVar[int] = 4


class Mish(InPlace, frozen=True, kw_only=True):
    """x * tanh(log(1 + exp(x))).

    Shape:  any -> the same
    Params: none
    MACs:   none
    FLOPs:  5 per element: exp, addition, log, tanh, multiplication
    Memory: owns its output; in place shares its input's
    Source: torch.nn.functional.mish; Misra, arXiv:1908.08681
    """

    word: ClassVar[str] = "mish"
    cost: ClassVar[int] = 5


class Softplus(Pointwise, frozen=True, kw_only=True):
    """log(1 + exp(beta * x)) / beta.

    Shape:  any -> the same
    Params: none
    MACs:   none
    FLOPs:  5 per element: multiplication, exp, addition, log, division
    Memory: owns its output
    Source: torch.nn.functional.softplus
    """

    word: ClassVar[str] = "softplus"
    raised: ClassVar[tuple[Device, ...]] = ("cuda",)
    cost: ClassVar[int] = 5

    beta: Number = Fraction(1)


class Softsign(Pointwise, frozen=True, kw_only=True):
    """x / (1 + |x|).

    Shape:  any -> the same
    Params: none
    MACs:   none
    FLOPs:  3 per element: absolute value, addition, division
    Memory: owns its output
    Source: torch.nn.functional.softsign
    """

    word: ClassVar[str] = "softsign"
    cost: ClassVar[int] = 3

    def tape(self, io: IO, mode: Mode) -> tuple[Step, ...]:
        return (
            Step((0,), io.y, saves=INPUT, gradients=(beside(io.x),)),
            Step((1,), io.y, gradients=(SAME,)),
            Step((0, 2), io.y, saves=QUOTIENT, gradients=quotient(io.y)),
        )
