"""archstat explain --against: another tool's figure, in every format, and what it answers to mistakes."""

import csv
import io
import json
import subprocess
import sys

import pytest

from archstat.report.accountings import TOOLS
from tests.cli.run import ROOT, run


@pytest.mark.parametrize("tool", TOOLS)
def test_rows_add_up_in_every_format(tool: str) -> None:
    told = run("explain", "vit_b_16", "--against", tool, "-f", "csv")
    assert told.exit_code == 0
    rows = list(csv.DictReader(io.StringIO(told.stdout)))
    assert {(row["spec"], row["tool"]) for row in rows} == {("vit_b_16", tool)}
    assert {row["version"] for row in rows} == {TOOLS[tool].version}
    totals = [row for row in rows if row["row"] == "total"]
    assert len(totals) == len(TOOLS[tool].figures)
    shown = run("explain", "vit_b_16", "--against", tool).stdout
    marked = run("explain", "vit_b_16", "--against", tool, "-f", "markdown").stdout
    for total in totals:
        addends = [r for r in rows if r["row"] == "addend" and r["of"] == total["of"]]
        assert sum(int(row["amount"]) for row in addends) == int(total["amount"])
        assert f"{int(total['amount']):,}" in shown
        assert f"**{int(total['amount']):,}**" in marked
    assert TOOLS[tool].described in shown
    assert TOOLS[tool].described in marked
    assert TOOLS[tool].note in shown
    kept = json.loads(run("explain", "vit_b_16", "--against", tool, "-f", "json").stdout)
    assert kept["kind"] == "against"
    assert [row["amount"] for row in kept["rows"]] == [int(row["amount"]) for row in rows]


def test_of_a_figure_those_that_print_it_come_first_and_equal_sums_once() -> None:
    shown = run("explain", "resnet50", "--against", "4.09G").stdout
    first, _, rest = shown.partition("these print another number")
    assert first.count("prints 4.09G") == 2
    assert "\narchstat: MACs;" in first
    assert "\ncalflops 0.3.2: MACs\n" in first
    assert "\ntorchinfo 1.8.0: " in first
    assert "\nthop " not in first
    assert "4,133,742,592" in rest
    rows = json.loads(run("explain", "resnet50", "--against", "4.09G", "-f", "json").stdout)["rows"]
    said = {row["figure"] for row in rows if row["row"] == "total"}
    assert said == {"prints 4.09G", "doesn't print 4.09G"}


def test_a_figure_that_is_cut_off_or_nobodys() -> None:
    assert "prints 60M, cut off" in run("explain", "alexnet", "--against", "60M").stdout
    shown = run("explain", "alexnet", "--against", "61.2T").stdout
    assert "\nnone of these prints 61.2T; --against TOOL writes the sum\n" in shown
    assert "prints 61.2T\n" not in shown.replace("none of these prints", "")


def test_the_batch_and_the_heads_are_counted() -> None:
    one, two = (
        json.loads(run("explain", "googlenet", "--against", "macs", "-f", "json", *more).stdout)[
            "rows"
        ][-1]["amount"]
        for more in ((), ("--batch", "2"))
    )
    assert two == 2 * one
    shown = run("explain", "googlenet", "--against", "macs", "--aux", "--batch", "2").stdout
    assert shown.startswith("GoogLeNet  input 3x224x224, batch 2, float32, auxiliary heads")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--against", "netscope"), "no accounting 'netscope'"),
        (("--against", ""), "no accounting ''"),
        (("--against", "96MB"), "no accounting '96MB'"),
        (("--against", "4.1G\x1b[31m"), "no accounting '4.1G"),
        (("conv1", "--against", "thop"), "it takes no layers"),
    ],
)
def test_mistakes(args: tuple[str, ...], said: str) -> None:
    done = run("explain", "alexnet", *args)
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr
    assert "\x1b" not in done.stderr
    assert "torchinfo" in done.stderr or "layers" in said


def test_a_narrow_terminal_breaks_reasons_and_no_number() -> None:
    from archstat.render.accounts import render
    from archstat.render.style import Style
    from archstat.report.accountings import answer
    from archstat.spec import Settings, load

    found = answer(load("vit_b_16"), "torchinfo", Settings())
    for width in (40, 60, 80):
        lines = render("table", found, Style(width=width)).splitlines()
        assert max(map(len, lines)) <= width
        assert any(line.startswith("-11,098,128,384") for line in lines)
        assert ("attention isn't seen" in "\n".join(lines)) == (width > 40)


def test_no_tool_is_imported() -> None:
    code = (
        "import sys; from archstat.report.accountings import account; from archstat.spec import load;"
        "account(load('lenet5').graph, '1G');"
        "print({'torch', 'fvcore', 'numpy', 'thop', 'torchinfo', 'keras'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, cwd=ROOT, check=True)
    assert done.stdout.decode().strip() == "set()"


def test_units_say_nothing_of_exact_numbers() -> None:
    for asked in (("--against", "thop"), ("--formula", "macs", "--in", "batch")):
        done = run("explain", "lenet5", *asked, "--units", "iec")
        assert done.exit_code == 2
        assert f"--units can't go with {asked[0]}" in done.stderr
