"""Other spatial sizes: interpolation, and the exchange of channels for pixels."""

from fractions import Fraction
from math import floor, gcd
from typing import Annotated, ClassVar

from archstat.errors import require
from archstat.ops.base import IO, Autocast, Terms, Weightless
from archstat.ops.checks import check_image, check_plane
from archstat.ops.options import Boolean, DecimalAxes, MaybePerAxis, Positive, Word, per_axis
from archstat.ops.reach import Along, Cells, Routes, Sample, Scattered, Slide, Taps, image
from archstat.ops.tape import INPUT, Mode, Save
from archstat.ops.window import check_axes
from archstat.tensor import Shape, Tensor

RANKS = {"linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3}
TAPS = {"linear": 2, "bilinear": 4, "bicubic": 16, "trilinear": 8}
MODES = ("nearest", "nearest-exact", "linear", "bilinear", "bicubic", "trilinear", "area")


class Interpolate(Weightless, frozen=True, kw_only=True):
    """Resize the spatial axes by ``scale``, or to ``size``.

    Shape:  [N, C, *S] -> [N, C, *S'], S' = floor(S scale), computed exactly, or size
    Params: none
    MACs:   none
    FLOPs:  2t - 1 per output element, the weighted sum of t inputs: linear 3, bilinear 7, trilinear 15, bicubic 31;
            nearest none; area as adaptive_avg_pool
    Memory: owns its output
    Source: torch.nn.functional.interpolate
    """

    word: ClassVar[str] = "interpolate"
    main: ClassVar[str | None] = "scale"

    scale: Annotated[Fraction | tuple[Fraction, ...] | None, DecimalAxes()] = None
    size: MaybePerAxis = None
    mode: Annotated[str, Word(MODES)] = "nearest"
    align_corners: Boolean = False

    def output(self, *inputs: Tensor) -> Tensor:
        (x,) = inputs
        check_image(self.word, x)
        require(
            (self.scale is None) != (self.size is None),
            "'interpolate' needs a scale or a size, and not both",
        )
        rank = RANKS.get(self.mode, len(x.spatial))
        require(
            rank == len(x.spatial),
            f"'interpolate' mode {self.mode} needs {rank} spatial "
            f"{'axis' if rank == 1 else 'axes'}, but its input is {x.describe()}",
        )
        require(
            not self.align_corners or self.mode in RANKS,
            f"'interpolate' mode {self.mode} takes no align_corners",
        )
        sizes = self._sizes(x)
        require(min(sizes) > 0, f"'interpolate' leaves nothing: its input is {x.describe()}")
        return check_axes(x.like(x.batch, x.channels, *sizes))

    def flops(self, io: IO) -> Terms:
        if self.mode == "area":
            sizes = zip(io.x.spatial, io.y.spatial, strict=True)
            return {"window": (*io.x.shape[:2], *(n + m - gcd(n, m) for n, m in sizes))}
        taps = TAPS.get(self.mode)
        return {} if taps is None else {"weighted sum": (*io.y.shape, 2 * taps - 1)}

    def storage(self, io: IO, *, training: bool = False) -> int | None:
        return None

    def reach(self, io: IO) -> Routes:
        return image(Along(1), tuple(map(self._taps, io.x.spatial, io.y.spatial, self._ratios(io))))

    def autocast(self, x: Tensor, mode: Mode) -> Autocast:
        return "raises" if mode.device == "cuda" and self.mode != "area" else "leaves"

    def _ratios(self, io: IO) -> tuple[Fraction, ...]:
        """Return how far one position of the output is on each axis of the input."""
        sizes = zip(io.x.spatial, io.y.spatial, strict=True)
        if self.align_corners:
            return tuple(Fraction(n - 1, m - 1) if m > 1 else Fraction(0) for n, m in sizes)
        if self.scale is not None:
            return tuple(1 / s for s in self._scales(io.x))
        return tuple(Fraction(n, m) for n, m in sizes)

    def _taps(self, n: int, m: int, ratio: Fraction) -> Taps:
        half = Fraction(1, 2)
        if self.mode == "area":
            return Cells(n, m)
        if self.mode == "nearest":
            return Sample(ratio)
        if self.mode == "nearest-exact":
            return Sample(ratio, ratio * half)
        before, after = (1, 2) if self.mode == "bicubic" else (0, 1)
        offset = Fraction(0) if self.align_corners else (ratio - 1) * half
        return Sample(ratio, offset, before, after)

    def steps(self, io: IO) -> tuple[str, ...]:
        if self.scale is None:
            return ()
        lines = {
            f"{n}*{s} = {m}"
            if (n * s).denominator == s.denominator == 1
            else f"floor({n}*{s}) = {m}": None
            for n, m, s in zip(io.x.spatial, io.y.spatial, self._scales(io.x), strict=True)
        }
        return tuple(lines)

    def _sizes(self, x: Tensor) -> Shape:
        if self.size is not None:
            return per_axis("size", self.size, len(x.spatial))
        return tuple(floor(n * s) for n, s in zip(x.spatial, self._scales(x), strict=True))

    def _scales(self, x: Tensor) -> tuple[Fraction, ...]:
        return per_axis("scale", self.scale or Fraction(1), len(x.spatial))

    def saved(self, io: IO, mode: Mode) -> tuple[Save, ...]:
        return INPUT if self.mode == "area" and max(io.y.spatial) > 1 else ()


class PixelShuffle(Weightless, frozen=True, kw_only=True):
    """Turn groups of channels into blocks of pixels.

    Shape:  [N, C, H, W] -> [N, C / r^2, r H, r W], r being the factor
    Params: none
    MACs:   none
    FLOPs:  none: elements are moved
    Memory: owns its output
    Source: torch.nn.functional.pixel_shuffle; Shi et al., arXiv:1609.05158
    """

    word: ClassVar[str] = "pixel_shuffle"
    main: ClassVar[str | None] = "factor"

    factor: Positive

    def output(self, *inputs: Tensor) -> Tensor:
        (x,) = inputs
        check_plane(self.word, x)
        r, (_, c, h, w) = self.factor, x.shape
        require(
            c % r**2 == 0,
            f"'pixel_shuffle' factor {r} needs a multiple of {r**2} channels, not {c}",
        )
        return check_axes(x.like(x.batch, c // r**2, h * r, w * r))

    def flops(self, io: IO) -> Terms:
        return {}

    def storage(self, io: IO, *, training: bool = False) -> int | None:
        return None

    def reach(self, io: IO) -> Routes:
        taps = Sample(Fraction(1, self.factor))
        return image(Scattered((1, 2, 3)), (taps, taps))

    def steps(self, io: IO) -> tuple[str, ...]:
        r, (_, c, h, w) = self.factor, io.x.shape
        lines = (f"{c}/({r}*{r}) = {c // r**2}", f"{h}*{r} = {h * r}", f"{w}*{r} = {w * r}")
        return tuple(dict.fromkeys(lines))

    def saved(self, io: IO, mode: Mode) -> tuple[Save, ...]:
        return ()


class PixelUnshuffle(Weightless, frozen=True, kw_only=True):
    """Turn blocks of pixels into groups of channels.

    Shape:  [N, C, H, W] -> [N, C r^2, H / r, W / r], r being the factor
    Params: none
    MACs:   none
    FLOPs:  none: elements are moved
    Memory: owns its output
    Source: torch.nn.functional.pixel_unshuffle
    """

    word: ClassVar[str] = "pixel_unshuffle"
    main: ClassVar[str | None] = "factor"

    factor: Positive

    def output(self, *inputs: Tensor) -> Tensor:
        (x,) = inputs
        check_plane(self.word, x)
        r, (_, c, h, w) = self.factor, x.shape
        require(
            h % r == w % r == 0,
            f"'pixel_unshuffle' factor {r} must divide both sides: its input is {x.describe()}",
        )
        return x.like(x.batch, c * r**2, h // r, w // r)

    def flops(self, io: IO) -> Terms:
        return {}

    def storage(self, io: IO, *, training: bool = False) -> int | None:
        return None

    def reach(self, io: IO) -> Routes:
        r = self.factor
        return image(Scattered((1,)), (Slide(r, r), Slide(r, r)))

    def steps(self, io: IO) -> tuple[str, ...]:
        r, (_, c, h, w) = self.factor, io.x.shape
        lines = (f"{c}*{r}*{r} = {c * r**2}", f"{h}/{r} = {h // r}", f"{w}/{r} = {w // r}")
        return tuple(dict.fromkeys(lines))

    def saved(self, io: IO, mode: Mode) -> tuple[Save, ...]:
        return ()
