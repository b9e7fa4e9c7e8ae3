"""Joins: ops over two or more branches."""

from functools import lru_cache, reduce
from typing import ClassVar

from archstat.errors import SpecError, require
from archstat.ops.base import IO, Autocast, Terms, Weightless
from archstat.ops.checks import axis, check_numbers
from archstat.ops.elementwise import together
from archstat.ops.gradient import ELEMENTWISE, PART, SAME, Gradient, quotient
from archstat.ops.options import Boolean, MaybeDim
from archstat.ops.product import matmul_steps
from archstat.ops.reach import EVERYTHING, Along, Route, Routes, Scattered, but, repeated
from archstat.ops.tape import PRODUCT, QUOTIENT, Mode, Save, Step, Tape
from archstat.ops.window import check_axes
from archstat.tensor import Shape, Tensor


class Join(Weightless, frozen=True, kw_only=True):
    """Family: the branches' outputs become one tensor."""

    arity: ClassVar[int | None] = None

    def check(self, inputs: tuple[Tensor, ...], names: tuple[str, ...]) -> None:
        """Refuse branches that don't fit together, by their names in the spec; ``output`` refuses them by number."""
        raise self._missing("check")

    def require_fit(
        self,
        fits: bool,
        inputs: tuple[Tensor, ...],
        names: tuple[str, ...],
        i: int,
        j: int,
        must: str,
    ) -> None:
        """Refuse branch ``j`` beside branch ``i``."""
        if not fits:
            raise SpecError(
                f"{self.word}: branch '{names[i]}' gives {inputs[i].describe()}, "
                f"branch '{names[j]}' gives {inputs[j].describe()}: {must}"
            )

    def storage(self, io: IO, *, training: bool = False) -> int | None:
        return None


class Concat(Join, frozen=True, kw_only=True):
    """Put the branches one behind the other along one dimension, the channels' by default.

    Shape:  the dimension is the sum of the branches'; all others agree
    Params: none
    MACs:   none
    FLOPs:  none: elements are copied
    Memory: owns its output
    Source: torch.cat
    """

    word: ClassVar[str] = "concat"

    dim: MaybeDim = None

    def check(self, inputs: tuple[Tensor, ...], names: tuple[str, ...]) -> None:
        first = inputs[0]
        at = axis(self.word, self.dim, first)
        for i, x in enumerate(inputs):
            same = len(x.shape) == len(first.shape) and all(
                a == b
                for d, (a, b) in enumerate(zip(x.sample, first.sample, strict=True))
                if d + 1 != at
            )
            must = f"all but dimension {at - 1} must agree"
            self.require_fit(same, inputs, names, 0, i, must)
            require(
                x.dtype == first.dtype,
                f"{self.word}: branch '{names[0]}' gives {first.dtype}, branch '{names[i]}' {x.dtype}: "
                "types must agree",
            )

    def output(self, *inputs: Tensor) -> Tensor:
        self.check(inputs, _numbered(len(inputs)))
        first = inputs[0]
        at = axis(self.word, self.dim, first)
        shape = list(first.shape)
        shape[0] = max(x.batch for x in inputs)
        alike = all(x.channels_last_format for x in inputs)
        shape[at] = sum(x.shape[at] for x in inputs)
        return check_axes(first.like(*shape) if alike else first.with_shape(*shape))

    def flops(self, io: IO) -> Terms:
        return {}

    def reach(self, io: IO) -> Routes:
        at = axis(self.word, self.dim, io.x)
        return tuple(but(x, {at: Scattered((at,))}, i) for i, x in enumerate(io.inputs))

    def steps(self, io: IO) -> tuple[str, ...]:
        at = axis(self.word, self.dim, io.x)
        return (f"{' + '.join(str(x.shape[at]) for x in io.inputs)} = {io.y.shape[at]}",)

    def saved(self, io: IO, mode: Mode) -> tuple[Save, ...]:
        return ()

    def gradients(self, io: IO) -> tuple[Gradient, ...]:
        return (PART,) * len(io.inputs)

    def autocast(self, x: Tensor, mode: Mode) -> Autocast:
        # CUDA's kernel takes branches of several types as they are.
        return "promotes" if mode.device == "cpu" else "leaves"


