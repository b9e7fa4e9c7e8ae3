"""Printed figures: how they are read and judged."""

from pathlib import Path

import pytest

from archstat.errors import SpecError
from archstat.report.published import judge
from archstat.spec import load

# 3*3*3*8 + 8 = 224 params, 8*4*4 * 27 = 3,456 MACs, an output of 128 values, 48 of the input.
NETWORK = """
input: [3, 4, 4]
layers: {conv1: [{conv: 8, kernel: 3, padding: same}]}
published:
"""


def verdicts(tmp_path: Path, figures: str) -> list[tuple[str, str, str]]:
    """Judge the figures: (outcome, computed, derived) of each; all are as recorded."""
    path = tmp_path / "net.yaml"
    path.write_text(NETWORK + figures, encoding="utf-8")
    spec = load(path)
    found = [judge(spec, figure) for figure in spec.published]
    assert all(v.holds for v in found)
    return [(v.outcome, v.computed, v.derived) for v in found]


@pytest.mark.parametrize(
    ("figure", "outcome", "computed", "derived"),
    [
        ("{params: 224, source: s}", "reproduced", "224", ""),
        ("{params: ~220, source: s}", "reproduced", "224", ""),
        ("{macs: 3.4K, source: s}", "truncated", "3,456", ""),
        ("{macs: 3.4Ki, source: s}", "reproduced", "3,456", ""),  # 3.375 Ki
        ("{macs: 4x4x8x3x3x3, at: conv1, source: s}", "reproduced", "3,456", ""),
        ("{output: 4x4x8, source: s}", "reproduced", "4x4x8", ""),
        ("{output: 8x4x4, source: s}", "reproduced", "4x4x8", ""),
        ("{depth: 1, source: s}", "reproduced", "1", ""),
        ("{macs: 6.9K, source: s, slip: 2 * macs(), why: w}", "slip", "3,456", "6,912"),
        ("{macs: 1M, source: s, differs: r}", "differs", "3,456", ""),
        ("{quantity: q, printed: 0.4, computed: activations('input') / activations('conv1'), source: s}",
         "reproduced", "0.375", ""),
    ],
)  # fmt: skip
def test_verdicts(tmp_path: Path, figure: str, outcome: str, computed: str, derived: str) -> None:
    assert verdicts(tmp_path, f"  - {figure}\n") == [(outcome, computed, derived)]


def test_a_table_holds_a_figure_in_each_cell(tmp_path: Path) -> None:
    table = """
  - table: t
    source: s
    columns: [output, params, macs]
    rows:
      input: [4x4x3, "-", 0]
      conv1: [4x4x8, {printed: 448, slip: 2 * params(), why: w}, {printed: 1M, differs: r}]
"""
    assert verdicts(tmp_path, table) == [
        ("reproduced", "4x4x3", ""),
        ("reproduced", "0", ""),
        ("reproduced", "4x4x8", ""),
        ("slip", "224", "448"),
        ("differs", "3,456", ""),
    ]


def test_a_verdict_that_no_longer_holds_is_said(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(f"{NETWORK}  - {{params: 225, source: s}}\n", encoding="utf-8")
    spec = load(path)
    assert not judge(spec, spec.published[0]).holds


@pytest.mark.parametrize(
    ("figure", "message"),
    [
        ("{params: 224}", "a published figure needs its 'source'"),
        ("{params: 1, macs: 2, source: s}", "a published figure names one metric, such as 'params: 138M'"),
        ("{prams: 1, source: s}", "no metric is called 'prams'"),
        ("{params: many, source: s}", "'many' is not a figure"),
        ("{params: 1, slip: macs(), source: s}", "a slip needs its 'why'"),
        ("{params: 1, slip: macs(), why: w, differs: r, source: s}", "a figure is a slip or differs, not both"),
        ("{quantity: q, printed: 1, source: s}",
         "a figure with 'quantity' needs 'printed' and 'computed', and no metric"),
        ("{table: t, source: s, columns: [params], rows: {conv1: [1, 2]}}", "the row has 2 cells for 1 columns"),
        ("{table: t, source: s, columns: [params], rows: {conv1: [{print: 1}]}}", "a cell has no 'print'"),
        ("{table: t, source: s, columns: [params], rows: {conv1: [{why: w}]}}",
         "a cell needs what is 'printed'"),
        ("{table: t, source: s, columns: [params], rows: {conv1: [[1]]}}",
         "a cell is a printed figure, or '-', not a list"),
        ("{params: 1, at: conv9, source: s}", "'conv9' matches no layer"),
    ],
)  # fmt: skip
def test_wrong_figures_are_refused_with_their_place(
    tmp_path: Path, figure: str, message: str
) -> None:
    with pytest.raises(SpecError) as caught:
        verdicts(tmp_path, f"  - {figure}\n")
    assert caught.value.message == message
    assert caught.value.mark is not None
