"""Normalisation over a batch, and over each of its images. What happens once per group of elements isn't counted."""

from fractions import Fraction
from typing import ClassVar

from archstat.errors import SpecError, require
from archstat.ops.base import IO, Op, Terms
from archstat.ops.checks import check_channels_first, check_image
from archstat.ops.gradient import SAME, VIEWED
from archstat.ops.options import Boolean, Epsilon, Probability
from archstat.ops.reach import EVERYTHING, Routes, but, itself
from archstat.ops.tape import INPUT, Mode, Save, Step, Tape, extra, learned
from archstat.tensor import Tensor

EPS = Fraction(1, 100_000)


class Norm(Op, frozen=True, kw_only=True):
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


class _Running(Norm, frozen=True, kw_only=True):
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


class BatchNorm(_Running, frozen=True, kw_only=True):
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
        return (*INPUT, extra("statistics", 2 * c, dtype=statistics_type(io.x, mode, held)))


class InstanceNorm(_Running, frozen=True, kw_only=True):
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
        stats = extra("statistics", 2 * n, dtype=statistics_type(x, mode, self.affine))
        saves: tuple[Save, ...] = (*INPUT, stats)
        # In eval mode too where the running ones are not instead of statistics, but beside them.
        beside = mode.training or _native(x, mode, self.affine)
        copies = self.affine + 2 * (self.track_running_stats and beside)
        if copies:
            saves = (*saves, extra("copy", copies * n, dtype=weights_type(x, mode, self.affine)))
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


def _native(x: Tensor, mode: Mode, affine: bool) -> bool:
    """Say whether CUDA's own kernel runs, which makes statistics in eval mode too, and not cuDNN's."""
    low = x.dtype == "bfloat16" or (
        x.dtype == "float16" and weights_type(x, mode, affine) == "float16"
    )
    return mode.device == "cuda" and (low or not affine)


def statistics_type(x: Tensor, mode: Mode, held: bool) -> str:
    """Return the type of a norm's statistics: on the CPU that of what it holds, or its input's; on a GPU single."""
    return "float32" if mode.device != "cpu" else weights_type(x, mode, held)


def weights_type(x: Tensor, mode: Mode, held: bool) -> str:
    """Return the type in which a norm works: its input's, but under autocast its weights' where it has some."""
    return "float32" if mode.autocast and held else x.dtype
