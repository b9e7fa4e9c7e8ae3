"""Formats for programs: exact, complete, and safe to open."""

import csv
import io
import json
from typing import Any

import pytest

from archstat.render import FORMATS, render
from archstat.render.figures import PLAIN
from archstat.render.listing import Listing
from archstat.render.listing import render as render_listing
from archstat.render.style import Style
from archstat.report import kinds
from archstat.report.report import Report
from archstat.report.summary import summarize
from archstat.report.tabulate import tabulate
from archstat.spec import load
from tests.render.reports import HOSTILE, NASTY, TWO_ROWS, UNKNOWN
from tests.report.networks import PARAMS, small


def parsed(*reports: Report) -> Any:
    return json.loads(render("json", reports, Style()))


def table(report: Report, name: str = "csv") -> list[dict[str, str]]:
    text = render(name, [report], Style())
    return list(csv.DictReader(io.StringIO(text), delimiter="," if name == "csv" else "\t"))


def test_json_envelope() -> None:
    got = parsed(TWO_ROWS)
    assert list(got) == ["format_version", "kind", "tool", "reports"]
    assert got["format_version"] == "1.0"
    assert got["kind"] == "memory"
    assert got["tool"]["name"] == "archstat"
    (report,) = got["reports"]
    assert report["settings"] == {
        "input": [3, 8, 8], "batch": 1, "dtype": "float32", "aux": False, "variables": {}, "by": "layer",
    }  # fmt: skip
    assert report["totals"] == {
        "activations": 3_001_000,
        "activation_bytes": 12_004_000,
        "param_bytes": 448,
    }
    assert report["rows"][0] == {
        "path": "stem.conv1", "op": "conv", "layers": 1, "inputs": [[3, 8, 8]], "output": [4, 8, 8],
        "tensors": {"weight": [4, 3, 3, 3], "bias": [4]},
        "activations": 3_000_000, "activation_bytes": 12_000_000, "param_bytes": 448, "note": "",
    }  # fmt: skip
    assert report["incomplete"] == []
    assert report["published"] == [{
        "quantity": "activations", "printed": "5M", "read_as": "", "source": "a slide", "verdict": "slip",
        "computed": 3_001_000, "derivation": "2 * activations()", "derived": 6_002_000, "cut": False,
        "why": "counted twice", "inferred": True,
    }]  # fmt: skip


def test_json_is_exact_beyond_floats() -> None:
    spec = small(batch=2**24)
    total = parsed(tabulate(spec, kinds.flops()))["reports"][0]["totals"]["macs"]
    assert total == 2**24 * 7_752
    assert isinstance(total, int)


def test_json_null_for_the_unknown_and_the_total_is_named() -> None:
    (report,) = parsed(UNKNOWN)["reports"]
    assert report["rows"][1]["activations"] is None
    assert report["incomplete"] == ["activations", "activation_bytes"]
    assert parsed(summarize([small()]))["reports"][0]["totals"] is None


def test_json_rows_stand_on_lines_of_their_own() -> None:
    lines = render("json", [TWO_ROWS], Style()).splitlines()
    assert sum('"path"' in line for line in lines) == len(TWO_ROWS.rows)


def test_csv() -> None:
    rows = table(TWO_ROWS)
    assert [row["row"] for row in rows] == ["layer", "layer", "total", "note", "published"]
    assert rows[0]["spec"] == "two.yaml"
    assert rows[0]["activations"] == "3000000"
    assert rows[0]["parameters"] == "weight=4x3x3x3 bias=4"
    assert rows[2]["activation_bytes"] == "12004000"
    assert rows[3]["note"] == TWO_ROWS.notes[0]
    assert {key: text for key, text in rows[4].items() if text} == {
        "spec": "two.yaml", "row": "published", "quantity": "activations", "printed": "5M", "verdict": "slip",
        "computed": "3001000", "derivation": "2 * activations()", "derived": "6002000", "inferred": "yes",
        "why": "counted twice", "source": "a slide",
    }  # fmt: skip
    unknown = table(UNKNOWN)
    assert unknown[1]["activations"] == ""
    assert unknown[2]["note"] == "at least: activations, activation_bytes"


def test_tsv_has_the_same_cells() -> None:
    assert table(TWO_ROWS, "tsv") == table(TWO_ROWS)


def test_several_reports_are_one_csv_table() -> None:
    text = render(
        "csv",
        [tabulate(small(), kinds.params()), tabulate(load("lenet5"), kinds.params())],
        Style(),
    )
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [r["params"] for r in rows if r["row"] == "total"] == [str(PARAMS), "61706"]


@pytest.mark.parametrize("by", ["layer", "stage", "op"])
def test_rows_add_up_to_the_total_in_every_machine_format(by: str) -> None:
    from archstat.report.arrange import Arrangement

    report = tabulate(load("resnet18"), kinds.memory(), Arrangement(by=by))  # type: ignore[arg-type]  # a parameter's word
    (from_json,) = parsed(report)["reports"]
    rows = table(report)
    for key, total in from_json["totals"].items():
        assert sum(row[key] for row in from_json["rows"]) == total
        assert sum(int(row[key]) for row in rows if row["row"] == by) == total


def test_markdown() -> None:
    text = render("markdown", [TWO_ROWS], Style())
    assert text.startswith("### Two\n\ninput 3x8x8, batch 1, float32\n\n| layer | output |")
    assert "| --- | --- | ---: | ---: | ---: | --- |" in text
    assert "| stem.conv1 | 4x8x8 | 3,000,000 | 12.000 | &gt;99.9% |  |" in text
    assert "| **TOTAL** |  | **3,001,000** | **12.004** | **100.0%** |  |" in text
    assert r"as printed: 2 \* activations() = 6,002,000" in text


@pytest.mark.parametrize("name", FORMATS)
def test_nothing_in_a_hostile_name_acts(name: str) -> None:
    text = render(name, [HOSTILE], Style())
    assert "\x1b" not in text
    assert "\u202e" not in text
    if name == "json":
        json.loads(text)
    if name in ("csv", "tsv"):
        delimiter = "," if name == "csv" else "\t"
        for line in csv.reader(io.StringIO(text), delimiter=delimiter):
            assert len(line) == 10 + len(PLAIN)
            assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in line)
    if name == "markdown":
        assert "<b>" not in text
        rows = [line for line in text.splitlines() if line.startswith("|")]
        plain = [line.replace(r"\|", "") for line in rows]
        assert {line.count("|") for line in plain} == {plain[0].count("|")}


@pytest.mark.parametrize("name", FORMATS)
def test_listings_in_every_format(name: str) -> None:
    listing = Listing(
        kind="list", columns=("spec", "size", "about"), rows=(("a", 1_000, NASTY), ("b", None, "x"))
    )
    text = render_listing(name, listing, Style())
    assert "\x1b" not in text
    assert "1000" in text or "1,000" in text
    if name == "json":
        assert json.loads(text)["rows"][1] == {"spec": "b", "size": None, "about": "x"}


def test_a_listing_breaks_its_prose_on_a_narrow_terminal() -> None:
    about = "one two three four five six seven eight nine ten eleven twelve"
    listing = Listing(
        kind="list", columns=("spec", "about"), rows=(("first", about), ("second", "short"))
    )
    lines = render_listing("table", listing, Style(width=40)).splitlines()
    assert max(map(len, lines)) <= 40
    assert " ".join(" ".join(line[8:].split()) for line in lines[2:-1]) == about
