"""Normalisation within a sample: over groups of channels, and over the last dimension."""

from fractions import Fraction
from typing import Annotated, ClassVar

from archstat.errors import require
from archstat.ops.base import IO, Terms, shape_terms
from archstat.ops.checks import check_channels_first, check_channels_last
from archstat.ops.gradient import (
    CAST,
    ELEMENTWISE,
    ORDERED,
    SAME,
    SUGGESTED,
    ZEROS,
    Gradient,
    beside,
)
from archstat.ops.norm import EPS, Norm, statistics_type, weights_type
from archstat.ops.options import Boolean, Decimal, Epsilon, Positive
from archstat.ops.reach import EVERYTHING, UNKNOWN, Read, Routes, but, itself
from archstat.ops.tape import (
    INPUT,
    PRODUCT,
    RESULT,
    WEIGHT,
    Device,
    Mode,
    Save,
    Step,
    Tape,
    extra,
    learned,
)
from archstat.tensor import HALVES, Tensor


class GroupNorm(Norm, frozen=True, kw_only=True):
    """Normalise groups of channels of each sample over all their positions.

    Shape:  [N, C, *S] -> the same
    Params: weight [C] and bias [C]; none without affine
    MACs:   none
    FLOPs:  5 per element (mean 1, centre 1, variance 2, scale 1), and 2 more if affine
    Memory: owns its output
    Source: torch.nn.functional.group_norm; Wu & He, arXiv:1803.08494
    """

    word: ClassVar[str] = "group_norm"
    raised: ClassVar[tuple[Device, ...]] = ("cuda",)
    main: ClassVar[str | None] = "groups"

    groups: Positive
    eps: Epsilon = EPS
    affine: Boolean = True

    def check(self, x: Tensor) -> None:
        check_channels_first(self.word, x)
        require(
            x.channels % self.groups == 0,
            f"'group_norm' groups {self.groups} must divide the channels {x.channels}",
        )
        require(
            x.numel > self.groups,
            f"'group_norm' needs more than one element per group, but its input is {x.describe()}",
        )

    def params(self, io: IO) -> Terms:
        held = (io.x.channels,) if self.affine else None
        return shape_terms(weight=held, bias=held)

    def reach(self, io: IO) -> Routes:
        positions: dict[int, Read] = dict.fromkeys(range(2, len(io.x.shape)), EVERYTHING)
        channels = EVERYTHING if self.groups == 1 else UNKNOWN
        return (itself(io.x), but(io.x, {**positions, 1: channels}))

    def tape(self, io: IO, mode: Mode) -> tuple[Step, ...]:
        x, tape, at = io.x, Tape(1), 0
        kind = weights_type(x, mode, self.affine)
        stats = extra("statistics", 2 * x.batch * self.groups, dtype=kind)
        gradient: Gradient = SUGGESTED
        if mode.torch < (2, 14):
            # Copies are made, and kept, before the kernel is called; since then it makes its own, and keeps none.
            gradient = ORDERED
            if x.strides is not None and not x.channels_last_format:
                at = tape.add((0,), x.with_shape(*x.shape), gradients=(SAME,))
        learns = learned(self.params(io))
        tape.add((at,), io.y, saves=(*INPUT, stats), learns=learns, gradients=(gradient,))
        return tuple(tape.steps)


class LayerNorm(Norm, frozen=True, kw_only=True):
    """Normalise each position over its channels, the last dimension.

    Shape:  [N, *, C] -> the same
    Params: weight [C] and bias [C]; no bias with bias: false, none without affine
    MACs:   none
    FLOPs:  5 per element (mean 1, centre 1, variance 2, scale 1), and 1 more each for weight and bias
    Memory: owns its output
    Source: torch.nn.LayerNorm (affine is elementwise_affine); Ba et al., arXiv:1607.06450
    """

    word: ClassVar[str] = "layer_norm"
    raised: ClassVar[tuple[Device, ...]] = ("cuda",)
    row_major: ClassVar[bool] = True

    eps: Epsilon = EPS
    affine: Boolean = True
    bias: Boolean = True

    def check(self, x: Tensor) -> None:
        check_channels_last(self.word, x)

    def params(self, io: IO) -> Terms:
        held = (io.x.channels,) if self.affine else None
        return shape_terms(weight=held, bias=held if self.bias else None)

    def reach(self, io: IO) -> Routes:
        return (itself(io.x), but(io.x, {len(io.x.shape) - 1: EVERYTHING}))

    def saved(self, io: IO, mode: Mode) -> tuple[Save, ...]:
        rows = io.x.numel // io.x.channels
        return (
            *INPUT,
            extra("statistics", 2 * rows, dtype=statistics_type(io.x, mode, self.affine)),
        )


class RMSNorm(Norm, frozen=True, kw_only=True):
    """Divide each position by the root of the mean square of its channels, the last dimension.

    Shape:  [N, *, C] -> the same
    Params: weight [C]; none without affine
    MACs:   none
    FLOPs:  3 per element (square 1, mean 1, scale 1), and 1 more if affine
    Memory: owns its output
    Source: torch.nn.RMSNorm (affine is elementwise_affine); Zhang & Sennrich, arXiv:1910.07467
    """

    word: ClassVar[str] = "rms_norm"

    eps: Annotated[Fraction | None, Decimal(Fraction(0))] = None
    affine: Boolean = True

    def check(self, x: Tensor) -> None:
        check_channels_last(self.word, x)

    def params(self, io: IO) -> Terms:
        return shape_terms(weight=(io.x.channels,) if self.affine else None)

    def reach(self, io: IO) -> Routes:
        return (itself(io.x), but(io.x, {len(io.x.shape) - 1: EVERYTHING}))

    def flops(self, io: IO) -> Terms:
        own = dict.fromkeys(self.params(io), io.y.shape)
        return {"square 1, mean 1, scale 1": (*io.y.shape, 3), **own}

    def tape(self, io: IO, mode: Mode) -> tuple[Step, ...]:
        x, rows = io.x, io.x.with_shape(*io.x.shape[:-1], 1)
        # The fused kernel takes no input in half precision with a weight in single, as autocast has them.
        mixed = bool(mode.autocast) and x.dtype in HALVES and self.affine
        if mode.device == "cuda" and not mixed:
            stats = extra("statistics", *rows.shape, dtype="float32")
            return (Step((0,), io.y, saves=(*INPUT, stats), learns=learned(self.params(io))),)
        tape, wide = Tape(1), 0
        if x.dtype in HALVES:
            x, rows = (t.fresh().with_dtype("float32") for t in (x, rows))
            wide = tape.add((0,), x)
        squares = tape.add((wide,), x.fresh(), saves=INPUT, gradients=(beside(x, x),))
        mean = tape.add((squares,), rows, gradients=(ZEROS,))
        root = tape.add((mean,), rows, saves=RESULT, gradients=(beside(rows, rows),))
        tape.hold(squares)
        both = (ELEMENTWISE, ELEMENTWISE)
        at = tape.add((wide, root), x.fresh(), saves=PRODUCT, gradients=both)
        if self.affine:
            at = tape.add(
                (at,),
                x.fresh(),
                saves=(Save("normalised", 0, WEIGHT),),
                learns=learned(["weight"], x.fresh()),
                gradients=(ELEMENTWISE,),
            )
        if x.fresh().strides != io.y.strides:
            at = tape.add((at,), io.y.with_dtype(x.dtype), gradients=(SAME,))
        tape.hold(wide)
        if wide:
            tape.add((at,), io.y, gradients=(CAST,))
        tape.hold(root)
        return tuple(tape.steps)
