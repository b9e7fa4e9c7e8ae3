"""Other shapes and orders of the same elements. A reshape is a view where PyTorch's is, and a copy where it must be."""

from math import prod
from typing import Annotated, ClassVar

from archstat.errors import require
from archstat.ops.base import IO, Terms, View, Weightless
from archstat.ops.checks import axis, check_image
from archstat.ops.gradient import RESHAPED, SAME, Gradient, Permuted
from archstat.ops.options import LARGEST_DIM, Integer, Wholes
from archstat.ops.reach import (
    EVERYTHING,
    UNKNOWN,
    Along,
    Read,
    Route,
    Routes,
    Scattered,
    but,
    keeping,
    regrouped,
)
from archstat.ops.tape import Mode, Save
from archstat.tensor import Shape, Tensor, view_strides

Numbers = Annotated[tuple[int, ...], Wholes(None, longest=8)]
MaybeSizes = Annotated[tuple[int, ...] | None, Wholes(-1, longest=8)]


class _Reshaping(Weightless, frozen=True, kw_only=True):
    """Family: the same elements in row-major order under another shape."""

    def flops(self, io: IO) -> Terms:
        return {}

    def storage(self, io: IO, *, training: bool = False) -> int | None:
        return 0 if view_strides(io.x, io.y.shape) is not None else None

    def reach(self, io: IO) -> Routes:
        return regrouped(io.x.shape, io.y.shape)

    def saved(self, io: IO, mode: Mode) -> tuple[Save, ...]:
        return ()

    def gradients(self, io: IO) -> tuple[Gradient, ...]:
        return (RESHAPED,)


class Flatten(_Reshaping, frozen=True, kw_only=True):
    """Merge the dimensions from ``start_dim`` to ``end_dim``: by default all of a sample, into a vector.

    Shape:  [N, *S] -> [N, prod(S)]
    Params: none
    MACs:   none
    FLOPs:  none
    Memory: shares its input's; owns its output where the merged axes are not adjacent in memory
    Source: torch.flatten, its dimensions counted without the batch
    """

    word: ClassVar[str] = "flatten"

    start_dim: Integer = 0
    end_dim: Integer = -1

    def span(self, x: Tensor) -> tuple[int, int]:
        """Return the first and the last merged axis."""
        start = axis(self.word, self.start_dim, x, "start_dim")
        end = axis(self.word, self.end_dim, x, "end_dim")
        require(
            start <= end, f"'flatten' start_dim {self.start_dim} comes after end_dim {self.end_dim}"
        )
        return start, end

    def output(self, *inputs: Tensor) -> Tensor:
        (x,) = inputs
        start, end = self.span(x)
        shape = (*x.shape[:start], prod(x.shape[start : end + 1]), *x.shape[end + 1 :])
        at = x.channel_dim
        return _reshaped(x, shape, at if at < start else max(start, at - (end - start)))

    def steps(self, io: IO) -> tuple[str, ...]:
        start, end = self.span(io.x)
        merged = io.x.shape[start : end + 1]
        return (f"{'*'.join(map(str, merged))} = {prod(merged):,}",) if len(merged) > 1 else ()

    def gradients(self, io: IO) -> tuple[Gradient, ...]:
        start, end = self.span(io.x)
        return (SAME,) if start == end else super().gradients(io)


