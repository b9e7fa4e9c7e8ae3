"""Padding and cropping."""

from fractions import Fraction
from typing import Annotated, ClassVar

import msgspec

from archstat.errors import require
from archstat.ops.base import IO, Autocast, Op, Terms, Weightless
from archstat.ops.checks import check_image
from archstat.ops.options import DecimalOrWord, Padding, Wholes, Word, per_axis
from archstat.ops.reach import Along, Routes, Slide, but
from archstat.ops.tape import INPUT, Mode, Save
from archstat.ops.window import check_axes, explicit_padding
from archstat.tensor import Shape, Tensor

COPIED = ("reflect", "replicate")
"""Modes whose border is made of elements of the input, by a kernel of their own."""


class Pad(Weightless, frozen=True, kw_only=True):
    """Add elements around a tensor, or cut them off where a side is negative.

    Shape:  every axis n -> n + begin + end; one number stands for all sides of the spatial axes
    Params: none
    MACs:   none
    FLOPs:  none: elements are copied
    Memory: owns its output
    Source: torch.nn.functional.pad
    """

    word: ClassVar[str] = "pad"
    main: ClassVar[str | None] = "sides"

    sides: Annotated[int | tuple[int, ...], Wholes(None, 2, 8, single=True)]
    mode: Annotated[str, Word(("constant", "reflect", "replicate", "circular"))] = "constant"
    value: Annotated[Fraction | str, DecimalOrWord(("-inf", "inf"))] = Fraction(0)

    def pairs(self, x: Tensor) -> tuple[tuple[int, int], ...]:
        """Return begin and end of every axis, the batch's first."""
        if isinstance(self.sides, int):
            check_image(self.word, x)
            return ((0, 0),) * 2 + ((self.sides, self.sides),) * len(x.spatial)
        require(
            len(self.sides) % 2 == 0,
            f"'pad' takes pairs of begin and end, but {len(self.sides)} numbers are given",
        )
        require(
            len(self.sides) <= 2 * len(x.sample),
            f"'pad' has {len(self.sides)} sides, but its input {x.describe()} has {2 * len(x.sample)}",
        )
        given = list(zip(self.sides[::2], self.sides[1::2], strict=True))
        rest = ((0, 0),) * (len(x.shape) - len(given))
        return rest + tuple(reversed(given))

    def output(self, *inputs: Tensor) -> Tensor:
        (x,) = inputs
        pairs = self.pairs(x)
        require(
            x.is_floating or not isinstance(self.value, str),
            f"'pad' value {self.value} is no {x.dtype}, which its input is",
        )
        if self.mode != "constant":
            self._check_border(x, pairs)
        shape = tuple(n + a + b for n, (a, b) in zip(x.shape, pairs, strict=True))
        # A border that is copied from within may make up for more than there was; other modes cut first.
        left = (
            shape
            if self.mode in COPIED
            else tuple(n + min(a, 0) + min(b, 0) for n, (a, b) in zip(x.shape, pairs, strict=True))
        )
        require(
            min(shape) > 0 and min(left) >= 0,
            f"'pad' leaves nothing: its input is {x.describe()}",
        )
        y = self._allocated(x, shape, pairs)
        return check_axes(y)

    def _allocated(self, x: Tensor, shape: Shape, pairs: tuple[tuple[int, int], ...]) -> Tensor:
        """Return the output as PyTorch allocates it: a mere crop is a clone of a view."""
        if self.mode == "circular":
            return x.with_shape(*shape)
        crops = self.mode == "constant" and all(max(pair) <= 0 for pair in pairs)
        return x.ordered(*shape) if crops else x.like(*shape)

    def flops(self, io: IO) -> Terms:
        return {}

    def storage(self, io: IO, *, training: bool = False) -> int | None:
        return None

    def reach(self, io: IO) -> Routes:
        sides = enumerate(self.pairs(io.x))
        return (but(io.x, {d: Along(d, Slide(padding=begin)) for d, (begin, _) in sides}),)

    def steps(self, io: IO) -> tuple[str, ...]:
        lines = {
            f"{n} {_signed(a)} {_signed(b)} = {n + a + b}": None
            for n, (a, b) in zip(io.x.shape, self.pairs(io.x), strict=True)
            if a or b
        }
        return tuple(lines)

    def _check_border(self, x: Tensor, pairs: tuple[tuple[int, int], ...]) -> None:
        """Refuse what PyTorch's border modes can't do."""
        given = len(x.spatial) if isinstance(self.sides, int) else len(self.sides) // 2
        require(
            given <= 3 and len(x.shape) in (given + 1, given + 2),
            f"'pad' mode {self.mode} pads the axes behind the channels, all of them: "
            f"its input is {x.describe()}",
        )
        for n, (a, b) in zip(x.shape, pairs, strict=True):
            for side, other in (a, b), (b, a):
                # Round a circle comes only what the other side has left.
                most = {"reflect": n - 1, "circular": n + min(other, 0)}.get(self.mode, side)
                cut = f" that loses {-other}" if self.mode == "circular" and other < 0 else ""
                require(
                    side <= most,
                    f"'pad' mode {self.mode} can add at most {most} to an axis of {n}{cut}, not {side}",
                )

    def saved(self, io: IO, mode: Mode) -> tuple[Save, ...]:
        return INPUT if self.mode in COPIED else ()

    def autocast(self, x: Tensor, mode: Mode) -> Autocast:
        # The CPU's kernels of one and two axes, and one of three.
        flat = self.mode == "reflect" and len(x.spatial) < 3
        raised = mode.device == "cpu" and (flat or self.mode == "replicate")
        return "raises" if raised else "leaves"


def pad_before(
    op: Op,
    x: Tensor,
    padding: Padding,
    kernel: int | Shape,
    stride: int | Shape,
    dilation: int | Shape,
    value: Fraction | str = Fraction(0),
) -> tuple[Op, Op] | None:
    """Return the explicit pad and ``op`` without padding, or ``None`` where ``op`` can pad by itself."""
    rank = len(x.spatial)
    sides = explicit_padding(
        padding,
        per_axis("kernel", kernel, rank),
        per_axis("stride", stride, rank),
        per_axis("dilation", dilation, rank),
        x.spatial,
    )
    if sides is None:
        return None
    return Pad(sides=sides, value=value), msgspec.structs.replace(op, padding=0)


def _signed(side: int) -> str:
    return f"- {-side}" if side < 0 else f"+ {side}"
