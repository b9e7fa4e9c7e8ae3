"""All tools by name, and which of them print a figure."""

import msgspec

from archstat.errors import SpecError, UsageError
from archstat.graph import Graph
from archstat.report.accountings import (
    calflops,
    flopcounter,
    fvcore,
    keras,
    own,
    ptflops,
    thop,
    torchinfo,
    torchvision,
    ultralytics_thop,
)
from archstat.report.accountings.sums import Account, Figure, Tool
from archstat.report.grouping import sample
from archstat.report.report import Conditions
from archstat.spec.model import Settings, Spec
from archstat.units import parse

TOOLS: dict[str, Tool] = {
    tool.name: tool
    for tool in (
        *own.TOOLS,
        flopcounter.TOOL,
        *fvcore.TOOLS,
        torchinfo.TOOL,
        thop.TOOL,
        ultralytics_thop.TOOL,
        ptflops.TOOL,
        calflops.TOOL,
        torchvision.TOOL,
        keras.TOOL,
    )
}


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The accounts of one network; ``asked`` is the figure that was asked about, empty where it was a tool."""

    name: str
    reference: str
    conditions: Conditions
    asked: str
    accounts: tuple[Account, ...]


def answer(spec: Spec, against: str, settings: Settings, *, aux: bool = False) -> Answer:
    """Return :func:`account`'s accounts of a spec that was loaded with ``settings``."""
    graph = spec.graph.select(aux=aux)
    return Answer(
        name=spec.name,
        reference=spec.reference,
        conditions=Conditions.of(graph, sample(graph.input), settings, aux=aux),
        asked="" if against in TOOLS else against,
        accounts=tuple(account(graph, against)),
    )


def account(graph: Graph, against: str) -> list[Account]:
    """Return the figures of the tool ``against``; for a printed figure (``4.1G``) all, those that print it first.

    Raises a UsageError for what is neither.
    """
    if against in TOOLS:
        return [_account(graph, TOOLS[against], figure) for figure in TOOLS[against].figures]
    try:
        printed = parse(against)
    except SpecError:
        printed = None
    if printed is None or printed.unit == "bytes":
        raise UsageError(
            f"no accounting '{against}'",
            hint=f"there are {', '.join(TOOLS)}; or give a figure such as 4.1G",
        )
    found = [_account(graph, tool, figure) for tool in TOOLS.values() for figure in tool.figures]
    said = [msgspec.structs.replace(one, prints=printed.matches(one.total)) for one in found]
    return sorted(said, key=lambda one: one.prints is None)


def _account(graph: Graph, tool: Tool, figure: Figure) -> Account:
    lines = tuple(figure.lines(graph))
    return Account(tool=tool, of=figure.of, called=figure.called, lines=lines)