class Reshape(_Reshaping, frozen=True, kw_only=True):
    """Give a sample another shape; one size may be -1 and follows from the others.

    Shape:  [N, *S] -> [N, *shape], channels first; ``tokens`` in place of ``shape`` says channels last
    Params: none
    MACs:   none
    FLOPs:  none
    Memory: shares its input's; owns its output where the axes are not adjacent in memory
    Source: torch.reshape, without the batch
    """

    word: ClassVar[str] = "reshape"
    main: ClassVar[str | None] = "shape"

    shape: MaybeSizes = None
    tokens: MaybeSizes = None

    def output(self, *inputs: Tensor) -> Tensor:
        (x,) = inputs
        require(
            (self.shape is None) != (self.tokens is None),
            "'reshape' needs a shape, or tokens: [...], and not both",
        )
        sizes = self._sizes(x)
        return _reshaped(x, (x.batch, *sizes), 1 if self.tokens is None else len(sizes))

    def steps(self, io: IO) -> tuple[str, ...]:
        left, right = ("*".join(map(str, t.sample)) for t in (io.x, io.y))
        return (f"{left} = {prod(io.x.sample):,}", f"{right} = {prod(io.y.sample):,}")

    def _sizes(self, x: Tensor) -> Shape:
        sizes = self.shape or self.tokens or ()
        held = prod(x.sample)
        require(0 not in sizes, "'reshape' sizes are positive, or one is -1")
        require(sizes.count(-1) <= 1, "'reshape' can work out one size only, but more are -1")
        known = prod(n for n in sizes if n != -1)
        shown = "×".join(map(str, sizes))
        if -1 in sizes:
            require(
                held % known == 0,
                f"'reshape' to {shown} needs a multiple of {known:,} elements, "
                f"but its input {x.describe()} has {held:,}",
            )
            sizes = tuple(held // known if n == -1 else n for n in sizes)
            require(max(sizes) <= LARGEST_DIM, f"'reshape' gives an axis over {LARGEST_DIM:,}")
        require(
            prod(sizes) == held,
            f"'reshape' to {shown} needs {known:,} elements, but its input {x.describe()} has {held:,}",
        )
        return sizes


class Tokens(_Reshaping, frozen=True, kw_only=True):
    """Turn an image into a sequence: one token for each position.

    Shape:  [N, C, *S] -> [N, prod(S), C]
    Params: none
    MACs:   none
    FLOPs:  none
    Memory: shares its input's; owns its output where the positions are not adjacent in memory
    Source: x.flatten(2).transpose(1, 2)
    """

    word: ClassVar[str] = "tokens"

    def output(self, *inputs: Tensor) -> Tensor:
        (x,) = inputs
        check_image(self.word, x)
        return self._flat(x).permuted((0, 2, 1))

    def reach(self, io: IO) -> Routes:
        wide = sum(n > 1 for n in io.x.spatial)
        position: Read = Along(1) if wide <= 1 else Scattered((1,))
        reads = (position if n > 1 or wide == 0 else EVERYTHING for n in io.x.spatial)
        return (Route(0, (Along(0), Along(2), *reads)),)

    def storage(self, io: IO, *, training: bool = False) -> int | None:
        return 0 if view_strides(io.x, self._flat(io.x).shape) is not None else None

    def steps(self, io: IO) -> tuple[str, ...]:
        if len(io.x.spatial) == 1:
            return ()
        return (f"{'*'.join(map(str, io.x.spatial))} = {prod(io.x.spatial):,}",)

    def _flat(self, x: Tensor) -> Tensor:
        return _reshaped(x, (x.batch, x.channels, prod(x.spatial)), 1)

    def gradients(self, io: IO) -> tuple[Gradient, ...]:
        return (Permuted(dims=(0, 2, 1), then=self._flat(io.x)),)


class Permute(View, frozen=True, kw_only=True):
    """Put the dimensions of a sample in another order; the channels go along.

    Shape:  [N, *S] -> [N, S[dims[0]], S[dims[1]], ...]
    Params: none
    MACs:   none
    FLOPs:  none
    Memory: shares its input's
    Source: torch.permute, its dimensions counted without the batch
    """

    word: ClassVar[str] = "permute"
    main: ClassVar[str | None] = "dims"

    dims: Numbers

    def output(self, *inputs: Tensor) -> Tensor:
        (x,) = inputs
        found = tuple(axis(self.word, d, x, "dims") for d in self.dims)
        require(
            sorted(found) == list(range(1, len(x.shape))),
            f"'permute' must name each of the {len(x.sample)} dimensions once: its input is {x.describe()}",
        )
        return x.permuted((0, *found))

    def reach(self, io: IO) -> Routes:
        return (keeping(io.x, [0, *(axis(self.word, d, io.x) for d in self.dims)], UNKNOWN),)

    def gradients(self, io: IO) -> tuple[Gradient, ...]:
        return (Permuted(dims=(0, *(axis(self.word, d, io.x, "dims") for d in self.dims))),)


class Transpose(View, frozen=True, kw_only=True):
    """Swap two dimensions of a sample; the channels go along.

    Shape:  [N, ..., A, ..., B, ...] -> [N, ..., B, ..., A, ...]
    Params: none
    MACs:   none
    FLOPs:  none
    Memory: shares its input's
    Source: torch.transpose, its dimensions counted without the batch
    """

    word: ClassVar[str] = "transpose"
    main: ClassVar[str | None] = "dims"

    dims: Annotated[tuple[int, ...], Wholes(None, 2, 2)]

    def output(self, *inputs: Tensor) -> Tensor:
        (x,) = inputs
        return x.permuted(self._order(x))

    def _order(self, x: Tensor) -> Shape:
        a, b = (axis(self.word, d, x, "dims") for d in self.dims)
        order = list(range(len(x.shape)))
        order[a], order[b] = b, a
        return tuple(order)

    def reach(self, io: IO) -> Routes:
        a, b = (axis(self.word, d, io.x) for d in self.dims)
        return (but(io.x, {a: Along(b), b: Along(a)}),)

    def gradients(self, io: IO) -> tuple[Gradient, ...]:
        return (Permuted(dims=self._order(io.x)),)


def _reshaped(x: Tensor, shape: Shape, channel_dim: int) -> Tensor:
    """Return the view under another shape, or the copy where there is none."""
    strides = view_strides(x, shape)
    if strides is None:
        return x.with_shape(*shape, channel_dim=channel_dim)
    return x.viewed(shape, strides, channel_dim)
