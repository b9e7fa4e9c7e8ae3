"""Normalisation. Operations that happen once per group of elements, not per element, are not counted."""

from fractions import Fraction
from typing import Annotated, ClassVar

from archstat.errors import SpecError, require
from archstat.ops.base import IO, Op, Terms, shape_terms
from archstat.ops.checks import check_channels_first, check_channels_last, check_image
from archstat.ops.gradient import (
    CAST,
    ELEMENTWISE,
    ORDERED,
    SAME,
    SUGGESTED,
    VIEWED,
    ZEROS,
    Gradient,
    beside,
)
from archstat.ops.options import Boolean, Decimal, Epsilon, Positive, Probability
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

EPS = Fraction(1, 100_000)


class _Norm(Op, frozen=True, kw_only=True):
    """Family: the input's shape, a scale and a shift for each channel."""

    shareable: ClassVar[bool] = True

    row_major: ClassVar[bool] = False
    """Whether the output is row-major also where the input is channels_last in memory."""

    def check(self, x: Tensor) -> None:
        """Refuse what can't be normalised."""
        raise self._missing("check")

    def output(self, *inputs: Tensor) -> Tensor:
        (x,) = inputs
        self.check(x)
        return x.with_shape(*x.shape) if self.row_major else x.like(*x.shape)

    def buffers(self, io: IO) -> Terms:
        return {}

    def macs(self, io: IO) -> Terms:
        return {}

    def flops(self, io: IO) -> Terms:
        own = dict.fromkeys(self.params(io), io.y.shape)
        return {"mean 1, centre 1, variance 2, scale 1": (*io.y.shape, 5), **own}

    def storage(self, io: IO, *, training: bool = False) -> int | None:
        return None


class _RunningNorm(_Norm, frozen=True, kw_only=True):
    """Family: statistics of one channel, of which a running mean may be kept."""

    eps: Epsilon = EPS
    momentum: Probability = Fraction(1, 10)
    affine: Boolean = True
    track_running_stats: Boolean = True

    def params(self, io: IO) -> Terms:
        held = (io.x.channels,)
        return {"weight": held, "bias": held} if self.affine else {}

    def buffers(self, io: IO) -> Terms:
        if not self.track_running_stats:
            return {}
        held = (io.x.channels,)
        return {"running_mean": held, "running_var": held, "num_batches_tracked": ()}

    def buffer_type(self, name: str, dtype: str) -> str:
        return "int64" if name == "num_batches_tracked" else dtype

    def flops(self, io: IO) -> Terms:
        if self.track_running_stats:
            return {"scale and shift": (*io.y.shape, 2)}
        return super().flops(io)

    def reach(self, io: IO) -> Routes:
        if self.track_running_stats:
            return (itself(io.x),)
        return (itself(io.x), but(io.x, dict.fromkeys(range(2, len(io.x.shape)), EVERYTHING)))


class BatchNorm(_RunningNorm, frozen=True, kw_only=True):
    """Normalise each channel by its running mean and variance.

    Shape:  [N, C, *S] -> the same
    Params: weight [C] and bias [C]; none without affine
    MACs:   none
    FLOPs:  2 per element, the statistics folded into one scale and shift; without running statistics 5 (mean 1,
            centre 1, variance 2, scale 1), and 2 more if affine
    Memory: owns its output
    Source: torch.nn.BatchNorm1d, BatchNorm2d, BatchNorm3d; Ioffe & Szegedy, arXiv:1502.03167
    """

    word: ClassVar[str] = "batch_norm"

    def check(self, x: Tensor) -> None:
        check_channels_first(self.word, x)
        if len(x.shape) > 5:
            raise SpecError(
                f"'batch_norm' takes at most 3 axes behind the channels, but its input is {x.describe()}"
            )
        if self.eps.numerator <= 0:
            raise SpecError("'batch_norm' eps must be more than 0: PyTorch trains with no other")
        if not (self.track_running_stats or x.numel > x.channels):
            raise SpecError(
                "'batch_norm' without running statistics needs more than one value per channel, "
                f"but its input is {x.describe()} in a batch of {x.batch}"
            )

    def saved(self, io: IO, mode: Mode) -> tuple[Save, ...]:
        c, batch = io.x.channels, mode.training or not self.track_running_stats
        row = len(io.x.shape) == 2 and mode.device == "cuda"
        if not (batch or row or _native(io.x, mode, self.affine)):
            return INPUT
        held = self.affine or self.track_running_stats
        return (*INPUT, extra("statistics", 2 * c, dtype=_statistics(io.x, mode, held)))


