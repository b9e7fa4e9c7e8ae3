"""archstat receptive-field: tables, formats and what is refused."""

import csv
import io
import json
from pathlib import Path

from tests.cli.run import run


def test_a_table_for_people() -> None:
    done = run("receptive-field", "alexnet")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert any(
        line.split() == ["conv5.max_pool1", "256x6x6", "195", "32", "64", "33"] for line in lines
    )
    assert "TOTAL" not in done.stdout
    assert "share" not in done.stdout
    assert "smallest path" not in done.stdout  # the only path
    assert "smallest path" in run("receptive-field", "resnet18").stdout


def test_machines_get_every_row_exactly(tmp_path: Path) -> None:
    net = tmp_path / "net.yaml"
    net.write_text(
        "input: [1, 20, 20]\nlayers: [{conv: 1, kernel: [11, 3]}, {interpolate: [3, 2]}, flatten]\n"
    )
    rows = list(csv.DictReader(io.StringIO(run("receptive-field", str(net), "-f", "csv").stdout)))
    found = [
        (row["path"], row["receptive_field"], row["jump"], row["field_centre"]) for row in rows
    ]
    assert found == [
        ("input", "1", "1", "0"),
        ("conv1", "11x3", "1", "5x1"),
        ("interpolate1", "11x3", "1/3x0.5", "5x1"),
        ("flatten1", "11x3", "", ""),
        ("TOTAL", "11x3", "", ""),
    ]
    report = json.loads(run("receptive-field", str(net), "-f", "json").stdout)["reports"][0]
    assert report["rows"][3]["receptive_field"] == "11x3"
    assert report["rows"][3]["jump"] is None
    assert report["totals"]["jump"] is None
    markdown = run("receptive-field", str(net), "-f", "markdown").stdout
    assert "| flatten1 | 1080 | 11x3 | ? |" in markdown


def test_what_is_refused(tmp_path: Path) -> None:
    done = run("receptive-field", "lenet5", "--by", "op")
    assert (done.exit_code, "aren't added up" in done.stderr) == (2, True)
    done = run("receptive-field", "lenet5", "--sort", "params")
    assert (done.exit_code, "can't sort by 'params'" in done.stderr) == (2, True)
    assert run("receptive-field", "no_such_net").exit_code == 2
    assert run("receptive-field").exit_code == 2


def test_a_figure_that_is_no_number(tmp_path: Path) -> None:
    net = tmp_path / "net.yaml"
    net.write_text(
        "input: [1, 20, 20]\nlayers: [conv: 1]\npublished: [{receptive_field: lots, source: here}]\n"
    )
    done = run("reproduce", str(net))
    assert done.exit_code == 2
    assert "net.yaml:3:" in done.stderr
