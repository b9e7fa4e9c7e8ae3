"""Receptive fields against the gradient's footprint on random small networks, unit by unit."""

from fractions import Fraction
from itertools import product
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from archstat.errors import SpecError
from archstat.graph import Builder, Graph
from archstat.ops.base import Op
from archstat.ops.conv import Conv, ConvTranspose
from archstat.ops.join import Add, Concat
from archstat.ops.layer_norm import GroupNorm
from archstat.ops.norm import BatchNorm
from archstat.ops.pad import Pad
from archstat.ops.pool import AdaptiveAvgPool, AvgPool
from archstat.ops.reach import Along, itself
from archstat.ops.resize import Interpolate, PixelShuffle, PixelUnshuffle
from archstat.passes.lattice import hull
from archstat.passes.receptive_field import fields
from archstat.passes.views import views
from archstat.spec import bundled, load
from archstat.tensor import Tensor

torch = pytest.importorskip("torch", reason="torch is not installed: pip install torch fvcore")
footprint = pytest.importorskip("archstat.pytorch.footprint")
field_check = pytest.importorskip("archstat.pytorch.field_check")
Subject: Any = pytest.importorskip("archstat.pytorch.subject").Subject

scales = st.sampled_from([Fraction(2), Fraction(3), Fraction(1, 2), Fraction(3, 2), Fraction(4, 3)])


def windows(rank: int) -> st.SearchStrategy[Op]:
    def per_axis(low: int, high: int) -> st.SearchStrategy[tuple[int, ...]]:
        return st.tuples(*[st.integers(low, high)] * rank)

    modes = {1: ("linear",), 2: ("bilinear", "bicubic")}[rank]
    return st.one_of(
        st.builds(Conv, channels=st.just(4), kernel=per_axis(1, 4), stride=per_axis(1, 3),
                  padding=per_axis(0, 3), dilation=per_axis(1, 3)),
        st.builds(AvgPool, kernel=per_axis(2, 3), stride=per_axis(1, 3), padding=per_axis(0, 1),
                  ceil_mode=st.booleans()),
        st.builds(ConvTranspose, channels=st.just(4), kernel=per_axis(1, 4), stride=per_axis(1, 3),
                  padding=per_axis(0, 1), dilation=per_axis(1, 2)),
        st.builds(Interpolate, scale=scales, mode=st.sampled_from(["nearest", "nearest-exact", "area", *modes])),
        st.builds(Interpolate, size=per_axis(9, 33), mode=st.sampled_from(modes), align_corners=st.booleans()),
        st.builds(Pad, sides=st.tuples(*[st.integers(-3, 4)] * (2 * rank))),
        *([st.just(PixelShuffle(factor=2)), st.just(PixelUnshuffle(factor=2))] if rank == 2 else []),
    )  # fmt: skip


@st.composite
def networks(draw: st.DrawFn, behind: Op | None = None) -> Graph:
    """Draw a stack of up to five layers; some have a second branch beside them, joined where shapes allow.

    ``behind`` comes behind the last one.
    """
    rank = draw(st.sampled_from([1, 2]))
    sizes = (draw(st.integers(20, 40)), *([draw(st.integers(20, 40))] if rank == 2 else []))
    builder = Builder("random", Tensor((1, 4, *sizes), "float64"), dtype="float64")
    at = 0
    for i in range(draw(st.integers(1, 5))):
        try:
            before = at
            at = builder.add(f"layer{i}", draw(windows(rank)), (before,))
            if draw(st.booleans()):
                other = builder.add(f"beside{i}", draw(windows(rank)), (before,))
                join = draw(st.sampled_from([Add(), Concat()]))
                join.check((builder.nodes[at].output, builder.nodes[other].output), ("a", "b"))
                at = builder.add(f"join{i}", join, (at, other))
        except SpecError:
            continue
    y = builder.nodes[at].output
    assume(at and min(y.spatial) >= 3 and max(y.spatial) <= 200)
    if behind:
        at = builder.add("behind", behind, (at,))
    return builder.build((at,))


def read(graph: Graph, unit: tuple[int, ...], *, ends: bool) -> set[tuple[int, ...]]:
    """Return the input positions that a unit of the output reads, position by position through every layer.

    Without ``ends`` every axis goes on for ever.
    """
    reached = {graph.outputs[0]: {unit}}
    for index in range(graph.outputs[0], 0, -1):
        node, places = graph.nodes[index], reached.pop(index, set())
        for route in node.op.reach(node.io):
            taps: dict[int, Any] = {r.axis: r.taps for r in route.reads if isinstance(r, Along)}
            sizes = node.io.inputs[route.input].spatial
            for place in places:
                along = [
                    [u for u in taps[2 + k].at(i) if not ends or 0 <= u < n]
                    if 2 + k in taps
                    else range(n)
                    for k, (i, n) in enumerate(zip(place, sizes, strict=True))
                ]
                reached.setdefault(node.inputs[route.input], set()).update(product(*along))
    return reached.get(0, set())


def along(graph: Graph, axis: int) -> list[list[set[int]]]:
    """Return which positions along an axis each unit of each layer sees, followed forwards, up to all ends."""
    found = [[{i} for i in range(graph.input.shape[axis])]]
    for node in graph.nodes[1:]:
        units: list[set[int]] = [set() for _ in range(node.output.shape[axis])]
        for route in node.op.reach(node.io):
            before, reads = found[node.inputs[route.input]], route.reads[axis]
            for i, seen in enumerate(units):
                every = range(len(before))
                taps = reads.taps.at(i) if isinstance(reads, Along) else every
                seen.update(*(before[u] for u in taps if u in every))
        found.append(units)
    return found


