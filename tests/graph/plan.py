"""A network as a list of layers, from which both ways of making a graph follow: the builder, and a spec's text."""

from typing import Any

import msgspec

from archstat.graph import Builder, Graph
from archstat.ops.base import Op
from archstat.ops.written import flow, options
from archstat.tensor import Tensor


class Layer(msgspec.Struct, frozen=True):
    """One layer. ``inputs`` and ``owner`` are numbers of layers, from 1; 0 is the network's input."""

    op: Op
    inputs: tuple[int, ...]
    owner: int | None = None
    frozen: bool = False


class Refused(msgspec.Struct, frozen=True):
    """A layer that archstat has refused, behind layers that it accepted, and what it said."""

    op: Op
    inputs: tuple[int, ...]
    message: str


class Plan(msgspec.Struct, frozen=True):
    """``outputs`` are numbers of layers."""

    arriving: Tensor
    dtype: str
    layers: tuple[Layer, ...]
    outputs: tuple[int, ...]
    refused: tuple[Refused, ...] = ()

    def __repr__(self) -> str:
        lines = [f"batch {self.arriving.batch}, {self.dtype}", self.spec()]
        lines += [f"refused: {r.op} of {r.inputs}: {r.message}" for r in self.refused]
        return "\n".join(lines)

    def graph(self) -> Graph:
        """Build the graph."""
        planned = Planned(self.arriving, self.dtype)
        for layer in self.layers:
            planned.add(layer)
        nodes, held = planned.builder.nodes, planned.frozen
        return planned.builder.build(
            tuple(planned.nodes[i] for i in self.outputs),
            frozen=frozenset(i for i, node in enumerate(nodes) if node.owner in held),
        )

    def spec(self) -> str:
        """Write the same network as a spec."""
        lines = ["name: random", f"input: {_input(self.arriving, self.dtype)}", "layers:"]
        for number, layer in enumerate(self.layers, 1):
            lines += _entry(number, layer)
        outputs = list(dict.fromkeys(map(_name, self.outputs)))
        if self.outputs != (len(self.layers),):
            lines.append(f"outputs: [{', '.join(outputs)}]")
        frozen = [_name(n) for n, layer in enumerate(self.layers, 1) if layer.frozen]
        if frozen:
            lines.append(f"freeze: [{', '.join(frozen)}]")
        return "\n".join(lines) + "\n"


class Planned:
    """A graph while it grows: ``nodes[n]`` is the node that layer n has become.

    ``frozen`` are the owners of weights that aren't trained, whichever of their layers says so.
    """

    def __init__(self, arriving: Tensor, dtype: str) -> None:
        self.builder = Builder("random", arriving, dtype=dtype)
        self.nodes = [0]
        self.frozen: set[int] = set()

    def output(self, number: int) -> Tensor:
        return self.builder.nodes[self.nodes[number]].output

    def add(self, layer: Layer) -> None:
        """Add a layer, with its pad in front of it. Raises a SpecError, and then has added nothing."""
        name, op = _name(len(self.nodes)), layer.op
        inputs = tuple(self.nodes[i] for i in layer.inputs)
        before = len(self.builder.nodes)
        owner = None if layer.owner is None else self.nodes[layer.owner]
        try:
            split = op.split(self.builder.nodes[inputs[0]].output)
            if split is not None:
                pad, op = split
                inputs = (self.builder.add(f"{name}.pad", pad, inputs),)
            at = self.builder.add(name, op, inputs, owner=owner)
        except BaseException:  # undone, and raised again
            del self.builder.nodes[before:]
            raise
        self.nodes.append(at)
        if layer.frozen:
            self.frozen.update(self.builder.nodes[i].owner for i in range(before, at + 1))


def _name(number: int) -> str:
    return f"n{number}" if number else "input"


def _input(x: Tensor, dtype: str) -> str:
    kind = "shape" if x.channels_first and not x.is_vector else "tokens"
    more = "" if x.dtype == dtype else f", dtype: {x.dtype}"
    return f"{{{kind}: {flow(x.sample)}{more}}}"


def _entry(number: int, layer: Layer) -> list[str]:
    op = layer.op
    rest = [(key, value) for key, value in options(op) if key != op.main]
    main = dict(options(op)).get(op.main or "", "")
    rest.append(("name", _name(number)))
    if layer.owner is not None:
        rest.append(("share", _name(layer.owner)))
    if op.arity == 1:
        before = [] if layer.inputs == (number - 1,) else [f"  - from: {_name(layer.inputs[0])}"]
        return [
            *before,
            "  - {" + ", ".join(f"{k}: {v}" for k, v in [(op.word, main), *rest]) + "}",
        ]
    roles: Any = op.roles or ("",) * len(layer.inputs)
    named = [
        f"{role}: {_name(i)}" if role else _name(i)
        for role, i in zip(roles, layer.inputs, strict=True)
    ]
    branches = ", ".join(named)
    listed = f"{{{branches}}}" if op.roles else f"[{branches}]"
    return [f"  - {op.word}: {listed}", *(f"    {key}: {value}" for key, value in rest)]
