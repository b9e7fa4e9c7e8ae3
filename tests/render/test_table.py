"""Tables for people: what stands where, what gives way on a narrow screen, and that numbers never do."""

import re

import pytest

from archstat.render.grid import line_width
from archstat.render.ink import width
from archstat.render.layout import fields
from archstat.render.style import Style
from archstat.render.table import fit, render
from archstat.report import kinds
from archstat.report.arrange import Arrangement
from archstat.report.summary import summarize
from archstat.report.tabulate import tabulate
from archstat.spec import load
from tests.render.reports import HOSTILE, TWO_ROWS, UNKNOWN

WIDTHS = range(24, 130, 3)


def test_the_whole_table() -> None:
    assert (
        render([TWO_ROWS], Style())
        == """\
Two  input 3x8x8, batch 1, float32

layer       output  activations  memory (MB)   share
──────────────────────────────────────────────────────────────
stem.conv1  4x8x8     3,000,000       12.000  >99.9%
fc          10            1,000        0.004   <0.1%  shares x
──────────────────────────────────────────────────────────────
TOTAL                 3,001,000       12.004  100.0%
1 layer without memory of its own not shown; --all shows them

memory     12.00 MB (11.45 MiB)  activations x bytes per element
params     448 bytes             params x bytes per element
published  5M  a slip; the network has 3,001,000 activations  a slide
               as printed: 2 * activations() = 6,002,000
               probably: counted twice
"""
    )


def test_iec_units_are_named_and_not_mixed() -> None:
    shown = render([TWO_ROWS], Style(system="iec"))
    assert "memory (MiB)" in shown
    assert "11.444" in shown  # 12,000,000 / 2^20
    assert "memory (MB)" not in shown


def test_unknown_is_a_question_mark_and_the_total_reads_at_least() -> None:
    shown = render([UNKNOWN], Style())
    row = next(line for line in shown.splitlines() if line.startswith("fc"))
    assert row.split() == ["fc", "10", "?", "?", "?", "shares", "x"]
    assert "at least 3,000,000" in shown
    assert "at least 12.00 MB" in shown
    assert "100.0%" not in shown


def test_plain_and_ascii() -> None:
    plain = render([TWO_ROWS], Style(plain=True, unicode=False))
    assert plain.isascii()
    assert "---" not in plain
    ascii_only = render([TWO_ROWS], Style(unicode=False))
    assert ascii_only.isascii()
    assert ascii_only.count("-" * 40) == 2


def test_colour_is_only_around_the_same_text() -> None:
    colored = render([TWO_ROWS], Style(color=True))
    assert "\x1b[2mstem.\x1b[0mconv1" in colored
    assert "\x1b[33ma slip; the network has" in colored
    assert "\x1b" not in render([TWO_ROWS], Style())
    stripped = re.sub(r"\x1b\[[0-9;]*m", "", colored)
    lines = [line.rstrip() for line in stripped.splitlines()]
    assert lines == render([TWO_ROWS], Style()).splitlines()


def test_bars_stand_behind_the_rows_where_there_is_room() -> None:
    wide = render([TWO_ROWS], Style(width=100, bars=True)).splitlines()
    assert next(line for line in wide if line.startswith("stem")).endswith("█" * 16)
    assert "█" not in render([TWO_ROWS], Style(width=70, bars=True))
    assert "█" not in render([TWO_ROWS], Style(width=100, bars=True, unicode=False))


@pytest.mark.parametrize("columns", WIDTHS)
@pytest.mark.parametrize("name", ["vgg16", "resnet50"])
def test_no_number_is_cut_at_any_width(name: str, columns: int) -> None:
    report = tabulate(load(name), kinds.memory(backward=True), Arrangement(detail="people"))
    found = fields(report, Style(width=columns))
    whole = {cell for field in found for cell in (*field.cells, field.footer)}
    kept, dropped = fit(found, columns)
    assert {cell for field in kept for cell in field.cells} <= whole
    shown = render([report], Style(width=columns))
    assert f"{report.totals[0]:,}" in shown
    table = shown.split("\n\n")[1].splitlines()
    if line_width(kept) <= columns:
        assert max(width(line) for line in shown.splitlines()) <= max(columns, 45)
    assert bool(dropped) == ("left out to fit" in shown.replace("\n", " "))
    for title in dropped:
        assert title not in table[0]


def test_the_first_number_and_the_path_are_never_left_out() -> None:
    kept, dropped = fit(fields(TWO_ROWS, Style()), 5)
    assert [field.title for field in kept] == ["layer", "activations"]
    assert dropped == ["share", "notes", "output", "memory (MB)"]


def test_summary_writes_four_digits_with_the_unit_of_each_number() -> None:
    shown = render([summarize([load("vgg16"), load("lenet5")])], Style())
    vgg = next(line for line in shown.splitlines() if line.startswith("vgg16"))
    assert " ".join(vgg.split()) == (
        "vgg16 3x224x224 1000 16 138.4 M 89.4% 15.47 G 15.24 M 60.95 MB VGG-16"
    )
    assert "TOTAL" not in shown


def test_a_name_cannot_act_on_the_terminal_or_break_the_table() -> None:
    shown = render([HOSTILE], Style())
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    rows = [line for line in shown.splitlines() if line.startswith("=cmd")]
    assert len(rows) == 2  # the heading and the row, each on one line


def test_wide_characters_keep_the_columns_straight() -> None:
    assert width("畳み込み") == 8
    assert width("e\u0301") == 1
