"""Checked budgets in every format, with names that would like to act."""

import csv
import io
import json
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path

import jsonschema
import pytest

from archstat.budget.check import Check, Checks, Problem, check_limits
from archstat.budget.judge import Outcome
from archstat.cli import step_summary
from archstat.errors import Mark, SpecError, UsageError
from archstat.render.annotation import annotation, escape_data, escape_property
from archstat.render.check import FORMATS, render
from archstat.render.check.markdown import LONGEST, MARKER
from archstat.render.check.schema import json_schema
from archstat.render.style import Style
from archstat.report.architecture import load
from archstat.spec.limits import parse_limit
from archstat.spec.model import Bound, Limit

HOSTILE = "a\x1b[31m\x00\r\n::error::x,y:z%0A|<b>`]]>&\"'\ud800\u202e\ufffe"


def limit(metric: str, bound: Bound, text: str, mark: Mark | None = None) -> Limit:
    import msgspec

    return msgspec.structs.replace(
        parse_limit(metric, bound, text), mark=mark, option="" if mark else f"--{bound} {text}"
    )


def checks(*limits: Limit, name: str = "net.yaml", problems: Sequence[Problem] = ()) -> Checks:
    done = check_limits(load("lenet5"), limits)
    one = Check(reference=name, name=name, file=name, outcomes=done.outcomes)
    return Checks(checks=(one,), problems=tuple(problems))


FAILED = limit("params", "max", "60k", Mark("net.yaml", 3, 9))
PASSED = limit("macs", "max", "1M", Mark("net.yaml", 4, 9))


def hostile() -> Checks:
    mark = Mark(HOSTILE, 3, 9, HOSTILE)
    problem = Problem(HOSTILE, SpecError(HOSTILE, hint=HOSTILE, mark=mark))
    causes = ((HOSTILE, 3), ("b", 2))
    failed = Outcome(limit=limit("params", "max", "1", mark), verdict="fail", value=5, allowed=1, excess=4,
                     causes=causes, hint=HOSTILE)  # fmt: skip
    unknown = Outcome(
        limit=limit("macs", "max", "1"),
        verdict="fail",
        value=None,
        allowed=None,
        unknown=(HOSTILE,),
    )
    one = Check(reference=HOSTILE, name=HOSTILE, file=HOSTILE, outcomes=(failed, unknown))
    return Checks(checks=(one,), problems=(problem,), base=HOSTILE)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("width", [None, 20, 60, 160])
def test_no_format_lets_a_name_act(name: str, width: int | None) -> None:
    text = render(name, hostile(), Style(width=width))
    text.encode()  # no lone surrogate
    assert not [c for c in text if not c.isprintable() and c not in "\n\t"]
    if name != "markdown":
        assert not [line for line in text.splitlines() if line.strip().startswith("::error::x")]
    else:
        # Between backticks nothing is HTML.
        assert not [line for line in text.splitlines() if "<b>" in line and "`archstat" not in line]


def test_annotations_are_one_line_each_and_escaped() -> None:
    lines = render("github", hostile(), Style()).splitlines()
    assert len(lines) == 4
    for line in lines[:3]:
        head, _, message = line.removeprefix("::").partition("::")
        kind, _, properties = head.partition(" ")
        assert kind == "error"
        assert [p.partition("=")[0] for p in properties.split(",")] == [
            "file",
            "line",
            "col",
            "title",
        ]
        assert "\n" not in message


def test_an_annotation_stands_where_the_limit_is_set() -> None:
    text = render("github", checks(FAILED, PASSED), Style(), lambda file: f"top/{file}")
    first, last = text.splitlines()
    assert first.startswith(
        "::error file=top/net.yaml,line=3,col=9,title=net.yaml%3A params::"
        "params 61,706 > max 60k, over by 1,706 (2.8%25)%0Alargest params: linear1 48,120"
    )
    assert last == "FAIL  1 failed, 1 passed: 1 spec"


def test_workflow_commands_are_escaped_as_github_reads_them() -> None:
    assert escape_data("50%\nx:y,z") == "50%25%0Ax:y,z"
    assert escape_property("50%:,\n") == "50%25%3A%2C"
    line = annotation("error", "x" * 10_000, Mark("f", 1, 1), title="t" * 1000)
    assert len(line) < 4_500