def spans(places: set[tuple[int, ...]]) -> list[tuple[int, int] | None]:
    axes = list(zip(*places, strict=True))
    return [(min(axis), max(axis)) for axis in axes]


@settings(max_examples=150)
@given(networks(), st.data())
def test_a_unit_sees_what_its_gradient_reaches(graph: Graph, data: st.DataObject) -> None:
    last, sizes = graph.outputs[0], graph.output.spatial
    unit = tuple(data.draw(st.integers(0, n - 1)) for n in sizes)
    where = {2 + k: i for k, i in enumerate(unit)}
    reached = footprint.footprint(Subject(graph), last, where)
    measured = [footprint.span_of(reached, 2 + k) for k in range(len(sizes))]
    expected = spans(read(graph, unit, ends=True)) or [None] * len(sizes)
    if field_check.at_most(graph, last):
        assert field_check.within(measured, expected)
    else:
        assert measured == expected


@settings(max_examples=150)
@given(networks(), st.data())
def test_the_pass_sees_what_a_loop_over_positions_does(graph: Graph, data: st.DataObject) -> None:
    last, sizes = graph.outputs[0], graph.output.spatial
    row, known = views(graph)[last], fields(graph)[last]
    assume(all(view.blurred is None for view in row))
    # A hole along one axis leaves a path empty, whatever it sees along the other.
    assume(len(row) == 1 or all(field.smallest for field in known))
    unit = tuple(data.draw(st.integers(0, n - 1)) for n in sizes)
    seen = [
        hull([paths.together.at(i) for paths in view.moving])
        for view, i in zip(row, unit, strict=True)
    ]
    expected = spans(read(graph, unit, ends=False)) or [None] * len(sizes)
    moving = [k for k, view in enumerate(row) if view.moving and not view.same]
    assert [seen[k] for k in moving] == [expected[k] for k in moving]
    for k in moving:
        span = seen[k]
        if known[k].aligned and known[k].smallest == known[k].size and span:
            assert span[1] - span[0] + 1 == known[k].size


@settings(max_examples=150)
@given(networks())
def test_up_to_the_ends_the_pass_sees_what_a_loop_over_positions_does(graph: Graph) -> None:
    for axis in range(len(graph.input.spatial)):
        found = along(graph, 2 + axis)
        for row, units in zip(views(graph), found, strict=True):
            view = row[axis]
            if view.blurred is None:
                assert [footprint.expected(view, i) for i in range(len(units))] == [
                    (min(seen), max(seen)) if seen else None for seen in units
                ]


@settings(max_examples=150)
@given(st.data())
def test_behind_a_global_op_a_unit_sees_what_its_gradient_reaches(data: st.DataObject) -> None:
    behind = data.draw(st.sampled_from([AdaptiveAvgPool(size=1), GroupNorm(groups=1)]))
    graph = data.draw(networks(behind))
    last, rank = graph.outputs[0], len(graph.input.spatial)
    where = {2 + k: 0 for k in range(rank)}
    reached = footprint.footprint(Subject(graph), last, where)
    measured = [footprint.span_of(reached, 2 + k) for k in range(rank)]
    row = views(graph)[last]
    assume(all(view.blurred is None for view in row))
    named = [footprint.expected(view, 0) for view in row]
    # What is empty along one axis sees nothing along the other either, which is another one's view.
    if rank > 1 or field_check.at_most(graph, last):
        assert field_check.within(measured, named)
    else:
        assert measured == named


def test_norms_that_look_at_the_map_see_all_of_it() -> None:
    builder = Builder("norms", Tensor((1, 4, 9, 11), "float64"), dtype="float64")
    first = builder.add("conv", Conv(channels=4, kernel=3), (0,))
    batch = builder.add("batch", BatchNorm(), (first,))
    group = builder.add("group", GroupNorm(groups=2), (batch,))
    graph = builder.build((group,))
    found = fields(graph)
    assert [field.whole for field in found[batch]] == [False, False]
    assert [(field.whole, field.size, field.smallest) for field in found[group]] == [
        (True, 9, 3),
        (True, 11, 3),
    ]
    for at, ends in (batch, ((3, 5), (4, 6))), (group, ((0, 8), (0, 10))):
        reached = footprint.footprint(Subject(graph), at, {2: 3, 3: 4})
        assert (footprint.span_of(reached, 2), footprint.span_of(reached, 3)) == ends


@pytest.mark.parametrize(
    "name", ["alexnet", "googlenet", "unet", "resnet18", "seresnet50", "vit_b_16", "gpt2_small"]
)
def test_bundled(name: str) -> None:
    outcome = field_check.receptive_fields(Subject(load(name).graph))
    assert not outcome.failed
    assert outcome.counts == {"agrees": len(outcome.compared)}


@pytest.mark.slow
@pytest.mark.parametrize("name", bundled())
def test_all_bundled(name: str) -> None:
    assert not field_check.receptive_fields(Subject(load(name).graph)).failed


def test_a_wrong_field_fails() -> None:
    graph = load("plain20").graph
    at = next(i for i, node in enumerate(graph.nodes) if node.op.word == "conv")
    node = graph.nodes[at]

    class Blind(Conv, frozen=True, kw_only=True):
        def reach(self, io: Any) -> Any:
            return (itself(io.x),)

    op = Blind(**{name: getattr(node.op, name) for name in node.op.__struct_fields__})
    wrong = msgspec.structs.replace(node, op=op)
    changed = msgspec.structs.replace(
        graph, nodes=(*graph.nodes[:at], wrong, *graph.nodes[at + 1 :])
    )
    assert field_check.receptive_fields(Subject(changed)).counts["differs"] >= 5
