"""Printed figures: how they are read and judged."""

from fractions import Fraction
from pathlib import Path

import pytest

from archstat.errors import SpecError
from archstat.render.figures import reasons
from archstat.report.published import Verdict, judge
from archstat.report.values import Value
from archstat.spec import load

# 3*3*3*8 + 8 = 224 params, 8*4*4 * 27 = 3,456 MACs, an output of 128 values, 48 of the input.
NETWORK = """
input: [3, 4, 4]
layers: {conv1: [{conv: 8, kernel: 3, padding: same}]}
published:
"""


def judged(tmp_path: Path, figures: str) -> list[Verdict]:
    path = tmp_path / "net.yaml"
    path.write_text(NETWORK + figures, encoding="utf-8")
    spec = load(path)
    return [judge(spec, figure) for figure in spec.published]


@pytest.mark.parametrize(
    ("figure", "outcome", "computed", "derived"),
    [
        ("{params: 224, source: s}", "reproduced", 224, None),
        ("{params: ~220, source: s}", "reproduced", 224, None),
        ("{macs: 3.4K, source: s}", "truncated", 3456, None),
        ("{macs: 3.4Ki, source: s}", "reproduced", 3456, None),  # 3.375 Ki
        ("{macs: 3.4 K, read_as: Ki, source: s}", "reproduced", 3456, None),
        ("{macs: 3.3K, source: s, differs: r}", "differs", 3456, None),
        ("{macs: 4x4x8x3x3x3, at: conv1, source: s}", "reproduced", 3456, None),
        ("{output: 4x4x8, source: s}", "reproduced", (4, 4, 8), None),
        ("{output: 8x4x4, source: s}", "reproduced", (4, 4, 8), None),
        ("{output: 4x4x9, source: s, differs: r}", "differs", (4, 4, 8), None),
        ("{depth: 1, source: s}", "reproduced", 1, None),
        ("{macs: 6.9K, source: s, slip: 2 * macs(), why: w}", "slip", 3456, 6912),
        ("{macs: 6.9K, source: s, accounting: 2 * macs(), why: w}", "accounting", 3456, 6912),
        ("{params: 216, source: s, accounting: weights(), why: w}", "accounting", 224, 216),
        ("{macs: 1M, source: s, differs: r}", "differs", 3456, None),
        ("{macs: 3.4K, source: s, slip: 2 * macs(), why: w}", "truncated", 3456, None),
        ("{quantity: q, printed: 0.4, computed: activations('input') / activations('conv1'), source: s}",
         "reproduced", Fraction(3, 8), None),
    ],
)  # fmt: skip
def test_verdicts(
    tmp_path: Path, figure: str, outcome: str, computed: Value, derived: int | None
) -> None:
    (verdict,) = judged(tmp_path, f"  - {figure}\n")
    assert (verdict.outcome, verdict.computed, verdict.derived) == (outcome, computed, derived)
    assert verdict.holds == ("3.4K, source: s, slip" not in figure)


def test_a_derivation_that_fits_only_when_cut_off_says_so(tmp_path: Path) -> None:
    figures = """
  - {macs: 6.8K, source: s, slip: 2 * macs() - 13, why: w}
  - {macs: 6.9K, source: s, slip: 2 * macs() - 13, why: w}
  - {macs: 3.4K, source: s, accounting: macs() - 24, why: w}
"""
    verdicts = judged(tmp_path, figures)
    assert [v.derived for v in verdicts] == [6899, 6899, 3432]
    assert [v.outcome for v in verdicts] == ["slip", "slip", "accounting"]
    assert [v.cut for v in verdicts] == [True, False, False]


def test_an_inference_and_a_suffix_are_kept(tmp_path: Path) -> None:
    figures = """
  - {activation_bytes: 0.7 KB, read_as: KiB, source: s, why: w, inferred: true}
  - {params: 224, source: s, note: n, inferred: false}
"""
    first, second = (v.line for v in judged(tmp_path, figures))
    assert (first.printed, first.read_as, first.verdict) == ("0.7 KB", "KiB", "reproduced")
    assert list(reasons(first)) == ["KB read as KiB", "probably: w"]
    assert list(reasons(second)) == ["n"]


def test_a_table_holds_a_figure_in_each_cell(tmp_path: Path) -> None:
    table = """
  - table: t
    source: s
    columns: [output, params, macs]
    read_as: {macs: Ki}
    rows:
      input: [4x4x3, "-", 0]
      conv1: [4x4x8, {printed: 448, slip: 2 * params(), why: w, inferred: true}, {printed: 1M, differs: r, read_as: Mi}]
      conv1.conv1: [4x4x8, 224, 3.38K]
"""
    found = [v for v in judged(tmp_path, table) if v.figure.metric != "output"]
    assert [(v.outcome, v.computed, v.derived) for v in found] == [
        ("reproduced", 0, None),
        ("slip", 224, 448),
        ("differs", 3456, None),
        ("reproduced", 224, None),
        ("reproduced", 3456, None),
    ]
    assert [v.figure.meant for v in found] == ["0", "448", "1Mi", "224", "3.38Ki"]
    assert [v.figure.inferred for v in found] == [False, True, False, False, False]


