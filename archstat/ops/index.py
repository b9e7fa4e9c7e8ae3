"""Parts of a tensor, and its elements in other places."""

from typing import Annotated, ClassVar

from archstat.errors import require
from archstat.ops.base import IO, Terms, View, Weightless
from archstat.ops.checks import axes, axis, check_channels_first, without
from archstat.ops.gradient import RESHAPED, ZEROS, Gradient, Zeros
from archstat.ops.options import Dims, Integer, MaybeDim, Positive, Wholes
from archstat.ops.reach import (
    EVERYTHING,
    UNKNOWN,
    Along,
    Fixed,
    Routes,
    Scattered,
    Slide,
    but,
    keeping,
)
from archstat.ops.tape import Mode, Save, extra
from archstat.tensor import Tensor


class Select(Weightless, frozen=True, kw_only=True):
    """Take entries of one dimension, the channels' by default; a single number drops the dimension.

    Shape:  a list: the dimension n -> the number of entries; a single number: the dimension goes
    Params: none
    MACs:   none
    FLOPs:  none
    Memory: a list owns its output; a single number shares its input's
    Source: torch.index_select; torch.select
    """

    word: ClassVar[str] = "select"
    main: ClassVar[str | None] = "index"

    index: Annotated[int | tuple[int, ...], Wholes(None, single=True)]
    dim: MaybeDim = None

    def output(self, *inputs: Tensor) -> Tensor:
        (x,) = inputs
        at = axis(self.word, self.dim, x)
        n = x.shape[at]
        for i in (self.index,) if isinstance(self.index, int) else self.index:
            require(-n <= i < n, f"'select' index {i} is out of range: the dimension has {n}")
        if isinstance(self.index, tuple):
            return x.with_shape(*x.shape[:at], len(self.index), *x.shape[at + 1 :])
        kept, channel_dim = without(x, (at,), self.word)
        held = x.steps()
        return x.viewed(tuple(x.shape[d] for d in kept), tuple(held[d] for d in kept), channel_dim)

    def flops(self, io: IO) -> Terms:
        return {}

    def storage(self, io: IO, *, training: bool = False) -> int | None:
        return 0 if isinstance(self.index, int) else None

    def reach(self, io: IO) -> Routes:
        at = axis(self.word, self.dim, io.x)
        n = io.x.shape[at]
        if isinstance(self.index, int):
            kept = [d for d in range(len(io.x.shape)) if d != at]
            return (keeping(io.x, kept, Fixed(self.index % n)),)
        every = sorted(i % n for i in self.index) == list(range(n))
        return (but(io.x, {at: Scattered((at,)) if every else UNKNOWN}),)

    def saved(self, io: IO, mode: Mode) -> tuple[Save, ...]:
        if isinstance(self.index, int):
            return ()
        return (extra("indices", len(self.index), dtype="int64", ahead=True),)

    def gradients(self, io: IO) -> tuple[Gradient, ...]:
        # Into zeros the gradient of a list is added: in place, if nothing watches.
        written = () if isinstance(self.index, int) else (io.x,)
        return (Zeros(written, watched=True),)


class Slice(View, frozen=True, kw_only=True):
    """Take a range of one dimension, the channels' by default; the bounds are Python's.

    Shape:  the dimension n -> ceil((stop - start) / step)
    Params: none
    MACs:   none
    FLOPs:  none
    Memory: shares its input's
    Source: x[:, start:stop:step]
    """

    word: ClassVar[str] = "slice"
    main: ClassVar[str | None] = "bounds"

    bounds: Annotated[tuple[int, ...], Wholes(None, 2, 3)]
    dim: MaybeDim = None

    def output(self, *inputs: Tensor) -> Tensor:
        (x,) = inputs
        at = axis(self.word, self.dim, x)
        taken = self._range(x.shape[at])
        require(
            len(taken) > 0,
            f"'slice' {list(self.bounds)} leaves nothing of a dimension of {x.shape[at]}",
        )
        shape, strides = list(x.shape), list(x.steps())
        shape[at] = len(taken)
        strides[at] *= taken.step
        return x.viewed(tuple(shape), tuple(strides), x.channel_dim)

    def reach(self, io: IO) -> Routes:
        at = axis(self.word, self.dim, io.x)
        taken = self._range(io.x.shape[at])
        return (but(io.x, {at: Along(at, Slide(stride=taken.step, padding=-taken.start))}),)

    def steps(self, io: IO) -> tuple[str, ...]:
        taken = self._range(io.x.shape[axis(self.word, self.dim, io.x)])
        span = f"{taken.stop} - {taken.start}"
        if taken.step == 1:
            return (f"{span} = {len(taken)}",)
        return (f"ceil(({span})/{taken.step}) = {len(taken)}",)

    def _range(self, n: int) -> range:
        step = self.bounds[2] if len(self.bounds) == 3 else 1
        require(step > 0, f"'slice' step must be positive, not {step}")
        return range(*slice(*self.bounds).indices(n))

    def gradients(self, io: IO) -> tuple[Gradient, ...]:
        return (ZEROS,)


