"""Printed figures beside what the graph gives, with a verdict for each.

reproduced          the exact value rounds to the printed figure
truncated           it doesn't round to it, but cut off after the printed digits it is the same
slip                it doesn't give the printed figure, and a derivation computed from the graph does
differs             neither; the spec says what is known of the reason
"""

from functools import lru_cache

import msgspec

from archstat.errors import SpecError
from archstat.graph import Graph
from archstat.report.metrics import ask, exact, output_of
from archstat.report.report import PublishedLine
from archstat.spec import Figure, Spec, bundled, load
from archstat.units import parse

FAMILIES = {
    "params": ("params", "weights", "biases", "trainable_params"),
    "macs": ("macs", "flops"),
    "activations": ("activations", "activation_bytes", "param_bytes"),
}
"""Which metrics' figures stand below which table."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """One figure, judged. ``holds`` says that the verdict is the one the spec's author recorded."""

    figure: Figure
    outcome: str
    computed: str
    derived: str = ""
    holds: bool

    @property
    def line(self) -> PublishedLine:
        figure = self.figure
        return PublishedLine(
            quantity=figure.quantity,
            printed=figure.printed,
            source=figure.source,
            verdict=self.outcome,
            computed=self.computed,
            derivation=f"{figure.slip} = {self.derived}" if figure.slip and self.derived else "",
            why=figure.why,
        )


def judge(spec: Spec, figure: Figure) -> Verdict:
    """Judge one figure. Raises a SpecError, with the figure's place, if its expressions ask for what isn't there."""
    try:
        outcome, computed, derived = _judge(spec, figure)
    except SpecError as error:
        raise error if figure.mark is None else error.at(figure.mark) from None
    recorded = figure.verdict
    same = outcome == recorded or (outcome == "truncated" and recorded == "reproduced")
    return Verdict(figure=figure, outcome=outcome, computed=computed, derived=derived, holds=same)


def lines(spec: Spec, quantity: str) -> list[PublishedLine]:
    """Return the printed figures of the whole network that belong below a table of ``quantity``."""
    metrics = FAMILIES.get(quantity, (quantity,))
    return [
        judge(spec, figure).line
        for figure in spec.published
        if figure.metric in metrics and not figure.table and figure.quantity == figure.metric
    ]


def _judge(spec: Spec, figure: Figure) -> tuple[str, str, str]:
    if figure.metric == "output":
        return _judge_shape(spec.graph, figure)
    # Figures of a network are printed without its auxiliary heads.
    graph = spec.graph.select(aux=False)
    value = ask(graph, figure.computed, _other)
    printed = parse(figure.printed)
    computed = exact(value)
    if isinstance(value, bool):
        raise SpecError(f"'{figure.computed}' is a condition, not a number")
    matched = printed.matches(value)
    if matched is not None:
        return ("reproduced" if matched == "rounded" else "truncated"), computed, ""
    if figure.slip is None:
        return "differs", computed, ""
    slip = ask(graph, figure.slip, _other)
    if isinstance(slip, bool):
        raise SpecError(f"'{figure.slip}' is a condition, not a number")
    derived = exact(slip)
    return ("slip" if printed.matches(slip) is not None else "differs"), computed, derived


def _judge_shape(graph: Graph, figure: Figure) -> tuple[str, str, str]:
    glob = figure.computed.partition("'")[2].rpartition("'")[0] or None
    shape = output_of(graph, glob)
    printed = tuple(int(n) for n in figure.printed.split("x"))
    # Lectures print height x width x channels, PyTorch channels first; a vector may keep its 1x1.
    forms = {shape, (*shape[1:], shape[0])}
    if len(shape) == 1:
        forms |= {(1, 1, *shape), (*shape, 1, 1)}
    computed = "x".join(map(str, (*shape[1:], shape[0])))
    return ("reproduced" if printed in forms else "differs"), computed, ""


@lru_cache(maxsize=32)
def _other(name: str) -> Graph:
    if name not in bundled():
        raise SpecError(f"of='{name}': no bundled spec has this name")
    return load(name).graph.select(aux=False)
