"""What an op is: its fields are the YAML options, its methods are the rules.

A rule is local, pure and exact: it knows this op and the tensors at its sides, nothing else. Each
cost rule returns *terms*: a dict from a label to the factors whose product is counted, so the
number and the arithmetic that ``archstat explain`` prints come from the same place.

To add an op: write a final class in the file of its family, give it a docstring with the fields
below, name it in ``catalogue.py``, and add two hand-worked cases under ``tests/ops/cases``.

    Shape:  input -> output, with the formula
    Params: name [shape]; or none
    MACs:   the formula; or none
    FLOPs:  the formula
    Memory: owns its output; or shares input's storage, and when
    Source: the PyTorch name and the paper or page
"""

from math import prod
from typing import Any, ClassVar, Literal

import msgspec

from archstat.ops.checks import check_numbers
from archstat.ops.gradient import ELEMENTWISE, Gradient
from archstat.ops.options import Boolean, Kind
from archstat.ops.reach import Routes, itself
from archstat.ops.tape import INPUT, Device, Mode, Save, Step, copied, learned
from archstat.tensor import Shape, Tensor

Autocast = Literal["lowers", "raises", "widens", "promotes", "leaves"]
"""What autocast does to inputs: casts them to the lower type, to single precision, to the widest of them, or not.

``widens`` asks the op for an output in single precision, of inputs as they are.
"""

Terms = dict[str, tuple[int, ...]]
"""Labelled products: ``{"QK^T": (12, 197, 197, 64)}`` counts 12*197*197*64."""


def total(terms: Terms) -> int:
    """Return the sum of the products.

    >>> total({"weight": (3, 4), "bias": (4,)})
    16
    """
    return sum(map(prod, terms.values())) if terms else 0


class IO(msgspec.Struct, frozen=True, gc=False):
    """The tensors at the sides of one op."""

    inputs: tuple[Tensor, ...]
    y: Tensor

    @property
    def x(self) -> Tensor:
        return self.inputs[0]


class MissingRuleError(NotImplementedError):
    """An op doesn't state a rule. A bug in the op: a missing rule is never a zero."""


class Op(msgspec.Struct, frozen=True, kw_only=True):
    """The contract. Every rule must be stated by the op or by its family."""

    word: ClassVar[str] = ""
    """The op's name in a spec: torch.nn.functional's, without the rank."""

    main: ClassVar[str | None] = None
    """The field that the entry's main value fills: ``conv: 64`` is ``channels``."""

    arity: ClassVar[int | None] = 1
    """How many inputs; ``None`` for a join of two or more branches."""

    roles: ClassVar[tuple[str, ...]] = ()
    """For a join whose branches have fixed names (``q, k, v``): those names, in order."""

    finishes: ClassVar[bool] = False
    """Whether the entry may carry ``norm:`` and ``act:``."""

    raised: ClassVar[tuple[Device, ...]] = ()
    """The devices on which autocast casts the op's inputs to single precision."""

    shareable: ClassVar[bool] = False
    """Whether ``share:`` may give it another layer's weights."""

    from_weights: ClassVar[bool] = False
    """Whether the output's element type is the weights', not the input's (embedding, parameter)."""

    deep: ClassVar[int] = 0
    """How many layers with weights it holds one behind the other, as depth counts them."""

    def output(self, *inputs: Tensor) -> Tensor:
        """Return the output tensor; raise a SpecError that says what must hold and what was received."""
        raise self._missing("output")

    def params(self, io: IO) -> Terms:
        """Return the learnable tensors: PyTorch's name -> shape."""
        raise self._missing("params")

    def buffers(self, io: IO) -> Terms:
        """Return the tensors kept in the state dict but not learned: PyTorch's name -> shape."""
        raise self._missing("buffers")

    def buffer_type(self, name: str, dtype: str) -> str:
        """Return the element type of a buffer in a network whose weights are of type ``dtype``."""
        return dtype

    def macs(self, io: IO) -> Terms:
        """Return the multiply-accumulates of the forward pass. Bias adds are not counted."""
        raise self._missing("macs")

    def backward_macs(self, io: IO, needs: tuple[bool, ...], trained: bool) -> Terms:
        """Return the multiply-accumulates of the backward pass: each operand's gradient costs the product once more.

        ``needs`` says of each input whether its gradient is needed, ``trained`` whether the weight's is.
        """
        asked = {
            "input's gradient": any(needs),
            "weight's gradient": trained and bool(self.params(io)),
        }
        return {
            f"{label}, {what}": factors
            for label, factors in self.macs(io).items()
            for what, needed in asked.items()
            if needed
        }

    def flops(self, io: IO) -> Terms:
        """Return all floating-point operations of the forward pass, 2 for each MAC."""
        raise self._missing("flops")

    def storage(self, io: IO, *, training: bool = False) -> int | None:
        """Return the index of the input whose memory the output shares, or ``None`` if it owns its own.

        A view and an in-place op share; so does dropout at inference. ``-1`` means the output is one of
        the op's parameters.
        """
        raise self._missing("storage")

    def saved(self, io: IO, mode: Mode) -> tuple[Save, ...]:
        """Return the tensors that autograd keeps for the backward pass of this op, if it is one primitive."""
        raise self._missing("saved")

    def gradients(self, io: IO) -> tuple[Gradient, ...]:
        """Return how each input's gradient is made, if the op is one primitive; none given means new memory."""
        return ()

    def tape(self, io: IO, mode: Mode) -> tuple[Step, ...]:
        """Return what PyTorch runs: one step, unless the op is a composite."""
        shares = self.storage(io, training=mode.training)
        step = Step(
            tuple(range(len(io.inputs))),
            io.y,
            shares,
            self.saved(io, mode),
            learns=learned(self.params(io)),
            gradients=self.gradients(io),
        )
        return (step,)

    def autocast(self, x: Tensor, mode: Mode) -> Autocast:
        """Return what torch.autocast does to the op's inputs in single or half precision."""
        return "raises" if mode.device in self.raised else "leaves"

    def reach(self, io: IO) -> Routes:
        """Return which positions of each input an output position reads: what a receptive field follows."""
        raise self._missing("reach")

    def split(self, x: Tensor) -> "tuple[Op, Op] | None":
        """Return the explicit pad and the op to put behind it where PyTorch's op has no such padding.

        ``None`` means that the op stands alone: it pads nothing, or pads both sides alike.
        """
        return None

    def steps(self, io: IO) -> tuple[str, ...]:
        """Return the arithmetic of the output shape, as written on a board: ``(227 - 11)/4 + 1 = 55``."""
        return ()

    def _missing(self, rule: str) -> MissingRuleError:
        return MissingRuleError(f"op '{self.word}' states no rule '{rule}'")

    @classmethod
    def options(cls) -> dict[str, Kind]:
        """Return the options in the order of their declaration: name -> kind."""
        found = _OPTIONS.get(cls)
        if found is None:
            # typing.get_type_hints says the same, and is slow to.
            hints: dict[str, Any] = {}
            for base in reversed(cls.__mro__):
                hints |= getattr(base, "__annotations__", {})
            found = {name: hints[name].__metadata__[0] for name in cls.__struct_fields__}
            _OPTIONS[cls] = found
        return found

    @classmethod
    def defaults(cls) -> dict[str, Any]:
        """Return the default of each option that has one."""
        # msgspec.structs.fields says the same, and works out the types besides.
        names, values = cls.__struct_fields__, cls.__struct_defaults__
        pairs = zip(names[len(names) - len(values) :], values, strict=True)
        return {name: value for name, value in pairs if value is not msgspec.NODEFAULT}


