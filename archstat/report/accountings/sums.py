"""A tool's figure as a sum that begins with archstat's own total."""

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Literal

import msgspec

from archstat import passes
from archstat.graph import Graph, Node
from archstat.ops.base import total

Of = Literal["macs", "flops", "params"]
"""What a tool's figure is of, in archstat's words; the tool may call it otherwise."""

Addends = Iterable[tuple[str, int | Fraction]]
"""What a tool counts more or less than archstat for a node, each with why; zeros are left out."""


class Line(msgspec.Struct, frozen=True):
    """One addend of the sum; the first is archstat's own total. ``layers`` is 0 where it isn't about layers."""

    label: str
    amount: int
    layers: int = 0


Lines = Callable[[Graph], list[Line]]


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One figure that a tool prints: ``called`` is the tool's name for it, ``lines`` the rule that gives it."""

    of: Of
    called: str
    lines: Lines


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    """``name`` is what ``--against`` takes; the rules are those of ``version`` of ``package``, by default the name.

    archstat's own figures have no version. ``note`` says what else they hold for.
    """

    name: str
    version: str = ""
    package: str = ""
    note: str = ""
    figures: tuple[Figure, ...]

    @property
    def described(self) -> str:
        """The tool with its version: ``torchinfo 1.8.0``."""
        return f"{self.package or self.name} {self.version}" if self.version else "archstat"


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A tool's figure of one network as a sum. ``prints`` says whether it prints the figure that was asked about."""

    tool: Tool
    of: Of
    called: str
    lines: tuple[Line, ...]
    prints: Literal["rounded", "truncated"] | None = None

    @property
    def total(self) -> int:
        return sum(line.amount for line in self.lines)


def macs(graph: Graph) -> list[Line]:
    """Return archstat's MACs as the first line."""
    return [_own("archstat's MACs", passes.macs(graph))]


def twice(graph: Graph) -> list[Line]:
    """Return archstat's MACs, and the same again: two FLOPs for each."""
    (first,) = macs(graph)
    more = "x 2: a multiplication and an addition for each MAC"
    return [first, Line(more, first.amount, first.layers)]


def params(graph: Graph) -> list[Line]:
    """Return archstat's params as the first line."""
    return [_own("archstat's params", passes.params(graph))]


def trainable(graph: Graph) -> list[Line]:
    """Return the params, and less the frozen ones, which some tools leave out."""
    (own,) = params(graph)
    frozen = [
        node.frozen and bool(n) for node, n in zip(graph.nodes, passes.params(graph), strict=True)
    ]
    less = sum(passes.trainable_params(graph)) - own.amount
    return [own, *([Line("frozen params aren't counted", less, sum(frozen))] if less else [])]


def from_macs(rule: Callable[[Node], Addends]) -> Lines:
    """Return archstat's MACs and what ``rule`` adds to them."""
    return lambda graph: macs(graph) + gathered(graph, rule)


def gathered(graph: Graph, rule: Callable[[Node], Addends]) -> list[Line]:
    """Add up what ``rule`` gives for each node, a line for each reason.

    A tool that adds fractions of an operation cuts the sum off, so a line is cut off after adding.
    """
    sums: dict[str, tuple[int | Fraction, int]] = {}
    for node in graph.nodes[1:]:
        for why, more in rule(node):
            if more:
                amount, layers = sums.get(why, (0, 0))
                sums[why] = (amount + more, layers + 1)
    return [Line(why, int(amount), layers) for why, (amount, layers) in sums.items()]


def macs_of(node: Node) -> int:
    """Return archstat's MACs of one node."""
    return total(node.op.macs(node.io))


def _own(label: str, values: Iterable[int]) -> Line:
    known = tuple(values)
    return Line(label, sum(known), sum(map(bool, known)))
