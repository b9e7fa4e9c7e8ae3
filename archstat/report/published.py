"""Printed figures beside what the graph gives, with a verdict for each.

reproduced          the exact value rounds to the printed figure
accounting          it doesn't, and another way of counting, computed from the graph, gives the printed figure
slip                it doesn't, and a mistake, computed from the graph, gives the printed figure
truncated           it doesn't round to it, but cut off after the printed digits it is the same
differs             none of these; the spec says what is known of the reason
"""

from functools import lru_cache

import msgspec

from archstat.errors import Mark, SpecError
from archstat.graph import Graph
from archstat.report.metrics import Metrics
from archstat.report.report import PublishedLine
from archstat.report.values import Value
from archstat.spec import Figure, Spec, bundled, load
from archstat.spec.expressions import Number
from archstat.units import parse

FAMILIES = {
    "params": ("params", "weights", "biases", "trainable_params"),
    "macs": ("macs", "flops"),
    "activations": ("activations", "activation_bytes", "param_bytes"),
}
"""Which metrics' figures stand below which table."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """One figure, judged. ``holds`` says that the verdict is the one the spec's author recorded.

    ``derived`` is what the figure's derivation gives; ``cut`` says that it gives the printed figure only when it is
    cut off after the printed digits.
    """

    figure: Figure
    outcome: str
    computed: Value
    derived: Number | None = None
    cut: bool = False

    @property
    def holds(self) -> bool:
        recorded = self.figure.verdict
        return self.outcome == recorded or (self.outcome, recorded) == ("truncated", "reproduced")

    @property
    def line(self) -> PublishedLine:
        figure = self.figure
        return PublishedLine(
            quantity=figure.quantity,
            printed=figure.printed,
            read_as=figure.read_as,
            source=figure.source,
            verdict=self.outcome,
            computed=self.computed,
            derivation=figure.derivation or "",
            derived=self.derived,
            cut=self.cut,
            why=figure.why,
            inferred=figure.inferred,
        )


def metrics_of(spec: Spec) -> Metrics:
    """Return what a spec's figures are asked of: they are printed of networks without their auxiliary heads."""
    return Metrics(spec.graph.select(aux=False), _other)


def judge(spec: Spec, figure: Figure, metrics: Metrics | None = None) -> Verdict:
    """Judge one figure; give ``metrics_of(spec)`` along to judge many.

    Raises a SpecError, with the expression's place, if one asks for what isn't there.
    """
    metrics = metrics or metrics_of(spec)
    if figure.metric == "output":
        return _judge_shape(metrics, figure)
    printed = parse(figure.meant)
    value = _number(metrics, figure.computed, figure.computed_mark or figure.mark)
    match = printed.matches(value)
    if figure.derivation is None or match == "rounded":
        outcome = {"rounded": "reproduced", "truncated": "truncated", None: "differs"}[match]
        return Verdict(figure=figure, outcome=outcome, computed=value)
    derived = _number(metrics, figure.derivation, figure.derivation_mark or figure.mark)
    derived_match = printed.matches(derived)
    if match and derived_match != "rounded":
        return Verdict(figure=figure, outcome="truncated", computed=value)
    return Verdict(
        figure=figure,
        outcome=figure.verdict if derived_match else "differs",
        computed=value,
        derived=derived,
        cut=derived_match == "truncated",
    )


def lines(spec: Spec, quantity: str) -> list[PublishedLine]:
    """Return the printed figures of the whole network that belong below a table of ``quantity``."""
    family = FAMILIES.get(quantity, (quantity,))
    metrics = metrics_of(spec)
    return [
        judge(spec, figure, metrics).line
        for figure in spec.published
        if figure.metric in family and not figure.table and figure.quantity == figure.metric
    ]


def _number(metrics: Metrics, expression: str, mark: Mark | None) -> Number:
    try:
        value = metrics.ask(expression)
        if isinstance(value, bool):
            raise SpecError(f"'{expression}' is a condition, not a number")
    except SpecError as error:
        raise error if mark is None else error.at(mark) from None
    return value


def _judge_shape(metrics: Metrics, figure: Figure) -> Verdict:
    glob = figure.computed.partition("'")[2].rpartition("'")[0] or None
    try:
        shape = metrics.output_of(glob)
    except SpecError as error:
        mark = figure.computed_mark or figure.mark
        raise error if mark is None else error.at(mark) from None
    printed = tuple(int(n) for n in figure.printed.split("x"))
    # Lectures print height x width x channels, PyTorch channels first; a vector may keep its 1x1.
    forms = {shape, (*shape[1:], shape[0])}
    if len(shape) == 1:
        forms |= {(1, 1, *shape), (*shape, 1, 1)}
    outcome = "reproduced" if printed in forms else "differs"
    return Verdict(figure=figure, outcome=outcome, computed=(*shape[1:], shape[0]))


@lru_cache(maxsize=32)
def _other(name: str) -> Graph:
    if name not in bundled():
        raise SpecError(f"of='{name}': no bundled spec has this name")
    return load(name).graph.select(aux=False)