class Squeeze(View, frozen=True, kw_only=True):
    """Drop dimensions of size 1.

    Shape:  the dimensions named by dim go
    Params: none
    MACs:   none
    FLOPs:  none
    Memory: shares its input's
    Source: torch.squeeze, its dimensions counted without the batch
    """

    word: ClassVar[str] = "squeeze"
    main: ClassVar[str | None] = "dim"

    dim: Dims

    def output(self, *inputs: Tensor) -> Tensor:
        (x,) = inputs
        gone = axes(self.word, self.dim, x)
        for d in gone:
            require(
                x.shape[d] == 1,
                f"'squeeze' drops dimensions of size 1, but dimension {d - 1} of {x.describe()} is {x.shape[d]}",
            )
        kept, channel_dim = without(x, gone, self.word)
        held = x.steps()
        return x.viewed(tuple(x.shape[d] for d in kept), tuple(held[d] for d in kept), channel_dim)

    def reach(self, io: IO) -> Routes:
        gone = axes(self.word, self.dim, io.x)
        kept = [d for d in range(len(io.x.shape)) if d not in gone]
        return (keeping(io.x, kept, EVERYTHING),)

    def gradients(self, io: IO) -> tuple[Gradient, ...]:
        return (RESHAPED,)


class Unsqueeze(View, frozen=True, kw_only=True):
    """Insert a dimension of size 1 where ``dim`` says; the channels stay the same axis.

    Shape:  [N, A, B] -> [N, 1, A, B] with dim 0, [N, A, B, 1] with dim -1
    Params: none
    MACs:   none
    FLOPs:  none
    Memory: shares its input's
    Source: torch.unsqueeze, its dimensions counted without the batch
    """

    word: ClassVar[str] = "unsqueeze"
    main: ClassVar[str | None] = "dim"

    dim: Integer

    def output(self, *inputs: Tensor) -> Tensor:
        (x,) = inputs
        rank = len(x.shape)
        require(
            -rank <= self.dim < rank,
            f"'unsqueeze' dim {self.dim} is out of range: its input is {x.describe()}",
        )
        at = 1 + self.dim % rank
        held = x.steps()
        step = x.shape[at] * held[at] if at < rank else 1
        return x.viewed(
            (*x.shape[:at], 1, *x.shape[at:]),
            (*held[:at], step, *held[at:]),
            x.channel_dim + (at <= x.channel_dim),
        )

    def reach(self, io: IO) -> Routes:
        at = 1 + self.dim % len(io.x.shape)
        return (but(io.x, {d: Along(d + 1) for d in range(at, len(io.x.shape))}),)

    def gradients(self, io: IO) -> tuple[Gradient, ...]:
        return (RESHAPED,)


class Roll(Weightless, frozen=True, kw_only=True):
    """Move elements along dimensions; what leaves at one end comes in at the other.

    Shape:  any -> the same
    Params: none
    MACs:   none
    FLOPs:  none: elements are moved
    Memory: owns its output
    Source: torch.roll; Liu et al., arXiv:2103.14030
    """

    word: ClassVar[str] = "roll"
    main: ClassVar[str | None] = "shifts"

    shifts: Dims
    dims: Dims

    def output(self, *inputs: Tensor) -> Tensor:
        (x,) = inputs
        shifts, dims = (1 if isinstance(v, int) else len(v) for v in (self.shifts, self.dims))
        require(shifts == dims, f"'roll' has {shifts} shifts for {dims} dims")
        axes(self.word, self.dims, x, "dims")
        return x.like(*x.shape)

    def flops(self, io: IO) -> Terms:
        return {}

    def storage(self, io: IO, *, training: bool = False) -> int | None:
        return None

    def reach(self, io: IO) -> Routes:
        return (but(io.x, {d: Scattered((d,)) for d in axes(self.word, self.dims, io.x, "dims")}),)

    def saved(self, io: IO, mode: Mode) -> tuple[Save, ...]:
        return ()


class ChannelShuffle(Weightless, frozen=True, kw_only=True):
    """Deal the channels of each group out to all groups.

    Shape:  [N, C, *S] -> the same
    Params: none
    MACs:   none
    FLOPs:  none: elements are moved
    Memory: owns its output
    Source: torch.nn.ChannelShuffle; Zhang et al., arXiv:1707.01083
    """

    word: ClassVar[str] = "channel_shuffle"
    main: ClassVar[str | None] = "groups"

    groups: Positive

    def output(self, *inputs: Tensor) -> Tensor:
        (x,) = inputs
        check_channels_first(self.word, x)
        require(
            len(x.shape) > 2,
            f"'channel_shuffle' needs [C, *S], but its input is {x.describe()}",
        )
        require(
            x.channels % self.groups == 0,
            f"'channel_shuffle' groups {self.groups} must divide the channels {x.channels}",
        )
        return x.like(*x.shape)

    def flops(self, io: IO) -> Terms:
        return {}

    def storage(self, io: IO, *, training: bool = False) -> int | None:
        return None

    def reach(self, io: IO) -> Routes:
        return (but(io.x, {1: Scattered((1,))}),)

    def saved(self, io: IO, mode: Mode) -> tuple[Save, ...]:
        return ()
