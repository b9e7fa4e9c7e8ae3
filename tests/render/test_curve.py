"""The memory of a step, drawn: the phases are named below it, within the screen."""

import pytest

from archstat.render.curve import drawn
from archstat.render.style import Style
from archstat.report.report import PeakLine


def named(width: int | None, *phases: tuple[str, int], points: int = 200) -> str:
    """Return the line of the phases, each of which begins at a point."""
    peak = PeakLine(
        key="training_peak_bytes", nbytes=8, path="", op="", alive=(), curve=(8,) * points, phases=phases
    )  # fmt: skip
    return list(drawn(peak, Style(width=width), "8 bytes"))[-1]


def test_a_phase_is_named_where_it_begins() -> None:
    line = named(80, ("forward", 0), ("backward", 100), ("optimizer step", 150))
    assert line == f"{'^forward':<36}{'^backward':<18}^optimizer step"


def test_a_name_that_would_run_over_ends_at_its_sign() -> None:
    line = named(72, ("forward", 0), ("backward", 100), ("optimizer step", 190))
    assert line.endswith("  optimizer step^")
    assert line.index("step^") + 4 == 190 * 72 // 200


@pytest.mark.parametrize("width", range(42, 90))
@pytest.mark.parametrize("begins", [150, 180, 190, 199, 200])
def test_no_line_is_wider_than_the_screen(width: int, begins: int) -> None:
    line = named(width, ("forward", 0), ("backward", 80), ("optimizer step", begins))
    assert len(line) <= width
    assert "optimizer step" in line
