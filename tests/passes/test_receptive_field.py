"""Receptive fields worked out by hand: r + (k - 1) d j along each axis, over branches, and where positions get lost."""

from fractions import Fraction
from pathlib import Path
from time import process_time

import pytest

from archstat.graph import Graph
from archstat.passes.receptive_field import (
    effective_padding,
    field_centre,
    field_kept,
    field_notes,
    fields,
    jump,
    receptive_field,
    smallest_receptive_field,
)
from archstat.passes.views import views
from archstat.spec import load


def network(tmp_path: Path, layers: str, input: str = "[4, 48, 48]") -> Graph:
    path = tmp_path / "net.yaml"
    path.write_text(f"input: {input}\nlayers:\n{layers}", encoding="utf-8")
    return load(path).graph


@pytest.mark.parametrize(
    ("layers", "size", "smallest", "step", "padding", "centre"),
    [
        ("  - {conv: 4, kernel: 3, repeat: 3}", 7, 7, 1, 0, 3),
        ("  - {conv: 4, kernel: 3, dilation: 4}", 9, 9, 1, 0, 4),  # 1 + 2*4
        ("  - {conv: 4, kernel: 3, stride: 2, padding: 1, repeat: 2}", 7, 7, 4, 3, 0),  # 3 + 2*2, 1 + 1*2
        ("  - {conv: 4, kernel: [11, 3], padding: [5, 0]}", (11, 3), (11, 3), 1, (5, 0), (0, 1)),
        ("  - {conv: 4, stride: [2, 1]}", 1, 1, (2, 1), 0, 0),
        ("  - {conv: 4, kernel: 2, padding: [[1, 0], [0, 0]]}", 2, 2, 1, (1, 0),
         (Fraction(-1, 2), Fraction(1, 2))),
        # One pixel becomes two, so that two phases see one or two pixels of a 3x3 behind it.
        ("  - {interpolate: 2}", 1, 1, Fraction(1, 2), 0, 0),
        ("  - {interpolate: 2}\n  - {conv: 4, kernel: 3, padding: 1}", 2, 2, Fraction(1, 2), 1,
         Fraction(-1, 2)),
        ("  - {interpolate: 2}\n  - {conv: 4, kernel: 2}", 2, 1, Fraction(1, 2), 0, 0),
        ("  - {interpolate: 2, mode: bilinear}", 2, 2, Fraction(1, 2), 1, Fraction(-1, 2)),
        ("  - {interpolate: 3, mode: bilinear}", 2, 1, Fraction(1, 3), 1, Fraction(-1, 2)),
        ("  - {interpolate: 2, mode: bicubic}", 4, 4, Fraction(1, 2), 2, Fraction(-1, 2)),
        # The gradient of a 3x3 with stride 2: even positions see one pixel, odd ones two.
        ("  - {conv_transpose: 4, kernel: 3, stride: 2, padding: 1}", 2, 1, Fraction(1, 2), 0, 0),
        ("  - {conv_transpose: 4, kernel: 1, stride: 2}", 1, 0, Fraction(1, 2), 0, 0),
        ("  - {adaptive_avg_pool: 16}", 3, 3, 3, 0, 1),
        ("  - {adaptive_avg_pool: 20}", 4, 3, Fraction(12, 5), 0, 1),  # cells of 48/20 = 2.4 pixels
        ("  - {pixel_unshuffle: 2}\n  - {conv: 4, kernel: 3}", 6, 6, 2, 0, Fraction(5, 2)),
        ("  - {pixel_shuffle: 2}\n  - {conv: 4, kernel: 3, stride: 2}", 2, 2, 1, 0, Fraction(1, 2)),
        ("  - {slice: [8, 40], dim: 1}", 1, 1, 1, (-8, 0), (8, 0)),
        ("  - add: {a: [{conv: 4, kernel: 5, padding: 2}], b: identity}", 5, 1, 1, 2, 0),
        ("  - concat: {a: [{conv: 4, kernel: 5, padding: 2}], b: [{conv: 4, kernel: 3, padding: 1}]}",
         5, 3, 1, 2, 0),
    ],
)  # fmt: skip
def test_by_hand(
    tmp_path: Path, layers: str, size: int, smallest: int, step: int, padding: int, centre: int
) -> None:
    graph = network(tmp_path, layers)
    found = [
        column(graph)[-1]
        for column in (
            receptive_field,
            smallest_receptive_field,
            jump,
            effective_padding,
            field_centre,
        )
    ]
    assert found == [size, smallest, step, padding, centre]


