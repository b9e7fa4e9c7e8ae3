"""Reads the cases: one op, what arrives, and what must come out, as data under ``cases/``.

op, options     the op, options as a spec writes them
before          ops that make what arrives, each {op: ..., options}; they turn the input into a view, say
input, inputs   the shape of one sample, or one for each branch
layout          tokens: the channels come last
dtype, batch    of what arrives: float32 and 1 unless given
pads            the sides of the explicit pad that the op splits off in front of it
output          the shape of one sample
params, macs, flops   a number, or its arithmetic: 4*5*5 * 3*3*3 = 2,700; 0 unless given
buffers         as params
memory          owns, shares or parameter
training        the same while training, where it differs
"""

from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import yaml

from archstat.ops.base import IO, Op
from archstat.ops.catalogue import CATALOGUE
from archstat.ops.pad import Pad
from archstat.tensor import Shape, Tensor

FOLDER = Path(__file__).parent / "cases"


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    op: str
    options: dict[str, Any] = {}
    before: list[dict[str, Any]] = []
    input: list[int] | None = None
    inputs: list[list[int]] = []
    layout: str = "channels first"
    dtype: str = "float32"
    batch: int = 1
    pads: list[int] | None = None
    output: list[int] | None = None
    params: int | str = 0
    buffers: int | str = 0
    macs: int | str = 0
    flops: int | str = 0
    memory: str = "owns"
    training: str | None = None
    error: str | None = None
    hint: str | None = None

    def __str__(self) -> str:
        options = " ".join(f"{name}={value}" for name, value in self.options.items())
        return f"{self.op} {options} {self.input or self.inputs}"

    def arriving(self) -> tuple[Tensor, ...]:
        """Return the inputs as they are written, before the ops of ``before``."""
        given = [self.input] if self.input is not None else self.inputs
        return tuple(self._tensor((self.batch, *sample)) for sample in given)

    def chain(self) -> list[Op]:
        """Return the ops that stand before this one."""
        return [
            make(step["op"], {k: v for k, v in step.items() if k != "op"}) for step in self.before
        ]

    def build(self) -> tuple[Op, IO]:
        """Return the op, split from its pad if it has one, between its tensors."""
        inputs = self.arriving()
        for step in self.chain():
            inputs = tuple(step.output(x) for x in inputs)
        op = make(self.op, self.options)
        split = op.split(inputs[0])
        if split is not None:
            pad, op = split
            inputs = (pad.output(inputs[0]),)
        return op, IO(inputs, op.output(*inputs))

    def pad(self) -> Pad | None:
        """Return the explicit pad that the op splits off."""
        (x, *_) = self.arriving()
        for step in self.chain():
            x = step.output(x)
        split = make(self.op, self.options).split(x)
        if split is None:
            return None
        assert isinstance(split[0], Pad)
        return split[0]

    def _tensor(self, shape: Shape) -> Tensor:
        return Tensor(shape, self.dtype, len(shape) - 1 if self.layout == "tokens" else 1)


def make(word: str, options: dict[str, Any]) -> Op:
    """Build an op from options as YAML gives them."""
    kinds = CATALOGUE[word].options()
    return CATALOGUE[word](
        **{name: kinds[name].read(name, _exact(value)) for name, value in options.items()}
    )


def load(family: str) -> list[Case]:
    """Read one file of cases."""
    return msgspec.convert(
        yaml.safe_load((FOLDER / f"{family}.yaml").read_text()), list[Case], strict=True
    )


@cache
def _everything() -> tuple[Case, ...]:
    return tuple(case for path in sorted(FOLDER.glob("*.yaml")) for case in load(path.stem))


def all_cases() -> list[Case]:
    """Read every case that is not an error."""
    return [case for case in _everything() if case.error is None]


def all_errors() -> list[Case]:
    """Read every case that must be refused."""
    return [case for case in _everything() if case.error is not None]


def _exact(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_exact(v) for v in value)
    return Fraction(str(value)) if isinstance(value, float) else value