class _Elementwise(Join, frozen=True, kw_only=True):
    """Family: one operation between the elements of two branches; a size of 1 is repeated as needed."""

    def check(self, inputs: tuple[Tensor, ...], names: tuple[str, ...]) -> None:
        so_far = inputs[0].shape
        for i, x in enumerate(inputs):
            if x.shape == so_far:
                continue
            if not _repeats(x.shape, so_far):
                j = next(j for j in range(i) if not _repeats(x.shape, inputs[j].shape))
                self.require_fit(False, inputs, names, j, i, "shapes must agree")
            so_far = tuple(map(max, so_far, x.shape))
        for x in inputs:
            check_numbers(self.word, x)

    def output(self, *inputs: Tensor) -> Tensor:
        self.check(inputs, _numbered(len(inputs)))
        return reduce(together, inputs)

    def flops(self, io: IO) -> Terms:
        return {"elementwise": (len(io.inputs) - 1, *io.y.shape)}

    def reach(self, io: IO) -> Routes:
        return tuple(repeated(x, io.y, i) for i, x in enumerate(io.inputs))

    keeps: ClassVar[tuple[Save, ...]] = ()
    """What each of the operations between two branches keeps."""

    def flows(self, y: Tensor) -> tuple[Gradient, ...]:
        """Return how each of these operations makes the gradients of its two branches."""
        raise self._missing("flows")

    def tape(self, io: IO, mode: Mode) -> tuple[Step, ...]:
        n = len(io.inputs)
        steps, so_far = [], io.x
        for i, other in enumerate(io.inputs[1:], 1):
            so_far = io.y if i == n - 1 else together(so_far, other)
            before = 0 if i == 1 else n + i - 2
            shares = None if self.storage(io) is None else 0
            flows = self.flows(so_far)
            steps.append(Step((before, i), so_far, shares, self.keeps, gradients=flows))
        return tuple(steps)


class Add(_Elementwise, frozen=True, kw_only=True):
    """Add the branches: a residual connection. In place, the others are added to the first.

    Shape:  the branches', which agree or are 1; in place the first branch's
    Params: none
    MACs:   none
    FLOPs:  1 per output element and branch after the first
    Memory: owns its output; in place shares its first branch's
    Source: torch.add; He et al., arXiv:1512.03385
    """

    word: ClassVar[str] = "add"

    inplace: Boolean = False

    def output(self, *inputs: Tensor) -> Tensor:
        y = super().output(*inputs)
        if not self.inplace:
            return y
        if y.shape != inputs[0].shape:
            raise SpecError(
                f"'add' in place gives {y.describe()}, but its first branch is {inputs[0].describe()}"
            )
        return inputs[0]

    def storage(self, io: IO, *, training: bool = False) -> int | None:
        return 0 if self.inplace else None

    def flows(self, y: Tensor) -> tuple[Gradient, ...]:
        return SAME, SAME


class Sub(_Elementwise, frozen=True, kw_only=True):
    """Subtract the other branches from the first.

    Shape:  the branches', which agree or are 1
    Params: none
    MACs:   none
    FLOPs:  1 per output element and branch after the first
    Memory: owns its output
    Source: torch.sub
    """

    word: ClassVar[str] = "sub"

    def flows(self, y: Tensor) -> tuple[Gradient, ...]:
        return SAME, ELEMENTWISE


