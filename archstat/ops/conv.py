"""Convolutions of 1, 2 and 3 spatial axes."""

from typing import ClassVar

import msgspec

from archstat.errors import SpecError, require
from archstat.ops.base import IO, Autocast, Op, Terms, shape_terms
from archstat.ops.checks import check_image
from archstat.ops.options import AnyPadding, Boolean, PerAxis, PerAxis0, Positive, per_axis
from archstat.ops.reach import EVERYTHING, UNKNOWN, Along, Read, Routes, Spread, image
from archstat.ops.tape import INPUT, PARAMETER, Learned, Mode, Save, Step
from archstat.ops.window import (
    Window,
    check_axes,
    check_fits,
    pads_alike,
    positions,
    symmetric,
    window_over,
)
from archstat.tensor import Shape, Tensor


class _Convolution(Op, frozen=True, kw_only=True):
    """Family: a kernel, weights shared over positions, optional groups and bias."""

    main: ClassVar[str | None] = "channels"
    finishes: ClassVar[bool] = True
    shareable: ClassVar[bool] = True
    deep: ClassVar[int] = 1

    channels: Positive
    kernel: PerAxis
    stride: PerAxis = 1
    padding: AnyPadding = 0
    dilation: PerAxis = 1
    groups: Positive = 1
    bias: Boolean = True

    def buffers(self, io: IO) -> Terms:
        return {}

    def storage(self, io: IO, *, training: bool = False) -> int | None:
        return None

    def flops(self, io: IO) -> Terms:
        added = {"bias": io.y.shape} if self.bias else {}
        return {"multiply-add": (2, *self.macs(io)["weight"]), **added}

    def check(self, x: Tensor) -> None:
        """Refuse a sequence, a rank without a convolution, and groups that divide nothing."""
        check_image(self.word, x)
        if self.groups == 1:
            return
        for what, n in ("input channels", x.channels), ("output channels", self.channels):
            if n % self.groups:
                raise SpecError(
                    f"groups {self.groups} must divide both input channels {x.channels} "
                    f"and output channels {self.channels}",
                    hint=f"{what} {n} is not a multiple of {self.groups}",
                )

    def saved(self, io: IO, mode: Mode) -> tuple[Save, ...]:
        return (*INPUT, PARAMETER)

    def autocast(self, x: Tensor, mode: Mode) -> Autocast:
        return "lowers"

    def tape(self, io: IO, mode: Mode) -> tuple[Step, ...]:
        """Return the one step; the weight's gradient is laid out as the input is."""
        (step,) = super().tape(io, mode)
        if not io.x.channels_last_format:
            return (step,)
        weight = io.x.ordered(*self.params(io)["weight"])
        first, *others = step.learns
        made = Learned(first.name, weight)
        return (msgspec.structs.replace(step, learns=(made, *others)),)


