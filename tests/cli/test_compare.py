"""archstat compare: two specs, a branch and its base, a baseline file; every format, exit codes, hostile input."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from archstat.render.comparison.markdown import LONGEST, MARKER
from tests.cli.run import run, shell
from tests.git import git

NET = "input: [3, 8, 8]\nlayers:\n  stem: [{conv: %d, kernel: 3, padding: same}, relu]\n  head: [flatten, linear: 10]\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_STEP_SUMMARY", "GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    return tmp_path


def write(path: str, width: int = 4) -> str:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(NET % width, "utf-8")
    return path


@pytest.fixture
def branch(here: Path) -> Path:
    """A branch that changes one spec, adds, removes and renames one, breaks one and leaves one alone."""
    git("init", "-q", "-b", "main")
    for at, name in enumerate(("changed", "gone", "before", "broken", "alone")):
        write(f"nets/{name}.yaml", width=4 + at)
    Path("nets/child.yaml").write_text("extends: changed.yaml\n", "utf-8")
    Path("workflow.yml").write_text("on: push\n", "utf-8")
    git("add", ".")
    git("commit", "-q", "-m", "first")
    git("checkout", "-q", "-b", "branch")
    write("nets/changed.yaml", width=8)
    write("nets/added.yaml", width=2)
    git("rm", "-q", "nets/gone.yaml")
    git("mv", "nets/before.yaml", "nets/after.yaml")
    Path("nets/broken.yaml").write_text("input: [3\nlayers: [\n", "utf-8")
    Path("workflow.yml").write_text("on: pull_request\n", "utf-8")
    return here


def compared(*arguments: str, code: int = 0) -> dict[str, Any]:
    done = run("compare", *arguments, "-f", "json")
    assert done.exit_code == code, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_two_specs() -> None:
    done = run("compare", "inception_naive", "inception_bottleneck")
    assert done.exit_code == 0
    for said in (
        "854,196,224 271,351,808 -582,844,416 -68.2%",
        "672x28x28 480x28x28 differs",
        "~ 5x5.conv -460,800 -361,267,200",
        "published inception_naive 854M",
        "macs() + macs('3x3.conv') = 358,055,936",
    ):
        assert said in " ".join(done.stdout.split())


def test_no_difference_is_one_line() -> None:
    done = run("compare", "vgg16", "vgg16")
    assert (done.stdout, done.exit_code) == ("vgg16: no difference\n", 0)
    assert run("compare", "vgg16", "vgg16", "--exit-code").exit_code == 0
    assert run("compare", "vgg16", "vgg19", "--exit-code").exit_code == 1


def test_stages_that_exchange_names_are_a_difference() -> None:
    for name, stages in (
        ("e", "s1: [conv: 16], s2: [conv: 32]"),
        ("f", "s2: [conv: 16], s1: [conv: 32]"),
    ):
        Path(f"{name}.yaml").write_text(f"input: [3, 8, 8]\nlayers: {{{stages}}}\n", "utf-8")
    done = run("compare", "e.yaml", "f.yaml", "--exit-code")
    assert done.exit_code == 1
    for line in ("~ s2 0 0 0 0 was s1", "~ s1 0 0 0 0 was s2"):
        assert line in " ".join(done.stdout.split())
    (one,) = compared("e.yaml", "f.yaml")["comparisons"]
    rows = [(row["mark"], row["path"], row["was"]) for row in one["rows"]]
    assert (one["mark"], rows) == (
        "~",
        [("=", "input", "input"), ("~", "s2.conv1", "s1.conv1"), ("~", "s1.conv1", "s2.conv1")],
    )


def test_three_specs_have_a_column_each() -> None:
    lines = run("compare", "resnet18", "resnet34", "resnet50").stdout.splitlines()
    assert lines[2].split() == ["resnet18", "resnet34", "resnet50"]
    assert lines[4].split() == [
        "params",
        "11,689,512",
        "21,797,672",
        "+86.5%",
        "25,557,032",
        "+118.6%",
    ]


def test_one_metric_shows_what_was_and_is() -> None:
    out = run("compare", "vgg16", "vgg19", "--metric", "macs").stdout
    assert "params" not in out
    assert "+ conv3.conv4 1,849,688,064 +1,849,688,064" in " ".join(out.split())


@pytest.mark.parametrize("metrics", ["params,macs,flops", "saved_bytes"])
def test_every_format_adds_up(metrics: str) -> None:
    found = compared("alexnet", "alexnet_torchvision", "--metric", metrics)
    (one,) = found["comparisons"]
    for key in metrics.split(","):
        total = one["totals"][key]
        assert total["change"] == total["new"] - total["old"]
        assert sum(row[key]["change"] for row in one["rows"]) == total["change"]
    out = run("compare", "alexnet", "alexnet_torchvision", "--metric", metrics, "-f", "csv").stdout
    *rows, total = csv.DictReader(io.StringIO(out))
    for key in metrics.split(","):
        assert sum(int(row[f"{key}_change"]) for row in rows) == int(total[f"{key}_change"])


def test_the_branch_against_its_base(branch: Path) -> None:
    found = compared("--base", "main", code=2)
    assert [
        (one["mark"], *((one[side] or {}).get("reference") for side in ("old", "new")))
        for one in found["comparisons"]
    ] == [
        ("+", None, "nets/added.yaml"),
        ("=", "nets/before.yaml", "nets/after.yaml"),
        ("~", "nets/changed.yaml", "nets/changed.yaml"),
        ("~", "nets/child.yaml", "nets/child.yaml"),
        ("-", "nets/gone.yaml", None),
    ]
    (problem,) = found["problems"]
    assert (problem["file"], problem["line"]) == ("nets/broken.yaml", 1)


def test_one_broken_spec_hides_no_other(branch: Path) -> None:
    done = run("compare", "--base", "main")
    assert done.exit_code == 2
    assert "nets/broken.yaml:1:8: error: not valid YAML" in done.stderr
    assert "2 differ, 1 added, 1 removed, 1 renamed, 1 can't be compared" in done.stdout


def test_a_subfolder_and_named_specs(branch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(branch / "nets")
    found = compared("--base", "main", "changed.yaml", "alone.yaml")
    assert [one["mark"] for one in found["comparisons"]] == ["~", "="]
    assert found["comparisons"][0]["old"]["reference"] == "changed.yaml"
    done = run("compare", "--base", "main", "vgg16")
    assert (done.exit_code, done.stderr.count("\n")) == (2, 2)
    assert "the bundled 'vgg16' has no earlier version" in done.stderr


def test_a_branch_that_changes_nothing(branch: Path) -> None:
    git("add", ".")
    git("commit", "-q", "-m", "second")
    done = run("compare", "--base", "HEAD", "--exit-code")
    assert done.exit_code == 0
    assert done.stdout.startswith("no spec differs from HEAD (")


def test_a_revision_stands_wherever_a_spec_does(branch: Path) -> None:
    (one,) = compared("main:nets/changed.yaml", "nets/changed.yaml")["comparisons"]
    assert one["old"]["reference"] == "main:nets/changed.yaml"
    assert run("params", "main:nets/changed.yaml").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("lenet5",), "two specs are needed"),
        ((), "two specs are needed"),
        (("lenet5", "lenet"), "no spec 'lenet'"),
        (("lenet5", "lenet5", "--metric", "parms"), "no metric 'parms'"),
        (("lenet5", "lenet5", "--metric", "receptive_field"), "it may differ from axis to axis"),
        (("--base", "main"), "not in a git repository"),
        (("--base", "main", "--baseline", "x.json"), "can't be combined"),
        (("--baseline", "gone.json"), "gone.json: No such file"),
        (("lenet5", "vgg11", "--sort", "speed"), "can't sort by 'speed'"),
        (("lenet5", "vgg11", "--by", "op", "--depth", "2"), "--depth follows paths"),
        (("lenet5", "vgg11", "--by", "stage", "--depth", "2"), "both say what a row is"),
        (("--write-baseline", "x.json"), "no spec to write"),
        (
            ("--write-baseline", "x.json", "lenet5", "-f", "json"),
            "--format can't go with --write-b",
        ),
        (("--write-baseline", "x.json", "lenet5", "--metric", "params"), "--metric can't go with"),
        (("--write-baseline", "x.json", "lenet5", "--base", "main"), "--base can't go with"),
        (("--write-baseline", "x.json", "lenet5", "--exit-code"), "--exit-code can't go with"),
        (("lenet5", "vgg11", "--config", "x.yaml"), "--config says nothing without --base"),
    ],
)
def test_what_can_not_be_compared_is_said(arguments: tuple[str, ...], said: str) -> None:
    done = run("compare", *arguments)
    assert done.exit_code == 2
    assert said in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("ref", ["gone", "--upload-pack=x", "main\nx"])
def test_a_missing_base(branch: Path, ref: str) -> None:
    done = run("compare", "--base", ref)
    assert done.exit_code == 2
    assert done.stdout == ""


def test_growth_by_nearly_all_is_no_bound() -> None:
    Path("old.yaml").write_text("input: [100]\nlayers: [{linear: 10000, bias: false}]\n", "utf-8")
    Path("new.yaml").write_text("input: [100]\nlayers: [{linear: 19999, bias: false}]\n", "utf-8")
    assert "+999,900  +100.0%" in run("compare", "old.yaml", "new.yaml").stdout
    assert "-999,900   -50.0%" in run("compare", "new.yaml", "old.yaml").stdout


def test_a_baseline_file() -> None:
    net = write("net.yaml")
    assert run("compare", "--write-baseline", "base.json", net, "lenet5").exit_code == 0
    assert "2 without a difference" in run("compare", "--baseline", "base.json").stdout
    write(net, width=8)
    found = compared("--baseline", "base.json", "./net.yaml", "vgg11")
    assert [one["mark"] for one in found["comparisons"]] == ["~", "+"]
    assert found["comparisons"][0]["totals"]["params"]["old"] == 4 * 28 + 256 * 10 + 10
    Path(net).unlink()
    assert [one["mark"] for one in compared("--baseline", "base.json")["comparisons"]] == ["-", "="]


def test_a_baseline_of_other_settings_is_refused() -> None:
    run("compare", "--write-baseline", "base.json", "lenet5", "--batch", "8")
    done = run("compare", "--baseline", "base.json")
    assert done.exit_code == 2
    assert "'lenet5' was written with batch 8, not 1" in done.stderr
    assert run("compare", "--baseline", "base.json", "--batch", "8").exit_code == 0


def test_a_baseline_is_written_whole_or_not_at_all() -> None:
    Path("base.json").write_text("old", "utf-8")
    Path("broken.yaml").write_text("layers: [", "utf-8")
    assert run("compare", "--write-baseline", "base.json", "lenet5", "broken.yaml").exit_code == 2
    assert Path("base.json").read_text("utf-8") == "old"


HEAD = '"kind": "baseline", "format_version": "1.0"'
LAYER = '{"path": "a", "op": "conv", "options": {}, "inputs": [%s], "owner": 0, "output": [1], "cells": [%s]}'
SPEC = '{"reference": "a", "name": "a", "settings": {"input": [1], "batch": 1, "dtype": "float32"}, "output": [1],'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is not a baseline"),
        ("{", "is not a baseline"),
        ("[]", "is not a baseline"),
        ("\x00", "is not a baseline"),
        ("[" * 100_000, "is not a baseline"),
        ('{"kind": "params", "format_version": "1.0"}', "is of kind 'params'"),
        ('{"kind": "baseline", "format_version": "2.0"}', "has format version '2.0'"),
        (f"{{{HEAD}}}", "is not a baseline"),
        (f'{{{HEAD}, "specs": [{{}}]}}', "is not a baseline"),
        (f'{{{HEAD}, "specs": [{SPEC} "columns": [], "layers": []}}]}}', "don't hold together"),
        (f'{{{HEAD}, "specs": [{SPEC} "columns": ["params"], "layers": [{LAYER % ("", "")}]}}]}}', "doesn't hold"),
        (f'{{{HEAD}, "specs": [{SPEC} "columns": [], "layers": [{LAYER % ("7", "")}]}}]}}', "doesn't hold"),
        (f'{{{HEAD}, "specs": [{SPEC} "columns": ["params"], "layers": [{LAYER % ("", "1.5")}]}}]}}', "is not a"),
        (f'{{{HEAD}, "specs": [{SPEC} "columns": ["params"], "layers": [{LAYER % ("", "-5")}]}}]}}', "is not a"),
        (f'{{{HEAD}, "specs": [{SPEC} "columns": [], "layers": [{LAYER % ("", "")}]}}]}}', "has no 'params'"),
    ],
)  # fmt: skip
def test_a_malformed_baseline_is_one_line(text: str, said: str) -> None:
    Path("base.json").write_text(text, "utf-8")
    write("a")
    done = run("compare", "--baseline", "base.json")
    assert done.exit_code == 2, done.stdout
    first, *rest = done.stderr.splitlines()
    assert said in first
    assert all(line.startswith("  hint: ") for line in rest)


@pytest.mark.parametrize("what", ["compare", "baseline"])
def test_what_is_written_holds_its_schema(branch: Path, what: str) -> None:
    schema = json.loads(run("schema", what).stdout)
    jsonschema.Draft7Validator.check_schema(schema)
    if what == "baseline":
        run("compare", "--write-baseline", "base.json", "nets/alone.yaml", "lenet5")
        jsonschema.validate(json.loads(Path("base.json").read_text("utf-8")), schema)
        return
    for arguments, code in ((("--base", "main"), 2), (("resnet18", "resnet34"), 0)):
        jsonschema.validate(compared(*arguments, code=code), schema)


def test_markdown_for_a_comment(branch: Path) -> None:
    out = run("compare", "--base", "main", "-f", "markdown").stdout
    assert out.startswith(f"{MARKER}\n### archstat: ")
    assert "| <code>nets/changed.yaml</code> |" in out
    assert out.count("<details>") == out.count("</details>") == 2
    assert "<code>nets/broken.yaml:1:8</code>" in out


def test_markdown_stays_within_a_comment(here: Path) -> None:
    for width in (2, 3):
        body = "".join(f"  s{n}: [{{conv: {width}, name: {'x' * 60}}}]\n" for n in range(1500))
        Path(f"{width}.yaml").write_text(f"input: [1, 2, 2]\nlayers:\n{body}", "utf-8")
    out = run("compare", "2.yaml", "3.yaml", "-f", "markdown", "--by", "layer").stdout
    assert len(out) <= LONGEST
    assert "others" in out or "too long to show here" in out


def test_hostile_names_do_nothing(branch: Path) -> None:
    name = "nets/@team `x` <b>|[a](b) \x1b[31m\n::error::=1+1.yaml"
    write(name)
    for form in ("markdown", "table", "csv", "json"):
        out = run("compare", "--base", "main", "-f", form).stdout
        assert "\x1b" not in out
        assert "\n::error" not in out
        if form == "markdown":
            assert "@team" not in out
            assert "<b>" not in out


def test_a_summary_in_github_actions(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    assert run("compare", "lenet5", "vgg11", "--step-summary").exit_code == 0
    assert Path("summary.md").read_text("utf-8").startswith(MARKER)


def test_nothing_is_cut_in_a_pipe_and_plain_is_ascii() -> None:
    out = shell("compare", "resnet50", "resnet101", "--plain").stdout
    assert out.isascii()
    assert b"+ conv4.bottleneck7-23  +18,992,128  +3,712,221,184" in out


@pytest.mark.parametrize("name", ["a.txt", "a.csv", "a.tsv", "a.json", "a.md"])
def test_files_name_their_format(name: str) -> None:
    assert run("compare", "lenet5", "vgg11", "-o", name).exit_code == 0
    assert Path(name).read_text("utf-8")
