"""The sliding window: one arithmetic for the shapes, costs and receptive fields of conv and pool."""

from functools import lru_cache

import msgspec

from archstat.errors import SpecError, require
from archstat.ops.options import LARGEST_DIM, Padding, per_axis
from archstat.ops.reach import Slide, Taps
from archstat.tensor import Shape, Tensor


class Window(msgspec.Struct, frozen=True):
    """A window's kernel, stride, padding (both sides alike) and dilation, one number per axis."""

    kernel: Shape
    stride: Shape
    padding: Shape
    dilation: Shape
    ceil_mode: bool = False

    def slide(self, spatial: Shape) -> Shape:
        """Return how many positions the window takes on each axis.

        floor((n + 2p - d(k - 1) - 1) / s) + 1; with ``ceil_mode`` the quotient is rounded up, and a last
        window that would start in the padding after the end is dropped, as torch's pooling_output_shape does.
        """
        return tuple([self._axis(n, axis) for axis, n in enumerate(spatial)])

    def room(self, n: int, axis: int) -> int:
        """Return how far the window can move on one axis: n + 2p - d(k - 1) - 1."""
        return n + 2 * self.padding[axis] - self.dilation[axis] * (self.kernel[axis] - 1) - 1

    def _axis(self, n: int, axis: int) -> int:
        room, stride = self.room(n, axis), self.stride[axis]
        if not self.ceil_mode:
            return room // stride + 1
        size = -(-room // stride) + 1
        return size - 1 if (size - 1) * stride >= n + self.padding[axis] else size

    def taps(self) -> tuple[Taps, ...]:
        """Return which positions of each axis a window reads."""
        return tuple(map(Slide, self.kernel, self.stride, self.padding, self.dilation))

    def steps(self, spatial: Shape) -> tuple[str, ...]:
        """Write the arithmetic of each distinct axis: ``(227 - 11)/4 + 1 = 55``."""
        seen: dict[str, None] = {}
        for axis, n in enumerate(spatial):
            seen.setdefault(self._step(n, axis))
        return tuple(seen)

    def _step(self, n: int, axis: int) -> str:
        k, s, p, d = (v[axis] for v in (self.kernel, self.stride, self.padding, self.dilation))
        reach = f"{k}" if d == 1 or k == 1 else f"({d}*({k} - 1) + 1)"
        top = f"{n} + 2*{p} - {reach}" if p else f"{n} - {reach}"
        room, size = self.room(n, axis), self._axis(n, axis)
        if s == 1:
            return f"{top} + 1 = {size}"
        if room % s == 0:
            return f"({top})/{s} + 1 = {size}"
        if not self.ceil_mode:
            return f"floor(({top})/{s}) + 1 = {size}"
        dropped = -(-room // s) + 1 - size
        tail = " - 1" if dropped else ""  # the last window would start in the padding
        return f"ceil(({top})/{s}) + 1{tail} = {size}"


@lru_cache(maxsize=4096)
def window_over(
    spatial: Shape,
    kernel: int | Shape,
    stride: int | Shape,
    padding: Padding,
    dilation: int | Shape,
    ceil_mode: bool = False,
) -> Window:
    """Return the window of an op whose padding needs no explicit pad in front of it."""
    rank = len(spatial)
    kernel = per_axis("kernel", kernel, rank)
    stride = per_axis("stride", stride, rank)
    dilation = per_axis("dilation", dilation, rank)
    require(
        explicit_padding(padding, kernel, stride, dilation, spatial) is None,
        f"padding {padding} needs an explicit pad before the op",
    )
    return Window(kernel, stride, symmetric(padding, kernel, dilation), dilation, ceil_mode)


@lru_cache(maxsize=4096)
def positions(
    spatial: Shape,
    kernel: int | Shape,
    stride: int | Shape,
    padding: Padding,
    dilation: int | Shape,
    ceil_mode: bool = False,
) -> Shape:
    """Return how many positions that window takes on each axis."""
    window = window_over(spatial, kernel, stride, padding, dilation, ceil_mode)
    return window.slide(spatial)


def pads_alike(padding: Padding) -> bool:
    """Say of a padding whether both sides are alike whatever arrives, so that the op can pad by itself."""
    return isinstance(padding, int) or padding == "same"


def symmetric(padding: Padding, kernel: Shape, dilation: Shape) -> Shape:
    """Return the padding as one number per axis, both sides alike.

    ``same`` is dilation (kernel - 1) / 2, which an even kernel can't have. Uneven pairs never get here, and
    ``tf_same`` only where it pads nothing: otherwise the graph holds an explicit pad in front of the op.
    """
    rank = len(kernel)
    if padding == "tf_same":
        return (0,) * rank
    if padding == "same":
        for k, d in zip(kernel, dilation, strict=True):
            if d * (k - 1) % 2:
                raise SpecError(
                    f"padding: same needs an odd kernel, but it is {k}",
                    hint="give the two sides, 'padding: [[0, 1], [0, 1]]', or use 'padding: tf_same'",
                )
        return tuple(d * (k - 1) // 2 for k, d in zip(kernel, dilation, strict=True))
    assert not isinstance(padding, str)
    if isinstance(padding, int):
        return (padding,) * rank
    flat = tuple(p if isinstance(p, int) else p[0] for p in padding)
    return per_axis("padding", flat, rank)


def explicit_padding(
    padding: Padding, kernel: Shape, stride: Shape, dilation: Shape, spatial: Shape
) -> tuple[int, ...] | None:
    """Return the amounts of the explicit pad that must stand before the op, or ``None`` if none.

    PyTorch's order: the last axis first, begin then end. ``tf_same`` pads so that the output is ceil(n / s),
    the odd pixel at the end.
    """
    rank = len(spatial)
    if padding == "tf_same":
        pairs = []
        for n, k, s, d in zip(spatial, kernel, stride, dilation, strict=True):
            whole = max(0, (-(-n // s) - 1) * s + d * (k - 1) + 1 - n)
            pairs.append((whole // 2, whole - whole // 2))
        if not any(end for _, end in pairs):
            return None
    elif isinstance(padding, tuple) and isinstance(padding[0], tuple):
        per_axis("padding", (0,) * len(padding), rank)
        pairs = [pair for pair in padding if isinstance(pair, tuple)]
        if all(begin == end for begin, end in pairs):
            return None
    else:
        return None
    return tuple(side for pair in reversed(pairs) for side in pair)


def check_axes(output: Tensor) -> Tensor:
    """Return ``output`` unless an axis has grown over the limit."""
    if max(output.sample) > LARGEST_DIM:
        size = next(n for n in output.sample if n > LARGEST_DIM)
        raise SpecError(f"an output axis of {size:,} is more than the limit of {LARGEST_DIM:,}")
    return output


def check_fits(word: str, kernel: int | Shape, x: Tensor, sizes: Shape) -> Shape:
    """Return how many positions a window takes unless it is larger than the padded input."""
    if min(sizes) < 1:
        sides = kernel if isinstance(kernel, tuple) else (kernel,)
        said = "×".join(map(str, dict.fromkeys(sides)))
        raise SpecError(f"'{word}' kernel {said} does not fit: its input is {x.describe()}")
    return sizes