def test_a_down_and_an_up_that_meet_are_aligned(tmp_path: Path) -> None:
    graph = network(
        tmp_path,
        "  - add:\n"
        "      down: [{max_pool: 2}, {conv: 4, kernel: 3, padding: 1}, {conv_transpose: 4, kernel: 2, stride: 2}]\n"
        "      skip: identity\n",
    )
    assert (receptive_field(graph)[-1], smallest_receptive_field(graph)[-1]) == (6, 1)
    assert [field.aligned for field in fields(graph)[-1]] == [True, True]


@pytest.mark.parametrize(
    ("other", "found"),
    [
        ("[{conv: 4, kernel: 2, stride: 2}]", (3, 2)),  # other centres
        ("[{conv: 4, stride: 3}, {interpolate: , size: 23}]", (3, None)),  # other jumps
    ],
)
def test_branches_that_are_not_aligned(
    tmp_path: Path, other: str, found: tuple[int, int | None]
) -> None:
    layers = f"  - add: {{a: [{{conv: 4, kernel: 3, stride: 2}}], b: {other}}}"
    graph = network(tmp_path, layers, "[4, 47, 47]")
    assert (receptive_field(graph)[-1], jump(graph)[-1]) == found
    assert field_notes(graph)[-1] == "branches not aligned"


@pytest.mark.parametrize(
    ("layers", "whole"),
    [
        ("  - global_avg_pool", True),
        ("  - flatten\n  - linear: 3", True),
        ("  - {group_norm: 2}", True),
        ("  - instance_norm", True),
        ("  - {adaptive_max_pool: 1}", True),
        ("  - tokens\n  - {attention: 2}", True),
        ("  - tokens\n  - {mean: 0}", True),
        ("  - {softmax: 2}", False),  # along one of the axes
        ("  - mul: {x: identity, gate: [global_avg_pool, sigmoid]}", True),
        ("  - batch_norm", False),
        ("  - {conv: 4, kernel: 48, padding: 24}", False),  # however large
        ("  - tokens\n  - layer_norm", False),
        ("  - {max_pool: 4, stride: 5}\n  - global_avg_pool", False),  # the last row is left out
    ],
)
def test_the_whole_input(tmp_path: Path, layers: str, whole: bool) -> None:
    graph = network(tmp_path, layers)
    assert all(field.whole for field in fields(graph)[-1]) == whole
    assert (field_notes(graph)[-1] == "the whole input") == whole
    assert receptive_field(graph)[-1] == 48 or not whole


@pytest.mark.parametrize(
    ("layers", "input", "ends"),
    [
        # Windows at -1, 3, ... of taps 3 apart: the first reads 2, the second 3 and 6.
        ("  - {conv: 4, kernel: 2, stride: 4, dilation: 3, padding: 1}\n  - global_avg_pool",
         "[4, 32, 32]", (2, 30)),
        ("  - {max_pool: 2, stride: 3, dilation: 3, padding: 1}\n  - global_avg_pool", "[4, 33, 33]", (2, 32)),
        # The last window reads 28, 30 and the padding.
        ("  - {conv: 4, kernel: 3, stride: 2, dilation: 2, padding: 2}\n  - {group_norm: 2}",
         "[4, 32, 32]", (0, 30)),
        ("  - {conv: 4, kernel: 3, stride: 2, dilation: 2, padding: 2}\n  - flatten\n  - linear: 3",
         "[4, 64, 64]", (0, 62)),
        # Of the units that a stride takes, one is in the padding: the others see from 2, and from 5.
        ("  - {conv: 4, kernel: 3}\n  - {conv: 4, stride: 3, padding: 1}\n  - global_avg_pool",
         "[4, 14, 14]", (2, 13)),
        ("  - {pad: 1}\n  - {slice: [0, 1], dim: 1}\n  - {slice: [0, 1], dim: 2}\n  - global_avg_pool",
         "[4, 8, 8]", None),
        ("  - {slice: [0, 10], dim: 1}\n  - {slice: [0, 10], dim: 2}\n"
         "  - {conv: 4, kernel: 3, padding: 1}\n  - global_avg_pool", "[4, 32, 32]", (0, 9)),
    ],
)  # fmt: skip
def test_windows_read_what_is_no_padding(
    tmp_path: Path, layers: str, input: str, ends: tuple[int, int] | None
) -> None:
    graph = network(tmp_path, layers, input)
    for view in views(graph)[-1]:
        assert view.same is not None
        assert view.same.seen(0) == ends
    assert receptive_field(graph)[-1] == (ends[1] - ends[0] + 1 if ends else 0)