def test_a_verdict_that_no_longer_holds_is_said(tmp_path: Path) -> None:
    (verdict,) = judged(tmp_path, "  - {params: 225, source: s}\n")
    assert not verdict.holds


@pytest.mark.parametrize(
    ("figure", "message", "caret"),
    [
        ("{params: 224}", "a published figure needs its 'source'", "{params"),
        ("{params: 1, macs: 2, source: s}", "a published figure names one metric, such as 'params: 138M'", "{params"),
        ("{prams: 1, source: s}", "no metric is called 'prams'", "prams"),
        ("{params: many, source: s}", "'many' is not a figure", "many"),
        ("{params: 1, slip: macs(), source: s}", "'slip' needs its 'why'", "{params"),
        ("{params: 1, accounting: macs(), source: s}", "'accounting' needs its 'why'", "{params"),
        ("{params: 1, slip: macs(), why: w, differs: r, source: s}",
         "a figure has one verdict, not 'slip' and 'differs'", "{params"),
        ("{params: 1, inferred: perhaps, why: w, source: s}",
         "'inferred' is true or false, and stands beside a reason", "perhaps"),
        ("{params: 1, inferred: true, source: s}",
         "'inferred' is true or false, and stands beside a reason", "true"),
        ("{params: 1, read_as: Ki, source: s}", "'1' has no suffix to read as another", "Ki"),
        ("{params: 1K, read_as: kilo, source: s}", "'kilo' is not a suffix", "kilo"),
        ("{quantity: q, printed: 1, source: s}",
         "a figure with 'quantity' needs 'printed' and 'computed', and no metric", "{quantity"),
        ("{table: t, source: s, columns: [params], rows: {conv1: [1, 2]}}",
         "the row has 2 cells for 1 columns", "conv1"),
        ("{table: t, source: s, columns: [params], rows: {conv1: [{print: 1}]}}", "a cell has no 'print'", "print"),
        ("{table: t, source: s, columns: [params], rows: {conv1: [{why: w}]}}",
         "a cell needs what is 'printed'", "{why"),
        ("{table: t, source: s, columns: [params], rows: {conv1: [[1]]}}",
         "a cell is a printed figure, or '-', not a list", "[1]"),
        ("{table: t, source: s, columns: [params], read_as: {macs: Ki}, rows: {conv1: [1]}}",
         "no column is called 'macs'", "macs"),
        ("{params: 1, at: conv9, source: s}", "'conv9' matches no layer", "conv9"),
        ("{output: 1x2, at: conv9, source: s}", "'conv9' matches no layer", "conv9"),
        ("{params: 1, slip: params('conv8'), why: w, source: s}", "'conv8' matches no layer", "params('conv8')"),
        ("{quantity: q, printed: 1, computed: macs('conv7'), source: s}", "'conv7' matches no layer", "macs("),
        ("{quantity: q, printed: 1, computed: 1 < 2, source: s}", "'1 < 2' is a condition, not a number", "1 < 2"),
        ("{table: t, source: s, columns: [params], rows: {conv6: [1]}}", "'conv6' matches no layer", "conv6"),
        ("{table: t, source: s, columns: [params], rows: {conv1: [{printed: 1, slip: macs('c'), why: w}]}}",
         "'c' matches no layer", "macs('c')"),
    ],
)  # fmt: skip
def test_wrong_figures_are_refused_with_their_place(
    tmp_path: Path, figure: str, message: str, caret: str
) -> None:
    with pytest.raises(SpecError) as caught:
        judged(tmp_path, f"  - {figure}\n")
    assert caught.value.message == message
    mark = caught.value.mark
    assert mark is not None
    assert mark.text[mark.column - 1 :].startswith(caret)


def test_a_spec_has_at_most_a_thousand_figures(tmp_path: Path) -> None:
    figure = "  - {params: 0, source: nobody}\n"
    path = tmp_path / "many.yaml"
    text = "input: [3]\nlayers: [relu]\npublished:\n"
    path.write_text(text + figure * 1_000, encoding="utf-8")
    assert len(load(path).published) == 1_000
    path.write_text(text + figure * 1_001, encoding="utf-8")
    with pytest.raises(SpecError, match="more than 1,000 published figures"):
        load(path)
