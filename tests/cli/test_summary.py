"""archstat summary: one row for each network, or where the numbers of each sit."""

import csv
import io
import json

import pytest

from tests.cli.run import run


def test_depth_and_what_linear_layers_hold_are_exact_for_programs() -> None:
    done = run("summary", "vgg16", "lenet5", "-f", "json")
    (report,) = json.loads(done.output)["reports"]
    assert [row["depth"] for row in report["rows"]] == [16, 5]
    assert [row["linear_params"] for row in report["rows"]] == [123_642_856, 48_120 + 10_164 + 850]
    assert report["notes"] == []


def test_a_table_for_each_network_adds_up() -> None:
    done = run("summary", "vgg16", "resnet50", "--by", "stage", "-f", "csv")
    rows = list(csv.DictReader(io.StringIO(done.output)))
    for spec, params in (("vgg16", 138_357_544), ("resnet50", 25_557_032)):
        of = [row for row in rows if row["spec"] == spec]
        assert of[-1]["params"] == str(params)
        for key in ("params", "macs", "activation_bytes"):
            assert sum(int(row[key]) for row in of[:-1]) == int(of[-1][key])
    assert (
        json.loads(run("summary", "vgg16", "--by", "op", "-f", "json").output)["kind"] == "shares"
    )


@pytest.mark.parametrize("options", [("--sort", "params"), ("-n", "2"), ("--all",)])
def test_rows_can_be_chosen_only_where_there_are_rows(options: tuple[str, ...]) -> None:
    done = run("summary", "vgg16", *options)
    assert done.exit_code == 2
    assert "says nothing without --by" in done.output
    assert run("summary", "vgg16", "--by", "op", *options).exit_code == 0
