"""Arithmetic on one tensor: elementwise with constants, and sums along dimensions."""

from fractions import Fraction
from typing import ClassVar

from archstat.ops.base import IO, Autocast, Pointwise, Terms, Weightless
from archstat.ops.checks import axes, axis, check_numbers, without
from archstat.ops.gradient import ZEROS, Gradient, Repeated, beside, quotient
from archstat.ops.options import Boolean, Dims, Epsilon, MaybeDim, Number
from archstat.ops.reach import EVERYTHING, Routes, but, itself, keeping
from archstat.ops.tape import INPUT, QUOTIENT, RESULT, Device, Mode, Save, Step
from archstat.tensor import Tensor


class Scale(Pointwise, frozen=True, kw_only=True):
    """factor * x.

    Shape:  any -> the same
    Params: none
    MACs:   none
    FLOPs:  1 per element: a multiplication
    Memory: owns its output
    Source: torch.mul with a number
    """

    word: ClassVar[str] = "scale"
    main: ClassVar[str | None] = "factor"

    factor: Number

    def saved(self, io: IO, mode: Mode) -> tuple[Save, ...]:
        return ()


class Pow(Pointwise, frozen=True, kw_only=True):
    """x ** exponent.

    Shape:  any -> the same
    Params: none
    MACs:   none
    FLOPs:  1 per element: a power
    Memory: owns its output
    Source: torch.pow
    """

    word: ClassVar[str] = "pow"
    raised: ClassVar[tuple[Device, ...]] = ("cuda",)
    main: ClassVar[str | None] = "exponent"

    exponent: Number

    def gradients(self, io: IO) -> tuple[Gradient, ...]:
        return (beside(io.x, io.x),)


class Square(Pointwise, frozen=True, kw_only=True):
    """x * x.

    Shape:  any -> the same
    Params: none
    MACs:   none
    FLOPs:  1 per element: a multiplication
    Memory: owns its output
    Source: torch.square
    """

    word: ClassVar[str] = "square"
    raised: ClassVar[tuple[Device, ...]] = ("cuda",)

    def gradients(self, io: IO) -> tuple[Gradient, ...]:
        return (beside(io.x, io.x),)


class Sqrt(Pointwise, frozen=True, kw_only=True):
    """The square root.

    Shape:  any -> the same
    Params: none
    MACs:   none
    FLOPs:  1 per element: a root
    Memory: owns its output
    Source: torch.sqrt
    """

    word: ClassVar[str] = "sqrt"

    def saved(self, io: IO, mode: Mode) -> tuple[Save, ...]:
        return RESULT

    def gradients(self, io: IO) -> tuple[Gradient, ...]:
        return (beside(io.x),)


class Abs(Pointwise, frozen=True, kw_only=True):
    """The absolute value.

    Shape:  any -> the same
    Params: none
    MACs:   none
    FLOPs:  1 per element
    Memory: owns its output
    Source: torch.abs
    """

    word: ClassVar[str] = "abs"

    def gradients(self, io: IO) -> tuple[Gradient, ...]:
        return (beside(io.x),)


class Exp(Pointwise, frozen=True, kw_only=True):
    """e ** x.

    Shape:  any -> the same
    Params: none
    MACs:   none
    FLOPs:  1 per element: exp
    Memory: owns its output
    Source: torch.exp
    """

    word: ClassVar[str] = "exp"
    raised: ClassVar[tuple[Device, ...]] = ("cuda",)

    def saved(self, io: IO, mode: Mode) -> tuple[Save, ...]:
        return RESULT


class Neg(Pointwise, frozen=True, kw_only=True):
    """-x.

    Shape:  any -> the same
    Params: none
    MACs:   none
    FLOPs:  1 per element: a negation
    Memory: owns its output
    Source: torch.neg
    """

    word: ClassVar[str] = "neg"

    def saved(self, io: IO, mode: Mode) -> tuple[Save, ...]:
        return ()


