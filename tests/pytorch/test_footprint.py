"""Receptive fields against the gradient's footprint on random small networks, unit by unit."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from archstat.errors import SpecError
from archstat.graph import Builder, Graph
from archstat.ops.base import Op
from archstat.ops.conv import Conv, ConvTranspose
from archstat.ops.join import Add, Concat
from archstat.ops.pad import Pad
from archstat.ops.pool import AvgPool
from archstat.ops.resize import Interpolate, PixelShuffle, PixelUnshuffle
from archstat.passes.receptive_field import fields
from archstat.passes.views import views
from archstat.tensor import Tensor

torch = pytest.importorskip("torch", reason="torch is not installed: pip install torch fvcore")
footprint = pytest.importorskip("archstat.pytorch.footprint")
field_check = pytest.importorskip("archstat.pytorch.field_check")
Subject: Any = pytest.importorskip("archstat.pytorch.subject").Subject

small = st.integers(1, 3)
scales = st.sampled_from([Fraction(2), Fraction(3), Fraction(1, 2), Fraction(3, 2), Fraction(4, 3)])


def windows(rank: int) -> st.SearchStrategy[Op]:
    def per_axis(low: int, high: int) -> st.SearchStrategy[tuple[int, ...]]:
        return st.tuples(*[st.integers(low, high)] * rank)

    modes = {1: ("linear",), 2: ("bilinear", "bicubic")}[rank]
    return st.one_of(
        st.builds(Conv, channels=st.just(4), kernel=per_axis(1, 4), stride=per_axis(1, 3),
                  padding=per_axis(0, 2), dilation=per_axis(1, 3)),
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
def networks(draw: st.DrawFn) -> Graph:
    """Draw a stack of up to five layers; some have a second branch beside them, joined where shapes allow."""
    rank = draw(st.sampled_from([1, 2]))
    sizes = (draw(st.integers(40, 60)), *([draw(st.integers(20, 40))] if rank == 2 else []))
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
    return builder.build((at,))


@settings(max_examples=120, deadline=None)
@given(networks(), st.data())
def test_a_unit_sees_what_its_gradient_reaches(graph: Graph, data: st.DataObject) -> None:
    subject, last = Subject(graph), graph.outputs[0]
    row, known = views(graph)[last], fields(graph)[last]
    assume(all(view.blurred is None for view in row))
    # A hole along one axis leaves a path empty, whatever it sees along the other.
    holes = any(field.smallest == 0 for field in known)
    assume(len(row) == 1 or not holes)
    sizes = graph.output.spatial
    where = {2 + k: n // 2 + data.draw(st.integers(-1, 1)) for k, n in enumerate(sizes)}
    reached = footprint.footprint(subject, last, where)
    for k, view in enumerate(row):
        seen = footprint.expected(view, where[2 + k])
        n = graph.input.shape[2 + k]
        if seen is None or seen[0] < 10 or seen[1] > n - 10:
            continue  # a border may have cut it
        assert footprint.span_of(reached, 2 + k) == seen
        if known[k].aligned and known[k].smallest == known[k].size:
            assert seen[1] - seen[0] + 1 == known[k].size
