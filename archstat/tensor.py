"""A tensor's shape, element type and memory layout: everything the rules need, no data."""

from math import prod

import msgspec

Shape = tuple[int, ...]

BYTES = {
    "float64": 8, "float32": 4, "float16": 2, "bfloat16": 2, "float8": 1,
    "int64": 8, "int32": 4, "int16": 2, "int8": 1, "uint8": 1, "bool": 1,
}  # fmt: skip
"""Bytes of one element, by PyTorch's name of the type."""

HALVES = ("float16", "bfloat16")
"""Types that PyTorch's composite ops compute in float32."""

WITH_GRADIENTS = ("float64", "float32", *HALVES)
"""Types that PyTorch trains in."""


class Tensor(msgspec.Struct, frozen=True, gc=False):
    """One tensor, the batch first.

    ``channel_dim`` is the index of the channels in ``shape``: 1 for images ``[N, C, *S]``,
    the last for sequences ``[N, L, C]``; a vector ``[N, C]`` is both. ``strides`` is ``None``
    for a contiguous tensor; views made by permute and slice carry their own, since a later
    reshape must copy where PyTorch copies.
    """

    shape: Shape
    dtype: str = "float32"
    channel_dim: int = 1
    strides: Shape | None = None

    @property
    def batch(self) -> int:
        return self.shape[0]

    @property
    def sample(self) -> Shape:
        """The shape without the batch, as a spec writes it."""
        return self.shape[1:]

    @property
    def channels(self) -> int:
        return self.shape[self.channel_dim]

    @property
    def spatial(self) -> Shape:
        """All axes but the batch and the channels."""
        if self.channel_dim == 1:
            return self.shape[2:]
        return self.shape[1 : self.channel_dim] + self.shape[self.channel_dim + 1 :]

    @property
    def channels_first(self) -> bool:
        return self.channel_dim == 1

    @property
    def channels_last(self) -> bool:
        return self.channel_dim == len(self.shape) - 1

    @property
    def is_vector(self) -> bool:
        return len(self.shape) == 2

    @property
    def is_sequence(self) -> bool:
        """Whether the channels come last, behind another axis: ``[N, L, C]``."""
        return self.channels_last and not self.channels_first

    @property
    def numel(self) -> int:
        return prod(self.shape)

    @property
    def is_floating(self) -> bool:
        return "float" in self.dtype

    @property
    def nbytes(self) -> int:
        return self.numel * BYTES[self.dtype]

    def with_shape(self, *shape: int, channel_dim: int | None = None) -> "Tensor":
        """Return a new contiguous tensor of this type; the channels stay where they were."""
        at = self.channel_dim if channel_dim is None else channel_dim
        return Tensor(shape, self.dtype, at)

    def with_dtype(self, dtype: str) -> "Tensor":
        return Tensor(self.shape, dtype, self.channel_dim, self.strides)

    def viewed(self, shape: Shape, strides: Shape, channel_dim: int) -> "Tensor":
        """Return a view of the same memory; strides that row-major order gives are left out."""
        usual = contiguous_strides(shape)
        plain = all(
            n == 1 or a == b for n, a, b in zip(shape, strides, usual, strict=True)
        )  # a step along an axis of one is never taken
        return Tensor(shape, self.dtype, channel_dim, None if plain else strides)

    def steps(self) -> Shape:
        """Return the strides, also of a contiguous tensor."""
        return self.strides or contiguous_strides(self.shape)

    def permuted(self, dims: Shape) -> "Tensor":
        """Return the view whose axis ``i`` is this tensor's axis ``dims[i]``; the channels go along."""
        held = self.steps()
        return self.viewed(
            tuple(self.shape[d] for d in dims),
            tuple(held[d] for d in dims),
            dims.index(self.channel_dim),
        )

    def expanded(self, *shape: int) -> "Tensor":
        """Return the view that repeats axes of size 1: steps of nothing."""
        steps = tuple(
            0 if m == 1 != n else s for m, n, s in zip(self.shape, shape, self.steps(), strict=True)
        )
        return self.viewed(shape, steps, self.channel_dim)

    def fresh(self) -> "Tensor":
        """Return what an elementwise op allocates for this input: the same order in memory, no gaps."""
        return self if self.strides is None else self.ordered(*self.shape)

    def ordered(self, *shape: int) -> "Tensor":
        """Return a new tensor of another shape whose axes have the order of this one's in memory."""
        if self.strides is None:
            return self.with_shape(*shape)
        held = self.strides
        order = sorted(range(len(shape)), key=lambda d: (-held[d], d))
        strides, step = [0] * len(shape), 1
        for dim in reversed(order):
            strides[dim] = step
            step *= shape[dim]
        return self.viewed(shape, tuple(strides), self.channel_dim)

    def like(self, *shape: int) -> "Tensor":
        """Return what an op on images allocates: PyTorch's channels_last if this tensor is, else row-major."""
        if self.strides is None or not self.channels_last_format:
            return Tensor(shape, self.dtype, self.channel_dim)
        return self.ordered(*shape)

    @property
    def channels_last_format(self) -> bool:
        """Whether PyTorch would suggest channels_last, or channels_last_3d, from the strides."""
        if self.strides is None or len(self.shape) not in (4, 5):
            return False
        least = 0
        for dim in (1, *range(len(self.shape) - 1, 1, -1), 0):
            step = self.strides[dim]
            if step < least or (dim == 0 and least == self.strides[1]):
                return False
            least = step * self.shape[dim]
        return True

    def describe(self, times: str = "×") -> str:
        """Return the sample's shape as people write it: ``64×56×56``."""
        return times.join(map(str, self.sample)) or "1"


def contiguous_strides(shape: Shape) -> Shape:
    """Return the strides, in elements, of a row-major tensor.

    >>> contiguous_strides((2, 3, 4))
    (12, 4, 1)
    """
    strides, step = [], 1
    for size in reversed(shape):
        strides.append(step)
        step *= size
    return tuple(reversed(strides))


def view_strides(tensor: Tensor, shape: Shape) -> Shape | None:
    """Return the strides with which ``tensor`` can be viewed as ``shape``, or ``None`` if only a copy can.

    The rule of PyTorch's ``at::detail::computeStride``: runs of axes that are adjacent in memory may be
    merged and split freely; a run's boundary must coincide with one of the new shape.
    """
    if tensor.strides is None and prod(shape) == tensor.numel:
        return contiguous_strides(shape)
    old_shape = tensor.shape
    old = tensor.strides or contiguous_strides(old_shape)
    new: list[int] = [0] * len(shape)
    view_dim = len(shape) - 1
    chunk_base = old[-1] if old else 1
    tensor_numel = view_numel = 1
    for dim in range(len(old_shape) - 1, -1, -1):
        tensor_numel *= old_shape[dim]
        ends = dim == 0 or (old_shape[dim - 1] != 1 and old[dim - 1] != tensor_numel * chunk_base)
        if not ends:
            continue
        while view_dim >= 0 and (view_numel < tensor_numel or shape[view_dim] == 1):
            new[view_dim] = view_numel * chunk_base
            view_numel *= shape[view_dim]
            view_dim -= 1
        if view_numel != tensor_numel:
            return None
        if dim > 0:
            chunk_base = old[dim - 1]
            tensor_numel = view_numel = 1
    return tuple(new) if view_dim == -1 else None
