"""What gives way first where several numbers stand side by side."""

import pytest

from archstat.ops.tape import Mode
from archstat.render.layout import fields
from archstat.render.style import Style
from archstat.render.table import fit
from archstat.report import kinds
from archstat.report.added import beside
from archstat.report.arrange import Arrangement
from archstat.report.kinds import Kind
from archstat.report.split import divided
from archstat.report.tabulate import tabulate
from archstat.spec import Settings, load

PEOPLE = Arrangement(detail="people")
WITH_FIELD = beside(kinds.params(), ["receptive_field"])


def shown(name: str, kind: Kind, width: int, batch: int = 1) -> tuple[list[str], list[str]]:
    """Return the titles that fit, and those that are left out."""
    settings = Settings(batch=batch)
    report = tabulate(load(name, settings), kind, PEOPLE, settings=settings)
    kept, left_out = fit(fields(report, Style(width=width)), width)
    return [field.title.partition(" (")[0] for field in kept], left_out


@pytest.mark.parametrize("width", [66, 80, 95])
def test_what_a_device_holds_and_what_crosses_stays(width: int) -> None:
    kept, left_out = shown("alexnet", divided(2, backward=Mode()), width, batch=128)
    assert {"memory", "saved", "crosses"} <= set(kept)
    assert [title.partition(" (")[0] for title in left_out][:2] == ["crosses back", "params"]


def test_what_crosses_back_goes_first_and_params_next() -> None:
    widest, none = shown("alexnet", divided(2, backward=Mode()), 200, batch=128)
    assert {"crosses back", "params", "output", ""} <= set(widest)
    assert not none
    assert shown("alexnet", divided(2, backward=Mode()), 20, batch=128)[1] == [
        "crosses back (MB)", "params", "output", "notes", "saved (MB)", "memory (MB)",
    ]  # fmt: skip


@pytest.mark.parametrize("kind", [kinds.receptive_field(), WITH_FIELD])
def test_a_receptive_field_keeps_its_note(kind: Kind) -> None:
    for width in (60, 80):
        kept, left_out = shown("googlenet", kind, width)
        assert {"receptive field", ""} <= set(kept)
        assert "layers" in left_out
    assert "output" in shown("googlenet", kind, 60)[1]


@pytest.mark.parametrize("width", range(30, 120, 10))
def test_notes_go_after_the_output_and_not_last(width: int) -> None:
    _, left_out = shown("googlenet", WITH_FIELD, width)
    assert ("notes" in left_out) <= ("output" in left_out)
    kind = beside(kinds.receptive_field(), ["params"])
    _, left_out = shown("googlenet", kind, width)
    assert ("notes" in left_out) <= ("jump" in left_out)
