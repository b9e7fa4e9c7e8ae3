"""How the gradient of a step's input comes from the gradient of its output, as far as memory goes.

PyTorch's backward formulas make a new tensor, pass on the one they were given, or view it. Which one it is, and what
lives beside it meanwhile, decides the peak of a training step.
"""

import msgspec

from archstat.tensor import Shape, Tensor, view_strides


class Gradient(msgspec.Struct, frozen=True):
    """New memory, in the order of the input; ``beside`` are the temporaries of the formula.

    ``viewed`` says that what is made reaches the input as a view of it, through a step that PyTorch runs and that isn't
    told here: the rows of a matrix, an axis that was added. Another gradient is never added to a view in place.
    ``watched`` says that the temporaries are only there while a dispatch mode watches PyTorch.
    """

    beside: tuple[Tensor, ...] = ()
    viewed: bool = False
    watched: bool = False

    def passed(self, g: Tensor, x: Tensor) -> Tensor | None:
        """Return the view of ``g`` that is the gradient of ``x``, or ``None`` where it is new memory."""
        return None

    def made(self, g: Tensor, x: Tensor) -> Tensor:
        """Return what the formula allocates; where ``x`` was repeated it is summed afterwards."""
        return x.fresh()

    def temporaries(self, g: Tensor, x: Tensor) -> tuple[Tensor, ...]:
        """Return what the formula allocates beside it."""
        return self.beside


class Elementwise(Gradient, frozen=True):
    """New memory like the output's gradient, its axes in that order."""

    def made(self, g: Tensor, x: Tensor) -> Tensor:
        steps = g.steps()
        repeated = any(n > 1 and s == 0 for n, s in zip(g.shape, steps, strict=True))
        return g.with_shape(*g.shape) if repeated else g.fresh()


class Cast(Elementwise, frozen=True):
    """The output's gradient in the input's type."""

    def made(self, g: Tensor, x: Tensor) -> Tensor:
        return super().made(g, x).with_dtype(x.dtype)


class Ordered(Gradient, frozen=True):
    """New memory, of a gradient that is first copied into the order of the input where it lies otherwise."""

    def temporaries(self, g: Tensor, x: Tensor) -> tuple[Tensor, ...]:
        steps = zip(g.shape, g.steps(), x.steps(), strict=True)
        return (x,) if any(n > 1 and a != b for n, a, b in steps) else ()


class Suggested(Gradient, frozen=True):
    """New memory, channels_last where the input is and row-major otherwise; a kernel copies what isn't by itself."""

    def made(self, g: Tensor, x: Tensor) -> Tensor:
        return x.like(*x.shape)


class Zeros(Gradient, frozen=True):
    """A row-major tensor of zeros, into which the gradient is written."""

    def made(self, g: Tensor, x: Tensor) -> Tensor:
        return x.with_shape(*x.shape)


class Same(Gradient, frozen=True):
    """The very gradient of the output."""

    def passed(self, g: Tensor, x: Tensor) -> Tensor | None:
        return g


class Added(Same, frozen=True):
    """The output's gradient, which is summed for what was added to each of its rows, be it one."""


class Made(Gradient, frozen=True, kw_only=True):
    """New memory laid out as ``like``, in the input's type; what is larger than the input is summed."""

    like: Tensor

    def made(self, g: Tensor, x: Tensor) -> Tensor:
        return self.like.with_dtype(x.dtype)


class Reshaped(Gradient, frozen=True):
    """The gradient under the input's shape: a view, or a row-major copy where there is none."""

    def passed(self, g: Tensor, x: Tensor) -> Tensor | None:
        steps = view_strides(g, x.shape)
        return None if steps is None else g.viewed(x.shape, steps, x.channel_dim)

    def made(self, g: Tensor, x: Tensor) -> Tensor:
        return x.with_shape(*x.shape)


class Permuted(Gradient, frozen=True, kw_only=True):
    """The gradient with its axes back in their order; ``dims`` is the forward permutation.

    ``then`` is what was permuted, where it was itself a reshaped view of the input.
    """

    dims: Shape
    then: Tensor | None = None

    def passed(self, g: Tensor, x: Tensor) -> Tensor | None:
        held, y = g.steps(), self.then or x
        steps = tuple(held[self.dims.index(d)] for d in range(len(y.shape)))
        back = g.viewed(y.shape, steps, y.channel_dim)
        return back if self.then is None else RESHAPED.passed(back, x)

    def made(self, g: Tensor, x: Tensor) -> Tensor:
        return x.with_shape(*x.shape)


class Part(Gradient, frozen=True):
    """A range of the gradient, where the output is made of several inputs; of one of a single sample it is summed."""

    def passed(self, g: Tensor, x: Tensor) -> Tensor | None:
        return g.viewed((g.shape[0], *x.shape[1:]), g.steps(), x.channel_dim)


class Gathered(Gradient, frozen=True):
    """One part of a tensor that was split: the parts' gradients wait until ``last``, and are put together."""

    last: bool = False


class Repeated(Gradient, frozen=True, kw_only=True):
    """The gradient repeated along the axes that were summed: a view with steps of nothing."""

    over: Shape
    keepdim: bool

    def passed(self, g: Tensor, x: Tensor) -> Tensor | None:
        held = iter(g.steps())
        steps = []
        for d in range(len(x.shape)):
            step = next(held) if self.keepdim or d not in self.over else 0
            steps.append(0 if d in self.over else step)
        return g.viewed(x.shape, tuple(steps), x.channel_dim)


NEW = Gradient()
VIEWED = Gradient(viewed=True)
ELEMENTWISE = Elementwise()
ORDERED = Ordered()
SUGGESTED = Suggested()
ZEROS = Zeros()
VIEWED_ZEROS = Zeros(viewed=True)
CAST = Cast()
SAME = Same()
ADDED = Added()
RESHAPED = Reshaped()
PART = Part()


def beside(*tensors: Tensor) -> Elementwise:
    """Return an elementwise gradient with temporaries."""
    return Elementwise(tensors)


def quotient(y: Tensor) -> tuple[Gradient, Gradient]:
    """Return the gradients of a dividend and of its divisor, ``-g * ((a / b) / b)``."""
    return ELEMENTWISE, beside(y, y, y)
