"""What Rich draws of fields that already fit: never a cut number, and at most so many rows."""

import re

from archstat.render.grid import draw, line_width
from archstat.render.layout import Field
from archstat.render.style import Style
from archstat.render.table import render
from archstat.report import kinds
from archstat.report.arrange import shortened
from archstat.report.tabulate import tabulate
from archstat.spec import load

FIELDS = [
    Field("layer", ("conv1.conv1", "畳み込み"), "TOTAL"),
    Field("params", ("138,357,544", "1"), "138,357,545", right=True),
]


def test_lines_are_as_wide_as_the_fields() -> None:
    lines = list(draw(FIELDS, Style()))
    assert lines == [
        "layer             params",
        "────────────────────────",
        "conv1.conv1  138,357,544",
        "畳み込み               1",
        "────────────────────────",
        "TOTAL        138,357,545",
    ]
    assert line_width(FIELDS) == 24


def test_colour_adds_nothing_but_codes() -> None:
    coloured = list(draw(FIELDS, Style(color=True)))
    assert [re.sub("\x1b\\[[0-9;]*m", "", line) for line in coloured] == list(draw(FIELDS, Style()))
    assert "\x1b[" in coloured[0]


def test_markup_and_emoji_codes_are_names() -> None:
    field = Field("layer", ("[red]a[/red]", ":smile:"))
    assert list(draw([field], Style()))[2:] == ["[red]a[/red]", ":smile:     "]


def test_plain_is_ascii_without_rules() -> None:
    lines = list(draw(FIELDS[1:], Style(plain=True)))
    assert [line.strip() for line in lines] == ["params", "138,357,544", "1", "138,357,545"]


def test_a_long_table_folds_its_end_into_one_row() -> None:
    report = tabulate(load("resnet50"), kinds.shapes())
    short = shortened(report, 100)
    assert len(short.rows) == 100
    assert short.rows[-1].path == f"[{len(report.rows) - 99} others]"
    assert "the first 99 of 176 rows" in short.notes[-1]
    assert shortened(report, 176) is report


def test_the_fold_keeps_the_sum() -> None:
    report = tabulate(load("resnet50"), kinds.params())
    short = shortened(report, 50)
    added = sum(row.cells[0] for row in short.rows if isinstance(row.cells[0], int))
    assert added == report.totals[0] == 25_557_032
    assert "[126 others]" in render([short], Style())