class Conv(_Convolution, frozen=True, kw_only=True):
    """N-d convolution (cross-correlation), optionally grouped.

    Shape:  [N, C, *S] -> [N, channels, *S'], S' = floor((S + 2p - d(k - 1) - 1) / s) + 1
    Params: weight [channels, C / groups, *kernel]; bias [channels]
    MACs:   numel(output) * C / groups * prod(kernel)
    FLOPs:  2 per MAC; 1 per output element for the bias
    Memory: owns its output
    Source: torch.nn.functional.conv1d, conv2d, conv3d; Dumoulin & Visin, arXiv:1603.07285
    """

    word: ClassVar[str] = "conv"

    kernel: PerAxis = 1

    def window(self, x: Tensor) -> Window:
        return window_over(x.spatial, self.kernel, self.stride, self.padding, self.dilation)

    def split(self, x: Tensor) -> tuple[Op, Op] | None:
        if pads_alike(self.padding):
            return None
        from archstat.ops.pad import pad_before

        self.check(x)
        return pad_before(self, x, self.padding, self.kernel, self.stride, self.dilation)

    def output(self, *inputs: Tensor) -> Tensor:
        (x,) = inputs
        self.check(x)
        sizes = positions(x.spatial, self.kernel, self.stride, self.padding, self.dilation)
        check_fits(self.word, self.kernel, x, sizes)
        return check_axes(x.like(x.batch, self.channels, *sizes))

    def params(self, io: IO) -> Terms:
        weight = (self.channels, *self._of_one_channel(io.x))
        return {"weight": weight, "bias": (self.channels,)} if self.bias else {"weight": weight}

    def macs(self, io: IO) -> Terms:
        return {"weight": (*io.y.shape, *self._of_one_channel(io.x))}

    def _of_one_channel(self, x: Tensor) -> Shape:
        """Return the shape of the weights that make one channel of the output."""
        kernel = per_axis("kernel", self.kernel, len(x.shape) - 2)
        return (x.channels // self.groups, *kernel)

    def reach(self, io: IO) -> Routes:
        return image(_channels(self, io), self.window(io.x).taps())

    def steps(self, io: IO) -> tuple[str, ...]:
        return self.window(io.x).steps(io.x.spatial)


class ConvTranspose(_Convolution, frozen=True, kw_only=True):
    """N-d transposed convolution, optionally grouped: the gradient of a convolution to its input.

    Shape:  [N, C, *S] -> [N, channels, *S'], S' = (S - 1)s - 2p + d(k - 1) + output_padding + 1
    Params: weight [C, channels / groups, *kernel]; bias [channels]
    MACs:   numel(input) * channels / groups * prod(kernel)
    FLOPs:  2 per MAC; 1 per output element for the bias
    Memory: owns its output
    Source: torch.nn.functional.conv_transpose1d, conv_transpose2d, conv_transpose3d; Dumoulin & Visin, arXiv:1603.07285
    """

    word: ClassVar[str] = "conv_transpose"

    output_padding: PerAxis0 = 0

    def output(self, *inputs: Tensor) -> Tensor:
        (x,) = inputs
        self.check(x)
        kernel, stride, padding, dilation, extra = self.axes(x)
        require(
            all(e < max(s, d) for e, s, d in zip(extra, stride, dilation, strict=True)),
            "output_padding must be smaller than stride or dilation",
        )
        sizes = tuple(
            (n - 1) * s - 2 * p + d * (k - 1) + e + 1
            for n, k, s, p, d, e in zip(
                x.spatial, kernel, stride, padding, dilation, extra, strict=True
            )
        )
        require(
            min(sizes) > 0,
            f"'{self.word}' padding {max(padding)} leaves nothing: its input is {x.describe()}",
        )
        return check_axes(x.like(x.batch, self.channels, *sizes))

    def params(self, io: IO) -> Terms:
        kernel = per_axis("kernel", self.kernel, len(io.x.spatial))
        weight = (io.x.channels, self.channels // self.groups, *kernel)
        return shape_terms(weight=weight, bias=(self.channels,) if self.bias else None)

    def macs(self, io: IO) -> Terms:
        return {"weight": (*io.x.shape, *self.params(io)["weight"][1:])}

    def reach(self, io: IO) -> Routes:
        kernel, stride, padding, dilation, _ = self.axes(io.x)
        taps = map(Spread, kernel, stride, padding, dilation)
        return image(_channels(self, io), tuple(taps))

    def steps(self, io: IO) -> tuple[str, ...]:
        lines: dict[str, None] = {}
        for n, m, k, s, p, d, e in zip(io.x.spatial, io.y.spatial, *self.axes(io.x), strict=True):
            reach = f"{k}" if d == 1 else f"({d}*({k} - 1) + 1)"
            minus = f" - 2*{p}" if p else ""
            plus = f" + {e}" if e else ""
            lines.setdefault(f"({n} - 1)*{s}{minus} + {reach}{plus} = {m}")
        return tuple(lines)

    def axes(self, x: Tensor) -> tuple[tuple[int, ...], ...]:
        """Return kernel, stride, padding, dilation and output padding, one number for each spatial axis."""
        rank = len(x.spatial)
        kernel = per_axis("kernel", self.kernel, rank)
        dilation = per_axis("dilation", self.dilation, rank)
        uneven = isinstance(self.padding, tuple) and any(
            isinstance(p, tuple) and p[0] != p[1] for p in self.padding
        )
        require(
            not uneven and self.padding != "tf_same",
            f"'conv_transpose' takes no {'uneven padding' if uneven else 'padding: tf_same'}",
            hint="give padding and output_padding as numbers",
        )
        return (
            kernel,
            per_axis("stride", self.stride, rank),
            symmetric(self.padding, kernel, dilation),
            dilation,
            per_axis("output_padding", self.output_padding, rank),
        )


def _channels(op: _Convolution, io: IO) -> Read:
    """Say how the channels are read: all of them, each by itself, or in groups."""
    if op.groups == 1:
        return EVERYTHING
    return Along(1) if op.groups == io.x.channels == op.channels else UNKNOWN
