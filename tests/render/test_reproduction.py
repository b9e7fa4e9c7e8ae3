"""Printed tables on screens of several widths."""

import pytest

from archstat.render.reproduction import render
from archstat.render.style import Style
from archstat.report.reproduce import reproduce
from archstat.spec import load


def table(width: int | None) -> list[list[str]]:
    """Return the blocks of the printed table of VGG-16, each as its lines."""
    said = render("table", [reproduce(load("vgg16"))], Style(width=width))
    body = said.partition("the VGGNet slides\n")[2].partition("\nSimonyan")[0]
    return [block.splitlines() for block in body.split("\n\n")]


def numbers(blocks: list[list[str]], path: str) -> list[str]:
    return [
        word for block in blocks for line in block if line.startswith(path) for word in line.split()[1:]
    ]  # fmt: skip


@pytest.mark.parametrize("width", [50, 60, 80, 100, 110, 140])
def test_a_printed_table_is_folded_and_loses_no_column(width: int) -> None:
    (whole,) = table(None)
    blocks = table(width)
    assert (len(blocks) > 1) == (width < 110)
    assert all(len(line) <= width for block in blocks for line in block)
    for path in ("conv1.conv1 ", "fc8.linear1", "TOTAL"):
        assert numbers(blocks, path) == numbers([whole], path)
    assert all(block[-1].startswith(("TOTAL", "fc8")) for block in blocks)