class _Reduction(Weightless, frozen=True, kw_only=True):
    """Family: one number from all elements along some dimensions."""

    main: ClassVar[str | None] = "dim"

    dim: Dims
    keepdim: Boolean = False

    def output(self, *inputs: Tensor) -> Tensor:
        (x,) = inputs
        check_numbers(self.word, x)
        over = axes(self.word, self.dim, x)
        if self.keepdim:
            return x.with_shape(*(1 if d in over else n for d, n in enumerate(x.shape)))
        kept, channel_dim = without(x, over, self.word)
        return x.with_shape(*(x.shape[d] for d in kept), channel_dim=channel_dim)

    def flops(self, io: IO) -> Terms:
        return {"elementwise": io.x.shape}

    def storage(self, io: IO, *, training: bool = False) -> int | None:
        return None

    def reach(self, io: IO) -> Routes:
        over = axes(self.word, self.dim, io.x)
        if self.keepdim:
            return (but(io.x, dict.fromkeys(over, EVERYTHING)),)
        kept = [d for d in range(len(io.x.shape)) if d not in over]
        return (keeping(io.x, kept, EVERYTHING),)

    def saved(self, io: IO, mode: Mode) -> tuple[Save, ...]:
        return ()


class Mean(_Reduction, frozen=True, kw_only=True):
    """The mean along dimensions.

    Shape:  the dimensions named by dim go, or become 1 with keepdim
    Params: none
    MACs:   none
    FLOPs:  1 per input element: additions and a division
    Memory: owns its output
    Source: torch.mean
    """

    word: ClassVar[str] = "mean"

    def gradients(self, io: IO) -> tuple[Gradient, ...]:
        return (ZEROS,)


class Sum(_Reduction, frozen=True, kw_only=True):
    """The sum along dimensions.

    Shape:  the dimensions named by dim go, or become 1 with keepdim
    Params: none
    MACs:   none
    FLOPs:  1 per input element: each is added to the sum so far
    Memory: owns its output
    Source: torch.sum
    """

    word: ClassVar[str] = "sum"

    def autocast(self, x: Tensor, mode: Mode) -> Autocast:
        return "widens" if mode.device == "cuda" else "leaves"

    def gradients(self, io: IO) -> tuple[Gradient, ...]:
        return (Repeated(over=axes(self.word, self.dim, io.x), keepdim=self.keepdim),)


class AMax(_Reduction, frozen=True, kw_only=True):
    """The largest element along dimensions.

    Shape:  the dimensions named by dim go, or become 1 with keepdim
    Params: none
    MACs:   none
    FLOPs:  1 per input element: each is compared with the largest so far
    Memory: owns its output
    Source: torch.amax
    """

    word: ClassVar[str] = "amax"

    def saved(self, io: IO, mode: Mode) -> tuple[Save, ...]:
        return (*INPUT, *RESULT)

    def gradients(self, io: IO) -> tuple[Gradient, ...]:
        return (beside(io.x.with_dtype("bool"), io.x, io.y.with_dtype("int64")),)


class Normalize(Weightless, frozen=True, kw_only=True):
    """Divide by the p-norm along one dimension, the channels' by default.

    Shape:  any -> the same
    Params: none
    MACs:   none
    FLOPs:  3 per element: power 1, sum 1, division 1; the root, once per row, is not counted
    Memory: owns its output
    Source: torch.nn.functional.normalize
    """

    word: ClassVar[str] = "normalize"
    main: ClassVar[str | None] = "dim"

    dim: MaybeDim = None
    p: Number = Fraction(2)
    eps: Epsilon = Fraction(1, 10**12)

    def output(self, *inputs: Tensor) -> Tensor:
        (x,) = inputs
        axis(self.word, self.dim, x)
        check_numbers(self.word, x)
        return x.fresh()

    def flops(self, io: IO) -> Terms:
        return {"power 1, sum 1, divide 1": (*io.y.shape, 3)}

    def storage(self, io: IO, *, training: bool = False) -> int | None:
        return None

    def reach(self, io: IO) -> Routes:
        return (itself(io.x), but(io.x, {axis(self.word, self.dim, io.x): EVERYTHING}))

    def tape(self, io: IO, mode: Mode) -> tuple[Step, ...]:
        at = axis(self.word, self.dim, io.x)
        norms = io.x.with_shape(*(1 if d == at else n for d, n in enumerate(io.x.shape)))
        x, y, mask = io.x, io.y, norms.with_dtype("bool")
        if mode.autocast and mode.device == "cuda" and x.is_floating:
            # The norm is asked for in single precision, of x as it is.
            x, y, norms = (t.with_dtype("float32") for t in (x, y, norms))
        return (
            Step((0,), norms, saves=(*INPUT, *RESULT), gradients=(beside(x, mask),)),
            Step((1,), norms, saves=INPUT, until=2, gradients=(beside(mask),)),
            Step((0, 2), y, saves=QUOTIENT, gradients=quotient(y)),
        )
