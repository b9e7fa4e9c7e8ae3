"""Readings in reports: not summed, of several axes, folded by stage, asked by expression, explained."""

from fractions import Fraction
from pathlib import Path

import pytest

import archstat
from archstat.budget.meter import Meter, unit_of
from archstat.errors import SpecError, UsageError
from archstat.report import kinds
from archstat.report.arrange import Arrangement
from archstat.report.columns import BY_KEY, COLUMNS, READING_BY_KEY, READINGS
from archstat.report.explain import explain
from archstat.report.metrics import Metrics
from archstat.report.tabulate import tabulate
from archstat.spec import load
from archstat.spec.model import METRICS

KIND = kinds.receptive_field()


def test_keys_are_unique_and_metrics() -> None:
    assert not set(BY_KEY) & set(READING_BY_KEY)
    assert len(READING_BY_KEY) == len(READINGS)
    assert set(READING_BY_KEY) <= set(METRICS)
    assert {c.adds for c in COLUMNS} == {True}
    assert {r.adds for r in READINGS} == {False}


def test_the_total_is_the_outputs() -> None:
    report = tabulate(load("conv3x3_stack"), KIND)
    assert report.total == {
        "receptive_field": 7, "smallest_receptive_field": 7, "jump": 1, "effective_padding": 3, "field_centre": 0,
    }  # fmt: skip
    assert report.partial == ()


def test_a_stage_has_its_last_layers() -> None:
    report = tabulate(load("vgg16"), KIND, Arrangement(by="stage"))
    cells = {row.path: row.cells for row in report.rows}
    assert cells["conv5"] == (212, 212, 32, 90, Fraction(31, 2))
    assert {row.path: row.seen for row in report.rows}["fc8"] == "the whole input"


def test_the_rest_has_none() -> None:
    report = tabulate(load("vgg16"), KIND, Arrangement(top=2, sort="receptive_field"))
    assert report.rows[0].cells[0] == 224
    assert report.rows[-1].cells == (None,) * 5
    assert report.rows[-1].path.startswith("[")


def test_sorting_takes_the_larger_axis(tmp_path: Path) -> None:
    spec = tmp_path / "net.yaml"
    spec.write_text(
        "input: [1, 60, 60]\n"
        "layers: [{conv: 1, kernel: [3, 1]}, {conv: 1, kernel: [1, 9]}, {conv: 1, kernel: [4, 1]}]\n"
    )
    net = archstat.load(spec)
    rows = net.report("receptive-field", sort="receptive_field").rows
    assert [row.cells[0] for row in rows] == [(3, 9), (6, 9), (3, 1), 1]
    asked = Metrics(net.graph)
    assert asked.ask("receptive_field('conv2', axis=1)") == 9
    assert asked.ask("jump(axis=1)") == 1
    assert asked.ask("receptive_field('conv*', axis=0)") == 6
    with pytest.raises(SpecError, match="of 'conv2' is 3x9: its axes differ"):
        asked.ask("receptive_field('conv2')")
    with pytest.raises(SpecError, match="the input has 2 axes"):
        asked.ask("receptive_field('conv2', axis=2)")


def test_expressions() -> None:
    asked = Metrics(load("resnet50").graph)
    assert asked.ask("receptive_field('conv5')") == 427
    assert asked.ask("receptive_field(op='max_pool')") == 11
    assert asked.ask("receptive_field('conv5') / jump('conv5')") == Fraction(427, 32)
    assert asked.ask("receptive_field()") == 224
    with pytest.raises(SpecError, match="'nothing' matches no layer"):
        asked.ask("jump('nothing')")
    with pytest.raises(SpecError, match=r"the jump of 'fc6\.flatten1' is unknown"):
        Metrics(load("vgg16").graph).ask("jump('fc6.flatten1')")


def test_a_reading_is_no_total() -> None:
    with pytest.raises(UsageError, match="no column 'jump'"):
        archstat.load("lenet5").total("jump")


@pytest.mark.parametrize(
    ("spec", "layer", "lines"),
    [
        ("alexnet", "conv5.conv1", [("131 + (3 - 1)*16", 163), ("48 + 1*16", 64)]),
        ("alexnet", "conv5.max_pool1", [("163 + (3 - 1)*16", 195), ("16*2", 32)]),
        ("vgg16", "fc6.linear1", [("the whole input", 224)]),
        ("vgg16", "fc7.linear1", []),
        ("vgg16", "conv1.conv1.act", []),
        ("googlenet", "inception3a.concat1", [("the largest of 27, 43, 59", 59)]),
        (
            "unet",
            "up4.conv_transpose1",
            [("140, the most over the phases", None), ("16/2 = 8", None)],
        ),
    ],
)
def test_explained(spec: str, layer: str, lines: list[tuple[str, int | None]]) -> None:
    (lesson,) = [one for one in explain(load(spec), [layer]).lessons if one.path == layer]
    labels = ("receptive field", "jump", "padding")
    assert [(s.arithmetic, s.value) for s in lesson.steps if s.label in labels] == lines


def test_a_budget_is_held_to_the_output(tmp_path: Path) -> None:
    spec = tmp_path / "net.yaml"
    spec.write_text(
        "input: [1, 32, 24]\nlayers: [{conv: 4, kernel: 3, repeat: 3}]\nbudget: {receptive_field: {min: 7}}\n"
    )
    meter = Meter(archstat.load(spec).graph)
    assert meter.read("receptive_field").value == 7
    assert meter.read("jump").value == 1
    assert unit_of("jump") == "positions"
    spec.write_text("input: [1, 32, 24]\nlayers: [global_avg_pool]\n")
    whole = Meter(archstat.load(spec).graph).read("receptive_field")
    assert (whole.value, whole.unknown) == (None, ("global_avg_pool1",))  # 32x24
