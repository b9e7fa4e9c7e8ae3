"""``archstat reproduce``: what it says and answers, above all where something is wrong."""

import csv
import io
import json
from pathlib import Path

import pytest

from tests.cli.run import run

# 3*3*3*8 + 8 = 224 params, of which 216 weights; 8*4*4 * 27 = 3,456 MACs.
NETWORK = """\
input: [3, 4, 4]
layers: {conv1: [{conv: 8, kernel: 3, padding: same}]}
"""
PASS = "PASS  all as recorded in the specs"


@pytest.fixture
def net(tmp_path: Path) -> Path:
    return tmp_path / "net.yaml"


def printed(net: Path, *figures: str) -> str:
    """Write a spec with these figures and return its path."""
    published = "".join(f"  - {figure}\n" for figure in figures)
    net.write_text(NETWORK + (f"published:\n{published}" if figures else ""), encoding="utf-8")
    return str(net)


def closing(*args: str) -> list[str]:
    return run("reproduce", *args).stdout.rpartition("\n\n")[2].splitlines()


def test_a_spec_that_cannot_be_read_fails(net: Path) -> None:
    net.write_text("layers: [", encoding="utf-8")
    done = run("reproduce", str(net))
    assert (done.exit_code, done.stdout) == (2, "FAIL  1 spec could not be read\n")
    assert "error:" in done.stderr


@pytest.mark.parametrize("name", ["table", "markdown"])
def test_a_spec_that_does_not_exist_fails_beside_one_that_does(name: str) -> None:
    done = run("reproduce", "vgg16", "nope", "nope2", "-f", name)
    assert done.exit_code == 2
    assert "PASS" not in done.stdout
    assert done.stdout.endswith("FAIL  2 specs could not be read\n")
    assert "printed figures of 1 spec:" in done.stdout


def test_a_figure_that_cannot_be_judged_fails_and_the_others_are_judged(net: Path) -> None:
    path = printed(net, "{params: 1, source: s, slip: params('conv9'), why: w}")
    done = run("reproduce", path, "conv7x7")
    assert done.exit_code == 2
    assert "'conv9' matches no layer" in done.stderr
    assert done.stdout.splitlines()[-2:] == [
        "4 printed figures of 1 spec: 4 reproduced",
        "FAIL  1 spec could not be read",
    ]


def test_a_verdict_that_no_longer_holds_fails(net: Path) -> None:
    path = printed(net, "{params: 225, source: s}", "{params: 224, source: s}")
    assert run("reproduce", path).exit_code == 1
    assert closing(path) == [
        "2 printed figures of 1 spec: 1 reproduced, 1 that does not reproduce",
        "FAIL  1 not as recorded in the spec",
        f"  {path}:4:14: params 225",
    ]


def test_no_figures_are_no_pass(net: Path) -> None:
    done = run("reproduce", printed(net))
    assert done.exit_code == 0
    assert done.stdout.splitlines()[2:] == [
        "no printed figures",
        "",
        "no printed figures in 1 spec, nothing to hold",
    ]


SLIP = "{macs: 6.9K, source: s, slip: 2 * macs(), why: w}"
ACCOUNTING = "{params: 216, source: s, accounting: weights(), why: w}"


@pytest.mark.parametrize(
    ("figures", "counted"),
    [
        (("{params: 224, source: s}",), "1 printed figure of 1 spec: 1 reproduced"),
        (("{macs: 3.4K, source: s}",), "1 printed figure of 1 spec: 1 reproduced (1 cut off, not rounded)"),
        ((SLIP,), "1 printed figure of 1 spec: 1 slip"),
        ((SLIP, SLIP), "2 printed figures of 1 spec: 2 slips"),
        ((ACCOUNTING, SLIP), "2 printed figures of 1 spec: 1 in another accounting, 1 slip"),
        (("{params: 9, source: s, differs: r}",), "1 printed figure of 1 spec: 1 that does not reproduce"),
    ],
)  # fmt: skip
def test_the_closing_line_counts_what_there_is(
    net: Path, figures: tuple[str, ...], counted: str
) -> None:
    assert closing(printed(net, *figures)) == [counted, PASS]


FIGURES = (
    "{activation_bytes: 0.69 KB, read_as: KiB, source: s}",
    "{params: 220, source: s, accounting: weights() + 4.5, why: w, inferred: true}",
    "{quantity: q, printed: 0.3, computed: weights('conv1') / (3 * params()), source: s}",
    "{quantity: q, printed: 0.4, computed: activations('input') / activations('conv1'), source: s}",
    "{output: 4x4x8, source: s}",
)


def test_programs_get_exact_numbers(net: Path) -> None:
    path = printed(net, *FIGURES)
    rows = json.loads(run("reproduce", path, "-f", "json").stdout)["rows"]
    assert [row["computed"] for row in rows] == [704, 224, "9/28", "0.375", "4x4x8"]
    assert [row["derived"] for row in rows] == [None, "220.5", None, None, None]
    assert [row["inferred"] for row in rows] == [False, True, False, False, False]
    assert [row["holds"] for row in rows] == [True] * 5
    assert (rows[0]["printed"], rows[0]["read_as"]) == ("0.69 KB", "KiB")
    table = list(csv.DictReader(io.StringIO(run("reproduce", path, "-f", "csv").stdout)))
    assert [row["computed"] for row in table] == ["704", "224", "9/28", "0.375", "4x4x8"]
    assert [row["derived"] for row in table] == ["", "220.5", "", "", ""]
    assert [row["cut"] for row in table] == ["", "", "", "", ""]


def test_people_are_told_what_is_inferred_and_how_a_suffix_is_read(net: Path) -> None:
    shown = run("reproduce", printed(net, *FIGURES)).stdout
    assert "    KB read as KiB\n" in shown
    assert "    as printed: weights() + 4.5 = 220.5\n    probably: w\n" in shown