class Mul(_Elementwise, frozen=True, kw_only=True):
    """Multiply the branches: a gate, squeeze-and-excitation, a layer scale.

    Shape:  the branches', which agree or are 1
    Params: none
    MACs:   none
    FLOPs:  1 per output element and branch after the first
    Memory: owns its output
    Source: torch.mul; Hu et al., arXiv:1709.01507
    """

    word: ClassVar[str] = "mul"

    keeps: ClassVar[tuple[Save, ...]] = PRODUCT

    def flows(self, y: Tensor) -> tuple[Gradient, ...]:
        return ELEMENTWISE, ELEMENTWISE


class Div(_Elementwise, frozen=True, kw_only=True):
    """Divide the first branch by the others.

    Shape:  the branches', which agree or are 1
    Params: none
    MACs:   none
    FLOPs:  1 per output element and branch after the first
    Memory: owns its output
    Source: torch.div
    """

    word: ClassVar[str] = "div"

    keeps: ClassVar[tuple[Save, ...]] = QUOTIENT

    def flows(self, y: Tensor) -> tuple[Gradient, ...]:
        return quotient(y)


class MatMul(Join, frozen=True, kw_only=True):
    """The matrix product of two branches, over their last two dimensions.

    Shape:  [N, *, L, K] and [N, *, K, M] -> [N, *, L, M]
    Params: none
    MACs:   numel(output) * K
    FLOPs:  2 per MAC
    Memory: owns its output
    Source: torch.matmul
    """

    word: ClassVar[str] = "matmul"

    def check(self, inputs: tuple[Tensor, ...], names: tuple[str, ...]) -> None:
        require(len(inputs) == 2, f"'matmul' takes two branches, not {len(inputs)}")
        a, b = inputs
        fits = (
            len(a.shape) == len(b.shape) >= 3
            and _repeats(a.shape[:-2], b.shape[:-2])
            and a.shape[-1] == b.shape[-2]
        )
        self.require_fit(fits, inputs, names, 0, 1, "they need L×K and K×M")
        for x in inputs:
            check_numbers(self.word, x)

    def output(self, *inputs: Tensor) -> Tensor:
        self.check(inputs, _numbered(len(inputs)))
        a, b = inputs
        outer = tuple(max(m, n) for m, n in zip(a.shape[:-2], b.shape[:-2], strict=True))
        return a.with_shape(*outer, a.shape[-2], b.shape[-1])

    def macs(self, io: IO) -> Terms:
        return {"product": (*io.y.shape, io.x.shape[-1])}

    def reach(self, io: IO) -> Routes:
        outer = len(io.y.shape) - 2
        left, right = (
            repeated(x.with_shape(*x.shape[:outer]), io.y.with_shape(*io.y.shape[:outer]), i)
            for i, x in enumerate(io.inputs)
        )
        return (
            Route(0, (*left.reads, Along(outer), EVERYTHING)),
            Route(1, (*right.reads, EVERYTHING, Along(outer + 1))),
        )

    def flops(self, io: IO) -> Terms:
        return {"multiply-add": (2, *self.macs(io)["product"])}

    def tape(self, io: IO, mode: Mode) -> tuple[Step, ...]:
        tape = Tape(2)
        matmul_steps(tape, ((io.inputs[0], 0), (io.inputs[1], 1)), io.y)
        return tuple(tape.steps)

    def autocast(self, x: Tensor, mode: Mode) -> Autocast:
        return "lowers"

    def backward_macs(self, io: IO, needs: tuple[bool, ...], trained: bool) -> Terms:
        factors = self.macs(io)["product"]
        return {f"gradient of branch {i + 1}": factors for i, need in enumerate(needs) if need}


@lru_cache(maxsize=64)
def _numbered(count: int) -> tuple[str, ...]:
    return tuple(str(i + 1) for i in range(count))


def _repeats(a: Shape, b: Shape) -> bool:
    """Say whether two shapes of equal rank agree where neither is 1."""
    return len(a) == len(b) and all(m == n or 1 in (m, n) for m, n in zip(a, b, strict=True))