_OPTIONS: dict[type[Op], dict[str, Kind]] = {}


class Weightless(Op, frozen=True, kw_only=True):
    """Family: nothing to learn, no multiply-accumulates."""

    def params(self, io: IO) -> Terms:
        return {}

    def buffers(self, io: IO) -> Terms:
        return {}

    def macs(self, io: IO) -> Terms:
        return {}


class View(Weightless, frozen=True, kw_only=True):
    """Family: another shape or order of the same memory; no arithmetic."""

    def flops(self, io: IO) -> Terms:
        return {}

    def storage(self, io: IO, *, training: bool = False) -> int | None:
        return 0

    def saved(self, io: IO, mode: Mode) -> tuple[Save, ...]:
        return ()


class Pointwise(Weightless, frozen=True, kw_only=True):
    """Family: the output has the input's shape, each element computed on its own.

    One addition, subtraction, multiplication, division, negation or comparison is 1 FLOP, and so is one
    elementary function: exp, log, tanh, erf, a power, a root, an absolute value.
    """

    cost: ClassVar[int] = 1
    """FLOPs per element."""

    def output(self, *inputs: Tensor) -> Tensor:
        check_numbers(self.word, inputs[0])
        return inputs[0].fresh()

    def flops(self, io: IO) -> Terms:
        return {"elementwise": (*io.y.shape, self.cost)}

    def reach(self, io: IO) -> Routes:
        return (itself(io.x),)

    def storage(self, io: IO, *, training: bool = False) -> int | None:
        return None

    def saved(self, io: IO, mode: Mode) -> tuple[Save, ...]:
        return INPUT

    def gradients(self, io: IO) -> tuple[Gradient, ...]:
        return (ELEMENTWISE,)


class InPlace(Pointwise, frozen=True, kw_only=True):
    """Family: pointwise, and PyTorch has a form that overwrites its input."""

    inplace: Boolean = False

    def output(self, *inputs: Tensor) -> Tensor:
        fresh = super().output(*inputs)
        return inputs[0] if self.inplace else fresh

    def storage(self, io: IO, *, training: bool = False) -> int | None:
        return 0 if self.inplace else None

    def saved(self, io: IO, mode: Mode) -> tuple[Save, ...]:
        return (copied(io.x),) if self.inplace else INPUT


def shape_terms(**shapes: Shape | None) -> Terms:
    """Return the shapes that are given: an absent bias is left out.

    >>> shape_terms(weight=(4, 3), bias=None)
    {'weight': (4, 3)}
    """
    return {name: shape for name, shape in shapes.items() if shape is not None}
