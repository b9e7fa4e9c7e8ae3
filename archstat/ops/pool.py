"""Pooling over windows, over a given number of cells, and over everything."""

from fractions import Fraction
from math import gcd
from typing import ClassVar

from archstat.errors import SpecError, require
from archstat.ops.base import IO, Autocast, Op, Terms, Weightless
from archstat.ops.checks import check_image
from archstat.ops.gradient import VIEWED, Gradient
from archstat.ops.options import AnyPadding, Boolean, MaybePerAxis, PerAxis, per_axis
from archstat.ops.reach import EVERYTHING, Along, Cells, Routes, but, image
from archstat.ops.tape import INPUT, Mode, Save, extra
from archstat.ops.window import Window, check_axes, check_fits, pads_alike, window_over
from archstat.tensor import Shape, Tensor


class _Pooling(Weightless, frozen=True, kw_only=True):
    """Family: one number from several of a channel."""

    def storage(self, io: IO, *, training: bool = False) -> int | None:
        return None

    def gradients(self, io: IO) -> tuple[Gradient, ...]:
        # One axis is pooled as two, of which one is added and taken away again.
        return (VIEWED,) if len(io.x.spatial) == 1 else ()

    def autocast(self, x: Tensor, mode: Mode) -> Autocast:
        return "raises" if len(x.spatial) == 3 and mode.device == "cpu" else "leaves"


class _Pool(_Pooling, frozen=True, kw_only=True):
    """Family: one number from each window of each channel."""

    main: ClassVar[str | None] = "kernel"
    filler: ClassVar[Fraction | str] = Fraction(0)
    """What an explicit pad in front of the op holds."""

    kernel: PerAxis
    stride: MaybePerAxis = None
    padding: AnyPadding = 0
    ceil_mode: Boolean = False

    def spread(self) -> PerAxis:
        """Return the dilation."""
        return 1

    def window(self, x: Tensor) -> Window:
        step = self.kernel if self.stride is None else self.stride
        return window_over(
            x.spatial, self.kernel, step, self.padding, self.spread(), self.ceil_mode
        )

    def split(self, x: Tensor) -> tuple[Op, Op] | None:
        if pads_alike(self.padding):
            return None
        from archstat.ops.pad import pad_before

        check_image(self.word, x)
        step = self.kernel if self.stride is None else self.stride
        return pad_before(self, x, self.padding, self.kernel, step, self.spread(), self.filler)

    def output(self, *inputs: Tensor) -> Tensor:
        (x,) = inputs
        check_image(self.word, x)
        window = self.window(x)
        for k, p in zip(window.kernel, window.padding, strict=True):
            if p > k // 2:
                raise SpecError(
                    f"'{self.word}' padding {p} is more than half of its kernel {k}",
                    hint="put '- pad' before it",
                )
        sizes = check_fits(self.word, self.kernel, x, window.slide(x.spatial))
        return check_axes(self.allocated(x, sizes))

    def allocated(self, x: Tensor, spatial: Shape) -> Tensor:
        """Return the output as PyTorch allocates it."""
        return x.like(x.batch, x.channels, *spatial)

    def flops(self, io: IO) -> Terms:
        return {"window": (*io.y.shape, *per_axis("kernel", self.kernel, len(io.x.spatial)))}

    def reach(self, io: IO) -> Routes:
        return image(Along(1), self.window(io.x).taps())

    def steps(self, io: IO) -> tuple[str, ...]:
        return self.window(io.x).steps(io.x.spatial)


class MaxPool(_Pool, frozen=True, kw_only=True):
    """The largest element of each window.

    Shape:  [N, C, *S] -> [N, C, *S'], S' = floor((S + 2p - d(k - 1) - 1) / s) + 1, or ceil with ceil_mode
    Params: none
    MACs:   none
    FLOPs:  prod(kernel) per output element: each is compared with the largest so far
    Memory: owns its output
    Source: torch.nn.functional.max_pool1d, max_pool2d, max_pool3d
    """

    word: ClassVar[str] = "max_pool"
    filler: ClassVar[Fraction | str] = "-inf"

    dilation: PerAxis = 1

    def spread(self) -> PerAxis:
        return self.dilation

    def saved(self, io: IO, mode: Mode) -> tuple[Save, ...]:
        return (*INPUT, extra("indices", *io.y.shape, dtype="int64"))


class AvgPool(_Pool, frozen=True, kw_only=True):
    """The mean of each window; ``count_include_pad`` says whether padding counts as zeros.

    Shape:  [N, C, *S] -> [N, C, *S'], S' = floor((S + 2p - k) / s) + 1, or ceil with ceil_mode
    Params: none
    MACs:   none
    FLOPs:  prod(kernel) per output element: prod(kernel) - 1 additions and a division
    Memory: owns its output
    Source: torch.nn.functional.avg_pool1d, avg_pool2d, avg_pool3d
    """

    word: ClassVar[str] = "avg_pool"

    count_include_pad: Boolean = True

    def output(self, *inputs: Tensor) -> Tensor:
        y = super().output(*inputs)
        (x,) = inputs
        kernel = per_axis("kernel", self.kernel, len(x.spatial))
        require(
            len(kernel) < 3 or all(k <= n for k, n in zip(kernel, x.spatial, strict=True)),
            f"'avg_pool' in 3-D needs a kernel no larger than its input without padding, {x.describe()}",
        )
        return y

    def allocated(self, x: Tensor, spatial: Shape) -> Tensor:
        return averaged(x, spatial)

    def saved(self, io: IO, mode: Mode) -> tuple[Save, ...]:
        return INPUT