class InstanceNorm(_RunningNorm, frozen=True, kw_only=True):
    """Normalise each channel of each sample over its positions.

    Shape:  [N, C, *S] -> the same
    Params: none; with affine weight [C] and bias [C]
    MACs:   none
    FLOPs:  5 per element (mean 1, centre 1, variance 2, scale 1), and 2 more if affine; with running statistics
            2 in all
    Memory: owns its output
    Source: torch.nn.InstanceNorm1d, InstanceNorm2d, InstanceNorm3d; Ulyanov et al., arXiv:1607.08022
    """

    word: ClassVar[str] = "instance_norm"
    row_major: ClassVar[bool] = True

    affine: Boolean = False
    track_running_stats: Boolean = False

    def check(self, x: Tensor) -> None:
        check_image(self.word, x)
        require(
            self.track_running_stats or max(x.spatial) > 1,
            f"'instance_norm' needs more than one position per channel, but its input is {x.describe()}",
        )

    def tape(self, io: IO, mode: Mode) -> tuple[Step, ...]:
        x, n = io.x, io.x.batch * io.x.channels
        stats = extra("statistics", 2 * n, dtype=_statistics(x, mode, self.affine))
        saves: tuple[Save, ...] = (*INPUT, stats)
        # In eval mode too where the running ones are not instead of statistics, but beside them.
        beside = mode.training or _native(x, mode, self.affine)
        copies = self.affine + 2 * (self.track_running_stats and beside)
        if copies:
            saves = (*saves, extra("copy", copies * n, dtype=_weights(x, mode, self.affine)))
        repeated = Tensor((n,), x.dtype)
        bias = (repeated,) if self.affine else ()
        tape = Tape(1)
        at = 0 if x.strides is None else tape.add((0,), x.with_shape(*x.shape), gradients=(SAME,))
        tape.add(
            (at,),
            io.y,
            saves=saves,
            learns=learned(self.params(io), repeated),
            scratch=bias,
            gradients=(VIEWED,),
        )
        return tuple(tape.steps)


class GroupNorm(_Norm, frozen=True, kw_only=True):
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
        kind = _weights(x, mode, self.affine)
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


class LayerNorm(_Norm, frozen=True, kw_only=True):
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
        return (*INPUT, extra("statistics", 2 * rows, dtype=_statistics(io.x, mode, self.affine)))


class RMSNorm(_Norm, frozen=True, kw_only=True):
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


def _native(x: Tensor, mode: Mode, affine: bool) -> bool:
    """Say whether CUDA's own kernel runs, which makes statistics in eval mode too, and not cuDNN's."""
    low = x.dtype == "bfloat16" or (x.dtype == "float16" and _weights(x, mode, affine) == "float16")
    return mode.device == "cuda" and (low or not affine)


def _statistics(x: Tensor, mode: Mode, held: bool) -> str:
    """Return the type of a norm's statistics: on the CPU that of what it holds, or its input's; on a GPU single."""
    return "float32" if mode.device != "cpu" else _weights(x, mode, held)


def _weights(x: Tensor, mode: Mode, held: bool) -> str:
    """Return the type in which a norm works: its input's, but under autocast its weights' where it has some."""
    return "float32" if mode.autocast and held else x.dtype
