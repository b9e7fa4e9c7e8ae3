"""--add: columns beside a table's own."""

import csv
import io
import json
from pathlib import Path

import pytest

from archstat.render.style import Style
from archstat.render.table import render as table_of
from archstat.report.architecture import load
from archstat.report.columns import BY_KEY, READING_BY_KEY
from tests.cli.run import run


def table(*args: str) -> dict[str, list[str]]:
    """Return the words of each line of a table by its first."""
    done = run(*args)
    assert done.exit_code == 0, done.stderr
    return {words[0]: words for words in map(str.split, done.stdout.splitlines()) if words}


def test_receptive_fields_stand_beside_any_table() -> None:
    assert table("params", "alexnet", "--add", "receptive_field")["conv5.conv1"][-1] == "163"
    assert table("flops", "alexnet", "--add", "receptive_field")["conv5.conv1"][-1] == "163"
    assert table("memory", "alexnet", "--add", "receptive_field")["conv5.max_pool1"][-1] == "195"
    assert table("shapes", "alexnet", "--add", "receptive_field")["conv5.max_pool1"][-1] == "195"
    assert table("summary", "alexnet", "--add", "receptive_field")["alexnet"][-2] == "227"
    by_stage = table("summary", "vgg16", "--by", "stage", "--add", "receptive_field,jump")
    assert by_stage["conv5"][-2:] == ["212", "32"]


def test_a_field_is_said_to_be_unknown_or_everything_as_in_its_own_table(tmp_path: Path) -> None:
    found = table("shapes", "lenet5", "--add", "receptive_field,jump")
    assert found["flatten1"][-5:] == ["?", "positions", "merged", "or", "moved"]
    assert found["linear1"][-3:] == ["the", "whole", "input"]
    net = tmp_path / "net.yaml"
    net.write_text(
        "input: [1, 20, 20]\nlayers: [{conv: 1, kernel: [11, 3]}, flatten, {linear: 2}]\n"
    )
    rows = list(
        csv.DictReader(
            io.StringIO(
                run("params", str(net), "--add", "receptive_field,jump", "-f", "csv").stdout
            )
        )
    )
    kept = [(row["path"], row["receptive_field"], row["jump"], row["note"]) for row in rows]
    assert kept == [
        ("conv1", "11x3", "1", ""),
        ("flatten1", "11x3", "", "positions merged or moved"),
        ("linear1", "20", "0", "the whole input"),
        ("TOTAL", "20", "0", ""),
    ]


def test_a_note_of_the_layer_and_one_of_its_field_stand_together(tmp_path: Path) -> None:
    net = tmp_path / "net.yaml"
    net.write_text("input: [4]\nlayers: [{linear: 4, name: a}, {linear: 4, share: a}]\nfreeze: a\n")
    args = ("params", str(net), "--add", "receptive_field", "-f", "json")
    (report,) = json.loads(run(*args).stdout)["reports"]
    notes = [row["note"] for row in report["rows"]]
    assert all(note.endswith("; the whole input") for note in notes)
    assert [c["key"] for c in report["columns"][:2]] == ["params", "receptive_field"]


def test_numbers_that_add_up_have_their_shares_and_come_to_their_totals() -> None:
    done = run("params", "alexnet", "--add", "macs,activations", "-f", "csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    layers = [row for row in rows if row["row"] == "layer"]
    (total,) = (row for row in rows if row["row"] == "total")
    for key in ("params", "macs", "activations"):
        assert sum(int(row[key]) for row in layers) == int(total[key])
    assert layers[0]["path"] == "input"  # it has activations
    shown = run("params", "alexnet", "--add", "macs,activations").stdout
    assert "params  of params         MACs  of MACs  activations  of activations" in shown
    assert "10 layers without any of them not shown" in shown


def test_what_a_table_has_already_is_not_added_twice() -> None:
    plain = run("flops", "lenet5").stdout
    assert run("flops", "lenet5", "--add", "macs").stdout == plain
    shown = run("flops", "lenet5", "--add", "flops,macs,flops").stdout
    assert shown.count("of FLOPs") == 1
    assert "FLOPs     " not in shown.splitlines()[-1]  # its total is no line of its own any more
    summary = run("summary", "lenet5", "--add", "trainable_params,params", "-f", "csv").stdout
    header = summary.splitlines()[0].split(",")
    assert len(header) == len(set(header))


def test_every_column_can_be_added_to_every_table() -> None:
    every = ",".join([*BY_KEY, *READING_BY_KEY])
    for args in (
        ("params", "lenet5"),
        ("flops", "lenet5", "--backward"),
        ("memory", "lenet5", "--backward", "--peak"),
        ("memory", "lenet5", "--batch", "8", "--gpus", "2"),
        ("memory", "lenet5", "--fit", "1GiB"),
        ("shapes", "lenet5"),
        ("summary", "lenet5", "alexnet"),
        ("summary", "lenet5", "--by", "stage"),
    ):
        for form in ("table", "csv", "json", "markdown"):
            done = run(*args, "--add", every, "-f", form)
            assert done.exit_code == 0, (args, form, done.stderr)


def test_added_columns_sort() -> None:
    done = run("params", "alexnet", "--add", "macs", "--sort", "macs", "-n", "1", "-f", "csv")
    assert done.stdout.splitlines()[1].split(",")[2] == "conv2.conv1"


def test_a_narrow_terminal_keeps_what_was_asked_for() -> None:
    report = load("lenet5").report(add=("macs", "receptive_field"))
    header = table_of([report], Style(width=50)).splitlines()[2]
    assert header.endswith("MACs  receptive field")
    assert "output" not in header
    assert "of MACs" not in header
    wide = table_of([report], Style(width=160, bars=True, unicode=True))
    assert "█" not in wide  # whose share would it be?
    assert "the whole input" in wide
    assert "of MACs" in wide


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--add", "receptive_feild"), "did you mean 'receptive_field'?"),
        (("--add", "nothing_like_it"), "there are params, weights"),
        (("--add", "depth"), "'depth' is one number of the whole network, not a column"),
        (("--add", "macs,,params"), "one of them is empty"),
        (("--add", ""), "one of them is empty"),
        (("--add", "jump", "--by", "op"), "aren't added up over layers of one op"),
        (("--add", "macs", "--engine", "torch"), "--add can't go with --engine torch"),
    ],
)
def test_what_is_refused(args: tuple[str, ...], said: str) -> None:
    done = run("params", "lenet5", *args)
    assert (done.exit_code, said in done.stderr) == (2, True), done.stderr
    assert done.stdout == ""


def test_one_of_several_devices_has_no_columns_of_the_whole() -> None:
    done = run("memory", "alexnet", "--split", "2", "--add", "macs")
    assert (done.exit_code, "--add can't go with --split" in done.stderr) == (2, True)
