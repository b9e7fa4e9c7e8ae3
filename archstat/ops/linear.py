"""Linear maps of the last dimension, and learnable tables."""

from typing import Annotated, ClassVar

from archstat.errors import require
from archstat.ops.base import IO, Autocast, Op, Terms, shape_terms
from archstat.ops.checks import check_numbers, last_axis_meant
from archstat.ops.options import Boolean, Positive, Wholes, Word
from archstat.ops.product import linear_steps
from archstat.ops.reach import EVERYTHING, Routes, but, itself
from archstat.ops.tape import INPUT, Mode, Save, Step, Tape, learned
from archstat.tensor import Tensor


class Linear(Op, frozen=True, kw_only=True):
    """A matrix product along the last dimension, and a bias.

    Shape:  [N, *, C] -> [N, *, features]
    Params: weight [features, C]; bias [features]
    MACs:   numel(output) * C
    FLOPs:  2 per MAC; 1 per output element for the bias
    Memory: owns its output
    Source: torch.nn.functional.linear
    """

    word: ClassVar[str] = "linear"
    main: ClassVar[str | None] = "features"
    finishes: ClassVar[bool] = True
    shareable: ClassVar[bool] = True
    deep: ClassVar[int] = 1

    features: Positive
    bias: Boolean = True

    def output(self, *inputs: Tensor) -> Tensor:
        (x,) = inputs
        require(
            x.channels_last, _misplaced(x), hint=f"put '- flatten' before it; {last_axis_meant(x)}"
        )
        check_numbers(self.word, x)
        return x.with_shape(*x.shape[:-1], self.features)

    def params(self, io: IO) -> Terms:
        weight = (self.features, io.x.channels)
        return shape_terms(weight=weight, bias=(self.features,) if self.bias else None)

    def buffers(self, io: IO) -> Terms:
        return {}

    def macs(self, io: IO) -> Terms:
        return {"weight": (*io.y.shape, io.x.channels)}

    def flops(self, io: IO) -> Terms:
        added = {"bias": io.y.shape} if self.bias else {}
        return {"multiply-add": (2, *self.macs(io)["weight"]), **added}

    def storage(self, io: IO, *, training: bool = False) -> int | None:
        return None

    def reach(self, io: IO) -> Routes:
        return (but(io.x, {len(io.x.shape) - 1: EVERYTHING}),)

    def tape(self, io: IO, mode: Mode) -> tuple[Step, ...]:
        tape = Tape(1)
        linear_steps(tape, io.x, 0, io.y, learned(self.params(io)), mode)
        return tuple(tape.steps)

    def autocast(self, x: Tensor, mode: Mode) -> Autocast:
        return "lowers"


def _misplaced(x: Tensor) -> str:
    """Say what is wrong with an image, or with a table whose channels were moved to the front."""
    if len(x.sample) > 2:
        return f"'linear' needs a vector, but its input is {x.describe()}"
    return (
        f"'linear' works along the last dimension, but its input is {x.describe()} "
        "with the channels first"
    )


class _Table(Op, frozen=True, kw_only=True):
    """Family: learnable numbers that are looked up, not multiplied."""

    from_weights: ClassVar[bool] = True

    def buffers(self, io: IO) -> Terms:
        return {}

    def macs(self, io: IO) -> Terms:
        return {}

    def flops(self, io: IO) -> Terms:
        return {}


class Embedding(_Table, frozen=True, kw_only=True):
    """Look up one row of a table for each id.

    Shape:  [N, *] of whole numbers -> [N, *, features], channels last
    Params: weight [entries, features]
    MACs:   none
    FLOPs:  none: rows are copied
    Memory: owns its output
    Source: torch.nn.functional.embedding
    """

    word: ClassVar[str] = "embedding"
    main: ClassVar[str | None] = "features"
    shareable: ClassVar[bool] = True

    features: Positive
    entries: Positive

    def output(self, *inputs: Tensor) -> Tensor:
        (x,) = inputs
        require(
            x.dtype in ("int64", "int32"),
            f"'embedding' needs ids (int64), but its input is {x.dtype}",
            hint="write 'input: {tokens: [1024], dtype: int64}'",
        )
        return Tensor((*x.shape, self.features), "float32", len(x.shape))

    def params(self, io: IO) -> Terms:
        return {"weight": (self.entries, self.features)}

    def storage(self, io: IO, *, training: bool = False) -> int | None:
        return None

    def reach(self, io: IO) -> Routes:
        return (itself(io.x),)

    def saved(self, io: IO, mode: Mode) -> tuple[Save, ...]:
        return INPUT


class Standing(_Table, frozen=True, kw_only=True):
    """Family: a tensor of the network's own in place of what arrives."""

    main: ClassVar[str | None] = "shape"

    shape: Annotated[tuple[int, ...] | None, Wholes(1, longest=8)] = None
    tokens: Annotated[tuple[int, ...] | None, Wholes(1, longest=8)] = None

    def output(self, *inputs: Tensor) -> Tensor:
        (x,) = inputs
        require(
            (self.shape is None) != (self.tokens is None),
            f"'{self.word}' needs its shape, or tokens: [...], and not both",
        )
        shape = (1, *self.size)
        # Beside a sequence, or the ids that will become one, a table is a sequence too.
        last = self.tokens is not None or x.is_sequence or not x.is_floating
        return Tensor(shape, "float32", len(shape) - 1 if last else 1)

    @property
    def size(self) -> tuple[int, ...]:
        return self.shape or self.tokens or ()

    def storage(self, io: IO, *, training: bool = False) -> int | None:
        return -1

    def reach(self, io: IO) -> Routes:
        return ()

    def saved(self, io: IO, mode: Mode) -> tuple[Save, ...]:
        return ()

    def tape(self, io: IO, mode: Mode) -> tuple[Step, ...]:
        # What arrives passes no gradient on.
        return (Step((), io.y, -1, learns=learned(self.params(io))),)


class Parameter(Standing, frozen=True, kw_only=True):
    """A learnable tensor in place of what arrives: a class token, a position table, a layer scale.

    Shape:  anything -> [1, *shape], the batch being 1; ``tokens`` in place of ``shape`` says channels last
    Params: weight [*shape]
    MACs:   none
    FLOPs:  none
    Memory: is the parameter itself
    Source: torch.nn.Parameter
    """

    word: ClassVar[str] = "parameter"
    shareable: ClassVar[bool] = True

    def params(self, io: IO) -> Terms:
        return {"weight": self.size}


class Buffer(Standing, frozen=True, kw_only=True):
    """A tensor that is kept and not learned, in place of what arrives: sines of positions, a mask, indices of a table.

    Shape:  anything -> [1, *shape], the batch being 1; ``tokens`` in place of ``shape`` says channels last
    Params: none; the tensor is a buffer
    MACs:   none
    FLOPs:  none
    Memory: is the buffer itself
    Source: torch.nn.Module.register_buffer; of the weights' type, or with ``dtype: int64`` indices
    """

    word: ClassVar[str] = "buffer"

    dtype: Annotated[str | None, Word(("int64",))] = None

    def output(self, *inputs: Tensor) -> Tensor:
        y = super().output(*inputs)
        return y if self.dtype is None else y.with_dtype(self.dtype)

    def params(self, io: IO) -> Terms:
        return {}

    def buffers(self, io: IO) -> Terms:
        return {"tensor": self.size}

    def buffer_type(self, name: str, dtype: str) -> str:
        return self.dtype or dtype
