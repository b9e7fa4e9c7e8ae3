"""How other tools come to their figure: a sum from archstat's MACs to theirs, line by line, without the tools.

Only accountings that tests hold against the tool itself are here.
"""

from collections.abc import Callable

import msgspec

from archstat import passes
from archstat.errors import SpecError, UsageError
from archstat.graph import Graph
from archstat.ops.base import total
from archstat.pytorch.references import counted, reason
from archstat.report.grouping import total as added
from archstat.units import parse


class Line(msgspec.Struct, frozen=True):
    """One addend of the sum; the first is archstat's own total."""

    label: str
    amount: int
    layers: int


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A tool's total as a sum. ``said`` says whether it prints the figure that was asked about."""

    name: str
    about: str
    lines: tuple[Line, ...]
    said: str = ""

    @property
    def total(self) -> int:
        return sum(line.amount for line in self.lines)


def _macs(graph: Graph) -> list[Line]:
    values = passes.macs(graph)
    return [Line("archstat's MACs", sum(values), sum(bool(n) for n in values))]


def _fvcore(graph: Graph) -> list[Line]:
    """Add what fvcore counts more or less, rule by rule."""
    sums: dict[str, tuple[int, int]] = {}
    for node in graph.nodes:
        theirs = counted("fvcore", "flops", node)
        more = theirs - total(node.op.macs(node.io))
        if more:
            why = reason("fvcore", "flops", node, theirs)
            amount, layers = sums.get(why, (0, 0))
            sums[why] = (amount + more, layers + 1)
    return _macs(graph) + [Line(why, *pair) for why, pair in sums.items()]


def _flopcounter(graph: Graph) -> list[Line]:
    """Add the MACs again: FlopCounterMode counts two for each, and nothing else."""
    (first,) = _macs(graph)
    return [
        first,
        Line("x 2: a multiplication and an addition for each MAC", first.amount, first.layers),
    ]


def _flops(graph: Graph) -> list[Line]:
    """Add what archstat's own FLOPs have beside two per MAC."""
    doubled = _flopcounter(graph)
    rest = (added(passes.flops(graph)) or 0) - sum(line.amount for line in doubled)
    return [*doubled, Line("bias, norms, activations, pooling, softmax, elementwise work", rest, 0)]


ACCOUNTINGS: dict[str, tuple[str, Callable[[Graph], list[Line]]]] = {
    "macs": ("archstat's MACs; the FLOPs of the ResNet, EfficientNet and ConvNeXt papers", _macs),
    "flops": ("archstat's FLOPs: all floating-point operations", _flops),
    "flopcounter": ("torch.utils.flop_counter on meta tensors", _flopcounter),
    "fvcore": ("fvcore's FlopCountAnalysis", _fvcore),
}


def account(graph: Graph, against: str) -> list[Account]:
    """Return the accounting called ``against``; or for a figure (``4.1G``) all, each with whether it prints it."""
    if against in ACCOUNTINGS:
        about, lines = ACCOUNTINGS[against]
        return [Account(name=against, about=about, lines=tuple(lines(graph)))]
    try:
        printed = parse(against)
    except SpecError:
        raise UsageError(
            f"no accounting '{against}'",
            hint=f"there are {', '.join(ACCOUNTINGS)}; or give a figure such as 4.1G",
        ) from None
    found = []
    for name, (about, lines) in ACCOUNTINGS.items():
        made = Account(name=name, about=about, lines=tuple(lines(graph)))
        said = f"prints {against}" if printed.matches(made.total) else f"doesn't print {against}"
        found.append(msgspec.structs.replace(made, said=said))
    return found