class _AdaptivePool(_Pooling, frozen=True, kw_only=True):
    """Family: a given number of cells; cell i covers floor(i n / m) to ceil((i + 1) n / m)."""

    main: ClassVar[str | None] = "size"

    size: PerAxis

    def output(self, *inputs: Tensor) -> Tensor:
        (x,) = inputs
        check_image(self.word, x)
        return averaged(x, per_axis("size", self.size, len(x.spatial)))

    def flops(self, io: IO) -> Terms:
        covered = (n + m - gcd(n, m) for n, m in zip(io.x.spatial, io.y.spatial, strict=True))
        return {"window": (*io.x.shape[:2], *covered)}

    def reach(self, io: IO) -> Routes:
        sizes = enumerate(zip(io.x.spatial, io.y.spatial, strict=True), 2)
        reads = {d: EVERYTHING if m == 1 else Along(d, Cells(n, m)) for d, (n, m) in sizes}
        return (but(io.x, reads),)


class AdaptiveAvgPool(_AdaptivePool, frozen=True, kw_only=True):
    """The mean of each of a given number of cells; cells overlap where the size doesn't divide the axis.

    Shape:  [N, C, *S] -> [N, C, *size]
    Params: none
    MACs:   none
    FLOPs:  1 per element of each cell; along an axis of n the m cells have n + m - gcd(n, m)
    Memory: owns its output, also where the size is the input's
    Source: torch.nn.functional.adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d
    """

    word: ClassVar[str] = "adaptive_avg_pool"

    def saved(self, io: IO, mode: Mode) -> tuple[Save, ...]:
        return INPUT if max(io.y.spatial) > 1 else ()


class AdaptiveMaxPool(_AdaptivePool, frozen=True, kw_only=True):
    """The largest element of each of a given number of cells.

    Shape:  [N, C, *S] -> [N, C, *size]
    Params: none
    MACs:   none
    FLOPs:  1 per element of each cell; along an axis of n the m cells have n + m - gcd(n, m)
    Memory: owns its output
    Source: torch.nn.functional.adaptive_max_pool1d, adaptive_max_pool2d, adaptive_max_pool3d
    """

    word: ClassVar[str] = "adaptive_max_pool"

    def saved(self, io: IO, mode: Mode) -> tuple[Save, ...]:
        return (*INPUT, extra("indices", *io.y.shape, dtype="int64"))


class _GlobalPool(_Pooling, frozen=True, kw_only=True):
    """Family: one number from each channel; the axes stay, with one element each."""

    def output(self, *inputs: Tensor) -> Tensor:
        (x,) = inputs
        check_image(self.word, x)
        return x.with_shape(x.batch, x.channels, *(1 for _ in x.spatial))

    def flops(self, io: IO) -> Terms:
        return {"window": io.x.shape}

    def reach(self, io: IO) -> Routes:
        return (but(io.x, dict.fromkeys(range(2, len(io.x.shape)), EVERYTHING)),)


class GlobalAvgPool(_GlobalPool, frozen=True, kw_only=True):
    """The mean of each channel; the axes stay, with one element each.

    Shape:  [N, C, *S] -> [N, C, 1, ...]
    Params: none
    MACs:   none
    FLOPs:  1 per input element: additions and a division
    Memory: owns its output
    Source: torch.nn.functional.adaptive_avg_pool2d with size 1; Lin et al., arXiv:1312.4400
    """

    word: ClassVar[str] = "global_avg_pool"

    def saved(self, io: IO, mode: Mode) -> tuple[Save, ...]:
        return ()


class GlobalMaxPool(_GlobalPool, frozen=True, kw_only=True):
    """The largest element of each channel; the axes stay, with one element each.

    Shape:  [N, C, *S] -> [N, C, 1, ...]
    Params: none
    MACs:   none
    FLOPs:  1 per input element: a comparison
    Memory: owns its output
    Source: torch.nn.functional.adaptive_max_pool2d with size 1
    """

    word: ClassVar[str] = "global_max_pool"

    def saved(self, io: IO, mode: Mode) -> tuple[Save, ...]:
        return (*INPUT, extra("indices", *io.y.shape, dtype="int64"))


def averaged(x: Tensor, spatial: Shape) -> Tensor:
    """Return what an average and an adaptive pool allocate: in 3-D row-major, else in the input's order."""
    make = {1: x.ordered, 2: x.like}.get(len(spatial), x.with_shape)
    return make(x.batch, x.channels, *spatial)
