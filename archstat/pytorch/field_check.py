"""verify's check of receptive fields: what the rules say a unit sees, beside what its gradient reaches."""

from collections.abc import Iterator, Sequence

from archstat import passes
from archstat.graph import Graph
from archstat.passes.lattice import Span
from archstat.passes.receptive_field import fields
from archstat.passes.views import axes, views
from archstat.pytorch.agreement import Comparison, Outcome
from archstat.pytorch.footprint import expected, footprint, span_of
from archstat.pytorch.narrow import narrow
from archstat.pytorch.subject import Subject

SAMPLED = 5
"""Layers held against the gradient, beside the output: from the input to the last that doesn't see everything."""

MOST_ELEMENTS = 100_000_000
"""Elements of all outputs together up to a layer; one that needs a larger input is not sampled."""

MOST_MACS = 20_000_000_000
"""A network that can't be narrowed is run as it is, unless it is larger."""

TOGETHER = "not all channels see the same; archstat takes those of a position together"

SETS_APART = frozenset({"concat", "pixel_unshuffle"})
"""Ops whose channels come from different places."""

PICKS = frozenset({"slice", "select", "pixel_shuffle"})
"""Ops that take some of the channels, for all positions or for one phase."""

MIXES = frozenset({"conv", "conv_transpose", "linear"})
"""Ops each of whose channels reads all channels, without groups."""


def receptive_fields(subject: Subject) -> Outcome:
    """Hold what single units see: of some layers on an input that is long enough, and of the network's output."""
    found = [*_moving(subject.graph), *_output(subject)]
    skipped = "" if found else "no layer's positions can be followed"
    return Outcome(
        check="receptive fields",
        reference="gradient footprint",
        compared=tuple(found),
        skipped=skipped,
    )


def _moving(graph: Graph) -> Iterator[Comparison]:
    """Hold layers of the network on an input that is longer along one axis, so that no end cuts their fields."""
    known = fields(graph)
    alike = all(len(set(row)) == 1 for row in known)
    for k, axis in enumerate(axes(graph)[: 1 if alike else None]):
        held = [row[k] for row in known]
        moving = {
            field: i
            for i, field in enumerate(held)
            if i and not field.whole and field.jump and field.smallest
        }
        sample = _spread(list(moving.values()))
        while sample:
            needed = max((held[i].size or 0) + 4 * -(-(held[i].jump or 0) // 1) for i in sample)
            step = max(-(-(held[i].jump or 1) // 1) for i in sample)
            length = graph.input.shape[axis]
            length += max(0, -(-(needed - length) // step)) * step
            shape = [1, *graph.input.sample]
            shape[axis] = length
            small, at = narrow(graph, tuple(shape))
            elements = sum(n.output.numel for n in small.nodes[: at.get(sample[-1], 0) + 1])
            if elements <= MOST_ELEMENTS:
                yield from _held(small, [at[i] for i in sample if i in at])
                break
            sample.pop()


def _output(subject: Subject) -> Iterator[Comparison]:
    """Hold the output: of the narrow network, or of the network itself where that is small enough."""
    graph = subject.graph
    last = graph.outputs[0]
    small, at = narrow(graph, (1, *graph.input.sample))
    if last in at:
        yield from _held(small, [at[last]])
    elif sum(passes.macs(graph)) <= MOST_MACS:
        yield from _held(graph, [last], subject)


def _held(
    graph: Graph, sample: Sequence[int], subject: Subject | None = None
) -> Iterator[Comparison]:
    subject = subject or Subject(graph)
    seen = views(graph)
    for index in sample:
        node, row = graph.nodes[index], seen[index]
        # The middle one of the units, or of a causal mask the last token, which alone sees all.
        last = any(getattr(n.op, "causal", False) for n in graph.nodes[: index + 1])
        y = node.output
        unit = {
            d: n - 1 if last else n // 2
            for d, n in enumerate(y.shape)
            if d not in (0, y.channel_dim)
        }
        unit |= {v.axis: y.shape[v.axis] // 2 for v in row if v.moving and v.axis not in unit}
        reached = footprint(subject, index, unit)
        ours, theirs = [], []
        for view, field, axis in zip(row, fields(graph)[index], axes(graph), strict=True):
            if view.blurred is None or field.whole:
                whole = (0, graph.input.shape[axis] - 1)
                ours.append(whole if field.whole else expected(view, unit.get(view.axis, 0)))
                theirs.append(span_of(reached, axis))
        if ours:
            yield Comparison(
                path=node.path,
                ours=_written(ours),
                theirs=_written(theirs),
                reason=TOGETHER if at_most(graph, index) and within(theirs, ours) else "",
            )


def _spread(indices: list[int]) -> list[int]:
    """Return at most SAMPLED of the indices, evenly, the last among them."""
    if len(indices) <= SAMPLED:
        return indices
    return [indices[(k + 1) * len(indices) // SAMPLED - 1] for k in range(SAMPLED)]


def at_most(graph: Graph, index: int) -> bool:
    """Return whether a layer may see less than its field: some channels of what sees more than others."""
    apart = [False]
    for node in graph.nodes[1 : index + 1]:
        word = node.op.word
        arrives = any(apart[i] for i in node.inputs)
        if word in PICKS and arrives:
            return True
        mixes = word in MIXES and getattr(node.op, "groups", 1) == 1
        apart.append(word in SETS_APART or (arrives and not mixes))
    return False


def within(inner: Sequence[Span | None], outer: Sequence[Span | None]) -> bool:
    """Return whether no span of ``inner`` reaches beyond its one of ``outer``."""
    return all(
        a is None or (b is not None and b[0] <= a[0] and a[1] <= b[1])
        for a, b in zip(inner, outer, strict=True)
    )


def _written(spans: Sequence[Span | None]) -> str:
    return " x ".join("nothing" if span is None else f"{span[0]}..{span[1]}" for span in spans)