def test_many_layers_are_followed_in_no_time(tmp_path: Path) -> None:
    layer = "  - {conv: 4, kernel: 3, dilation: 2, padding: 2, repeat: 20000}\n"
    graph = network(tmp_path, layer + "  - global_avg_pool", "[4, 64, 64]")
    start = process_time()
    assert receptive_field(graph)[-1] == 64
    assert process_time() - start < 10


def test_the_place_of_a_path_that_is_not_known_is_not_known_either() -> None:
    graph = load("swin_t").graph
    rows = [row for row in fields(graph) if any(field.size is None for field in row)]
    assert rows
    assert {(field.padding, field.centre) for row in rows for field in row} == {(None, None)}


def test_what_a_stride_leaves_out_is_not_seen(tmp_path: Path) -> None:
    graph = network(tmp_path, "  - {max_pool: 4, stride: 5}\n  - global_avg_pool")
    assert receptive_field(graph)[-1] == 44  # windows at 0, 5, ..., 40 of 48
    assert jump(graph)[-1] == 0


@pytest.mark.parametrize(
    ("layers", "size"),
    [
        ("  - {conv: 4, kernel: 3}\n  - flatten", 3),
        ("  - {conv: 4, kernel: 3}\n  - tokens", 3),
        ("  - {conv: 4, kernel: 3}\n  - {roll: 3, dims: 1}", (3, 3)),
        ("  - {conv: 4, kernel: 3}\n  - {reshape: [4, 23, 2, 46]}", (3, 3)),
        ("  - {roll: 3, dims: 1}\n  - {conv: 4, kernel: 3}", None),
    ],
)
def test_lost_positions_have_no_stride(
    tmp_path: Path, layers: str, size: int | tuple[int, ...] | None
) -> None:
    graph = network(tmp_path, layers)
    found = receptive_field(graph)[-1]
    assert found == (size[0] if isinstance(size, tuple) else size)
    assert jump(graph)[-1] is None
    assert effective_padding(graph)[-1] is None
    assert field_notes(graph)[-1] == "positions merged or moved"


def test_attention_written_out_sees_all_tokens(tmp_path: Path) -> None:
    graph = network(
        tmp_path,
        "  qkv:\n"
        "    - matmul:\n"
        "        scores:\n"
        "          - matmul: {q: [linear: 8], k: [{linear: 8}, {transpose: [0, 1]}]}\n"
        "          - {softmax: -1}\n"
        "        v: [linear: 8]\n",
        "{tokens: [10, 8]}",
    )
    by_path = dict(zip((node.path for node in graph.nodes), fields(graph), strict=True))
    scores = next(row for path, row in by_path.items() if path.endswith("scores.matmul1"))
    assert [(field.size, field.jump) for field in scores] == [
        (None, None)
    ]  # two places, each its own
    assert [(field.size, field.whole) for field in fields(graph)[-1]] == [(10, True)]


def test_positions_move_with_their_axis(tmp_path: Path) -> None:
    graph = network(
        tmp_path,
        "  - {conv: 4, kernel: [5, 1]}\n  - {transpose: [1, 2]}\n  - {conv: 4, kernel: [1, 3]}",
    )
    assert receptive_field(graph)[-1] == (7, 1)


def test_a_parameter_sees_nothing(tmp_path: Path) -> None:
    graph = network(tmp_path, "  - add: {x: identity, table: [{parameter: [4, 48, 48]}]}")
    at = next(i for i, node in enumerate(graph.nodes) if node.op.word == "parameter")
    assert (receptive_field(graph)[at], field_notes(graph)[at]) == (0, "doesn't read the input")
    assert (receptive_field(graph)[-1], smallest_receptive_field(graph)[-1]) == (1, 1)


def test_ids_and_vectors_have_positions(tmp_path: Path) -> None:
    ids = network(
        tmp_path,
        "  - {embedding: 8, entries: 100}\n  - {attention: 2}",
        "{tokens: [12], dtype: int64}",
    )
    assert receptive_field(ids) == (1, 1, 12)
    vector = network(tmp_path, "  - relu\n  - linear: 5", "[30]")
    assert receptive_field(vector) == (1, 1, 30)


def test_layers_that_change_nothing(tmp_path: Path) -> None:
    graph = network(tmp_path, "  - {conv: 4, kernel: 3, norm: batch, act: relu}\n  - {conv: 4}")
    assert field_kept(graph) == (False, False, True, True, True)


def test_many_phases_are_unknown_not_wrong(tmp_path: Path) -> None:
    graph = network(
        tmp_path, "  - {interpolate: 1.01}\n  - {interpolate: 1.01}"
    )  # 101 * 101 phases
    assert receptive_field(graph) == (1, 1, None)
