"""What an output unit reads of each input: all that a receptive field needs to know of an op.

An op answers with *routes*. A route leads from one input, and says of each of its axes how the output's positions
depend on it. An op has several routes where it has several inputs, or reads one in two ways: group norm reads
each element by itself, and all of them through their mean. The channels of one position are taken together.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import floor, gcd

import msgspec

from archstat.tensor import Shape, Tensor


class Taps(msgspec.Struct, frozen=True):
    """Which positions of an input axis output position i reads: ``at(i)``, as if the axis had no ends.

    ``at(i + period)`` is ``at(i)`` moved by ``shift``.
    """

    @property
    def period(self) -> int:
        return 1

    @property
    def shift(self) -> int:
        return 1

    def at(self, i: int) -> range:
        raise NotImplementedError


class Slide(Taps, frozen=True):
    """A sliding window: stride i - padding + dilation t, for the kernel's t."""

    kernel: int = 1
    stride: int = 1
    padding: int = 0
    dilation: int = 1

    @property
    def shift(self) -> int:
        return self.stride

    def at(self, i: int) -> range:
        first = self.stride * i - self.padding
        return range(first, first + self.dilation * (self.kernel - 1) + 1, self.dilation)


class Spread(Taps, frozen=True):
    """A transposed window: the u with stride u - padding + dilation t = i; none at all where it leaves a hole.

    >>> two_by_two = Spread(kernel=3, stride=2, padding=1)
    >>> [tuple(two_by_two.at(i)) for i in range(4)]
    [(0,), (0, 1), (1,), (1, 2)]
    """

    kernel: int
    stride: int = 1
    padding: int = 0
    dilation: int = 1

    @property
    def period(self) -> int:
        return self.stride

    def at(self, i: int) -> range:
        s, d, at = self.stride, self.dilation, i + self.padding
        common = gcd(s, d)
        if at % common:
            return range(0)
        # at - d t is a multiple of s for one t in every s/common.
        step = s // common
        first = (at // common) * pow(d // common, -1, step) % step if step > 1 else 0
        if first >= self.kernel:
            return range(0)
        last = first + (self.kernel - 1 - first) // step * step
        return range((at - d * last) // s, (at - d * first) // s + 1, d // common)


class Sample(Taps, frozen=True):
    """A resampled axis: position i stands at ratio i + offset of the input, and reads the positions around it.

    ``before`` and ``after`` count how many on each side of the position rounded down; where it needs no rounding,
    and the others would weigh nothing, it is read alone.
    """

    ratio: Fraction
    offset: Fraction = Fraction(0)
    before: int = 0
    after: int = 0

    @property
    def period(self) -> int:
        return self.ratio.denominator

    @property
    def shift(self) -> int:
        return self.ratio.numerator

    def at(self, i: int) -> range:
        place = self.ratio * i + self.offset
        base = floor(place)
        if base == place:
            return range(base, base + 1)
        return range(base - self.before, base + self.after + 1)


class Cells(Taps, frozen=True):
    """An adaptive pool's cells: of n positions, cell i of m reads floor(i n / m) to ceil((i + 1) n / m)."""

    n: int
    m: int

    @property
    def period(self) -> int:
        return self.m // gcd(self.n, self.m)

    @property
    def shift(self) -> int:
        return self.n // gcd(self.n, self.m)

    def at(self, i: int) -> range:
        return range(i * self.n // self.m, -(-(i + 1) * self.n // self.m))


ITSELF = Slide()


class Along(msgspec.Struct, frozen=True):
    """Positions of the output's axis ``axis`` read those of this input axis that ``taps`` names."""

    axis: int
    taps: Taps = ITSELF


class All(msgspec.Struct, frozen=True):
    """Every output position reads the whole axis."""


class Fixed(msgspec.Struct, frozen=True):
    """Every output position reads one position of the axis."""

    index: int


class Scattered(msgspec.Struct, frozen=True):
    """Each output position reads one position of the axis, in an order that has no stride.

    It depends on the position along the output's ``axes``; all positions are read.
    """

    axes: tuple[int, ...]


class Unknown(msgspec.Struct, frozen=True):
    """The output reads the axis in a way that has no rule."""


Read = Along | All | Fixed | Scattered | Unknown

EVERYTHING, UNKNOWN = All(), Unknown()


class Route(msgspec.Struct, frozen=True):
    """How an op reads one of its inputs: ``reads[d]`` is about the input's axis d, the batch's first."""

    input: int
    reads: tuple[Read, ...]


Routes = tuple[Route, ...]

_AXES = tuple(Along(d) for d in range(10))


def itself(x: Tensor, input: int = 0) -> Route:
    """Return the route of a pointwise op."""
    return Route(input, _AXES[: len(x.shape)])


def but(x: Tensor, others: Mapping[int, Read], input: int = 0) -> Route:
    """Return the route of an op that is pointwise but along some axes of its input."""
    return Route(input, tuple(others.get(d, _AXES[d]) for d in range(len(x.shape))))


def repeated(x: Tensor, y: Tensor, input: int) -> Route:
    """Return the route of an elementwise op whose input is repeated along axes of size 1."""
    sizes = zip(x.shape, y.shape, strict=True)
    return Route(input, tuple(_AXES[d] if m == n else EVERYTHING for d, (m, n) in enumerate(sizes)))


def image(channels: Read, taps: Sequence[Taps]) -> Routes:
    """Return the route of an op on images: one way along the channels, taps along each spatial axis."""
    return (Route(0, (_AXES[0], channels, *(Along(2 + k, tap) for k, tap in enumerate(taps)))),)


def keeping(x: Tensor, axes: Sequence[int], dropped: Read) -> Route:
    """Return the route of an op that keeps ``axes``, in this order; the others are read as ``dropped`` says."""
    return Route(
        0, tuple(_AXES[axes.index(d)] if d in axes else dropped for d in range(len(x.shape)))
    )


def regrouped(old: Shape, new: Shape) -> Routes:
    """Return the route of a reshape: the same elements in row-major order.

    An axis that stays as it is, up to axes of size 1, keeps its positions in order; where axes are merged or split
    their positions are scattered over what they become.
    """
    reads: list[Read] = [_AXES[0]]
    i = j = 1
    while i < len(old) or j < len(new):
        start_i, start_j = i, j
        left = right = 1
        while left != right or (i == start_i and j == start_j):
            if i < len(old) and (left <= right or j >= len(new)):
                left, i = left * old[i], i + 1
            else:
                right, j = right * new[j], j + 1
        reads += _group(old[start_i:i], new[start_j:j], start_j)
    return (Route(0, tuple(reads)),)


def _group(old: Shape, new: Shape, start: int) -> list[Read]:
    """Say how axes of equal product are read; the new ones begin at axis ``start``."""
    wide = [start + k for k, n in enumerate(new) if n > 1]
    same = len(wide) == 1 and sum(n > 1 for n in old) == 1
    into: Read = _AXES[wide[0]] if same else Scattered(tuple(wide))
    return [into if n > 1 else EVERYTHING for n in old]