def test_junit_counts_and_names_every_limit() -> None:
    broken = Problem("bad.yaml", UsageError("no such file"))
    root = ET.fromstring(
        render("junit", checks(FAILED, PASSED, problems=[broken]), Style()).encode()
    )
    assert root.attrib == {"name": "archstat check", "tests": "3", "failures": "1", "errors": "1"}
    assert [case.get("name") for case in root.iter("testcase")] == [
        "params max 60k",
        "macs max 1M",
        "loads",
    ]
    assert [case.get("line") for case in root.iter("testcase")] == ["3", "4", None]
    (failure,) = root.iter("failure")
    assert "over by 1,706" in (failure.text or "")
    assert "net.yaml:3:9" in (failure.text or "")


def test_junit_is_xml_whatever_the_names() -> None:
    root = ET.fromstring(render("junit", hostile(), Style()).encode())
    assert len(list(root.iter("testcase"))) == 3


def test_sarif_points_at_the_limit() -> None:
    log = json.loads(render("sarif", checks(FAILED, PASSED), Style()))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    (result,) = run["results"]
    assert (result["ruleId"], result["level"]) == ("params/max", "error")
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "net.yaml"
    assert place["region"] == {"startLine": 3, "startColumn": 9}
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["params/max"]


def test_json_and_csv_hold_exact_numbers() -> None:
    found = json.loads(render("json", checks(FAILED, PASSED), Style()))
    assert (found["kind"], found["format_version"]) == ("check", "1.0")
    assert found["summary"] == {
        "failed": 1,
        "warned": 0,
        "new": 0,
        "passed": 1,
        "specs": 1,
        "unreadable": 0,
    }
    first = found["rows"][0]
    assert (first["value"], first["allowed"], first["excess"]) == (61706, 60000, 1706)
    assert first["causes"][0] == {"path": "linear1", "amount": 48120}
    rows = list(csv.DictReader(io.StringIO(render("csv", checks(FAILED, PASSED), Style()))))
    assert [(row["verdict"], row["value"]) for row in rows] == [
        ("fail", "61706"),
        ("pass", "416520"),
    ]


@pytest.mark.parametrize(
    "found", [checks(FAILED, PASSED), hostile(), checks(limit("output", "exact", "10"))]
)
def test_json_is_as_its_schema_says(found: Checks) -> None:
    jsonschema.Draft7Validator.check_schema(json_schema())
    written = json.loads(render("json", found, Style()))
    jsonschema.validate(written, json_schema())
    assert set(written["rows"][0]) == set(
        json_schema()["properties"]["rows"]["items"]["properties"]
    )
    assert set(written) == set(json_schema()["properties"]) - {"$schema"}


def test_markdown_begins_with_its_marker_and_folds_what_holds() -> None:
    text = render("markdown", checks(FAILED, PASSED), Style())
    assert text.startswith(f"{MARKER}\n### FAIL: 1 failed, 1 passed: 1 spec\n")
    shown, _, folded = text.partition("<details>")
    assert "| FAIL | net.yaml | params | 61,706 |" in shown
    assert "| PASS | net.yaml | macs |" in folded
    assert text.count("<details>") == text.count("</details>") == 1


def test_markdown_stays_within_what_a_comment_takes() -> None:
    mark = Mark("x" * 200, 3, 9)
    many = [limit("params", "max", "60k", mark)] * 600 + [limit("macs", "max", "1M", mark)] * 600
    text = render("markdown", checks(*many), Style())
    assert len(text) < LONGEST + 200
    assert "more lines" in text
    assert text.count("<details>") == text.count("</details>")


def test_a_narrow_terminal_loses_columns_and_no_digits() -> None:
    text = render("table", checks(FAILED, PASSED), Style(width=60))
    assert "61,706" in text
    assert "> max 60k" in text
    assert "set at" not in text
    assert max(map(len, text.splitlines())) <= 60


def test_a_summary_is_appended_and_never_too_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "summary.md"
    monkeypatch.setenv(step_summary.VARIABLE, str(path))
    step_summary.append("one")
    step_summary.append("two")
    assert path.read_text() == "one\ntwo\n"
    step_summary.append("long line\n" * 200_000)
    text = path.read_bytes()
    assert len(text) <= step_summary.LARGEST
    assert text.endswith(b"long line\n\n*The rest is too long for a summary.*\n")
    step_summary.append("more" * 1000)
    assert len(path.read_bytes()) <= step_summary.LARGEST


def test_a_summary_that_can_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(step_summary.VARIABLE, str(tmp_path / "none" / "summary.md"))
    with pytest.raises(UsageError, match="can't write"):
        step_summary.append("one")
    monkeypatch.delenv(step_summary.VARIABLE)
    with pytest.raises(UsageError, match="is not set"):
        step_summary.append("one")
