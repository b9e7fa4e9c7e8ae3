"""Several networks side by side, on screens of several widths."""

import pytest

from archstat.cli.comparing import find
from archstat.cli.options import Given
from archstat.comparison.compare import METRICS
from archstat.render.comparison.text import render
from archstat.render.style import Style
from archstat.report.arrange import Arrangement

NAMES = ("alexnet", "vgg16", "densenet121")


@pytest.mark.parametrize("width", range(35, 120, 5))
def test_lines_fit_and_a_network_without_room_is_named(width: int) -> None:
    found = find(NAMES, Given(), METRICS, base=None, baseline=None, config=None)
    said = render(found, Arrangement(detail="people"), Style(width=width))
    heading, table = said.split("\n\n", 1)
    assert all(len(line) <= width for line in said.splitlines())
    assert heading.split()[:2] == ["input", "3x227x227,"]
    titles, _, named = table.partition("left out to fit")
    shown = titles.splitlines()[0].split()
    dropped = named.partition(":")[2].replace(",", " ").split()
    assert set(NAMES) == {*shown, *dropped}
