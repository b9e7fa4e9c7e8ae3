"""archstat check: budgets from every place, exit codes, and a base in git."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import Result

from archstat.spec.model import METRICS
from tests.cli.run import run
from tests.git import git

NET = """\
name: Net
input: [1, 4, 4]
layers:
  stem: [conv: {width}]
  head: [flatten, linear: 10]
{more}
"""
PARAMS = {2: 334, 3: 496}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_WORKSPACE", "CI_PROJECT_DIR", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def write(path: str, width: int = 2, more: str = "") -> str:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(NET.format(width=width, more=more), encoding="utf-8")
    return path


def verdicts(*arguments: str) -> list[tuple[str, str, str, str]]:
    done = run("check", *arguments, "-f", "json")
    rows = json.loads(done.stdout)["rows"]
    return [(r["spec"], r["metric"], r["bound"], r["verdict"]) for r in rows]


def test_a_budget_of_the_spec() -> None:
    net = write("net.yaml", more="budget: {params: 334}")
    done = run("check", net)
    assert (done.exit_code, done.stderr) == (0, "")
    assert "PASS  net.yaml  params    334  <= max 334  100.0% used  net.yaml:6:18" in done.stdout
    assert "PASS  1 passed: 1 spec" in done.stdout


def test_a_failure_says_by_how_much_where_it_is_set_and_what_it_comes_from() -> None:
    net = write("net.yaml", more="budget: {params: 300}")
    done = run("check", net)
    assert done.exit_code == 1
    assert "> max 300  over by 34 (11.3%)  net.yaml:6:18" in done.stdout
    assert "largest params: head.linear1 330 (98.8%), stem.conv1 4 (1.2%)" in done.stdout
    assert "archstat params net.yaml" in done.stdout
    assert run("check", net, "--exit-zero").exit_code == 0


@pytest.mark.parametrize(
    ("option", "code"),
    [
        (("--max", "params=334"), 0),
        (("--max", "params=333"), 1),
        (("--min", "params=334"), 0),
        (("--min", "params=335"), 1),
        (("--exact", "output=10"), 0),
        (("--exact", "output=11"), 1),
        (("--exact", "depth=2"), 0),
        (("--max", "inference_peak_bytes=1kB"), 0),
        (("--max", "training_peak_bytes=1"), 1),
        (("--max", "params=333", "--exit-zero"), 0),
        (("--max", "param=334"), 2),
        (("--max", "params=many"), 2),
        (("--max", "params"), 2),
        (("--max", "output=10"), 2),
        (("--max", "params=1MB"), 2),
        (("--max-change", "params=+2%"), 2),
        (("--max", "params=334", "--warn-at", "95"), 2),
        (("--max", "params=334", "--config", "none.yaml"), 2),
        (("--max", "params=334", "--step-summary"), 2),
        ((), 2),
        (("--max", "params=many", "--exit-zero"), 2),
    ],
)
def test_exit_codes(option: tuple[str, ...], code: int) -> None:
    done = run("check", write("net.yaml"), *option)
    assert done.exit_code == code, done.output
    if code == 2:
        assert done.stderr.startswith("error: ")
        assert "hint: " in done.stderr or "none.yaml" in done.stderr


def test_options_win_over_the_spec_and_the_spec_over_archstat_yaml() -> None:
    net = write("configs/net.yaml", more="budget: {params: 400}")
    Path("archstat.yaml").write_text("default: {params: 1, macs: 1M}\n", encoding="utf-8")
    row = json.loads(run("check", net, "-f", "json").stdout)["rows"]
    assert [(r["metric"], r["limit"], r["file"]) for r in row] == [
        ("params", "400", net), ("macs", "1M", "archstat.yaml"),
    ]  # fmt: skip
    done = run("check", net, "--max", "params=2")
    assert done.exit_code == 1
    assert "over by 332" in done.stdout
    assert "--max params=2" in done.stdout


def test_archstat_yaml_says_which_specs_are_checked_and_is_found_from_below(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path(".git").mkdir()
    write("configs/a.yaml")
    write("configs/deep/b.yaml", width=3)
    write("configs/.hidden/c.yaml")
    Path("archstat.yaml").write_text("specs:\n  configs/**/*.yaml: {params: 400}\n")
    Path("sub").mkdir()
    monkeypatch.chdir("sub")
    assert verdicts() == [
        ("../configs/a.yaml", "params", "max", "pass"),
        ("../configs/deep/b.yaml", "params", "max", "fail"),
    ]


def test_archstat_yaml_above_a_repository_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("archstat.yaml").write_text("default: {params: 1}\n")
    write("repo/net.yaml")
    Path("repo/.git").mkdir()
    monkeypatch.chdir("repo")
    assert run("check", "net.yaml").exit_code == 2  # nothing to check


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ("specs: {none/*.yaml: {}}", "archstat.yaml:1:9: error: no spec matches 'none/*.yaml'"),
        ("colour: 3", "archstat.yaml:1:1: error: unknown key 'colour'"),
        ("default: {params: 3}", "error: no specs to check"),
    ],
)
def test_a_wrong_archstat_yaml(policy: str, said: str) -> None:
    Path("archstat.yaml").write_text(policy)
    done = run("check")
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr


def test_bundled_networks_have_budgets_of_their_own() -> None:
    Path("archstat.yaml").write_text("specs: {resnet18: {params: 12M}, vgg1?: {}}\n")
    found = verdicts()
    assert ("resnet18", "params", "max", "pass") in found
    assert ("vgg16", "params", "max", "pass") in found


def test_one_broken_spec_does_not_hide_the_others() -> None:
    good, bad = write("good.yaml", more="budget: {params: 1}"), "bad.yaml"
    Path(bad).write_text("input: [3]\nlayers: [convv: 3]\n")
    done = run("check", bad, good, "none.yaml")
    assert done.exit_code == 2
    assert "bad.yaml:2:10: error:" in done.stderr
    assert "none.yaml: No such file" in done.stderr
    assert "FAIL  good.yaml  params" in done.stdout
    assert "1 failed: 1 spec, and 2 that could not be checked" in done.stdout
    problems = json.loads(run("check", bad, good, "-f", "json").stdout)["problems"]
    assert [(p["spec"], p["line"], p["column"]) for p in problems] == [("bad.yaml", 2, 10)]


def test_a_glob_without_specs_does_not_hide_the_others() -> None:
    write("nets/a.yaml")
    Path("archstat.yaml").write_text("specs: {nets/*.yaml: {params: 1}, none/*.yaml: {params: 1}}")
    done = run("check")
    assert done.exit_code == 2
    assert "no spec matches 'none/*.yaml'" in done.stderr
    assert "nets/a.yaml" in done.stdout


def test_nobody_is_mentioned_in_a_comment() -> None:
    write("@team.yaml")
    done = run("check", "--max", "params=1", "-f", "markdown", "--", "@team.yaml")
    assert done.exit_code == 1
    assert "&#64;team.yaml" in done.stdout
    assert "@" not in done.stdout.replace("`archstat params @team.yaml`", "")


def test_many_passes_are_counted() -> None:
    names = [write(f"net{n}.yaml") for n in range(30)]
    done = run("check", *names, "--max", "params=1k")
    assert "[30 that pass]" in done.stdout
    assert "net7.yaml" not in done.stdout
    assert "PASS  30 passed: 30 specs" in done.stdout


def test_specs_without_a_budget_are_named() -> None:
    names = [write("a.yaml", more="budget: {params: 1k}"), write("b.yaml")]
    assert "no budget: b.yaml" in run("check", *names).stdout


def test_a_warning_is_no_failure() -> None:
    net = write("net.yaml")
    done = run("check", net, "--max", "params=340", "--warn-at", "95%")
    assert done.exit_code == 0
    assert "WARN  net.yaml  params" in done.stdout


def test_settings_hold_for_what_is_checked() -> None:
    net = write("net.yaml")
    arguments = ("check", net, "--max", "activation_bytes=232")
    assert run(*arguments).exit_code == 0
    assert run(*arguments, "--batch", "2").exit_code == 1
    assert run(*arguments, "--batch", "2", "--dtype", "float16").exit_code == 0


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
class TestBase:
    @pytest.fixture(autouse=True)
    def repository(self, here: Path) -> None:
        git("init", "-q", "-b", "main")
        write("configs/net.yaml")
        write("configs/old.yaml")
        Path("archstat.yaml").write_text("specs:\n  configs/*.yaml: {params: {max_change: +10%}}\n")
        git("add", "-A")
        git("commit", "-qm", "one")
        git("checkout", "-qb", "work")

    def test_grown_renamed_and_new_specs(self) -> None:
        write("configs/net.yaml", width=3)
        git("mv", "configs/old.yaml", "configs/renamed.yaml")
        write("configs/added.yaml", width=9)
        assert verdicts("--base", "main") == [
            ("configs/added.yaml", "params", "max_change", "new"),
            ("configs/net.yaml", "params", "max_change", "fail"),
            ("configs/renamed.yaml", "params", "max_change", "pass"),
        ]

    def test_what_grew_is_named(self) -> None:
        write("configs/net.yaml", width=3)
        done = run("check", "--base", "main", "configs/net.yaml")
        assert done.exit_code == 1
        assert "> base 334 +10%  over by 128.6 (35.0%)  archstat.yaml:2:41" in done.stdout
        assert "what adds params: head.linear1 +160, stem.conv1 +2" in done.stdout
        assert "archstat params configs/net.yaml" in done.stdout

    def test_the_base_may_stand_in_archstat_yaml(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with Path("archstat.yaml").open("a") as file:
            file.write("base: main\n")
        assert [v for *_, v in verdicts()] == ["pass", "pass"]
        Path("sub").mkdir()
        monkeypatch.chdir("sub")
        assert [v for *_, v in verdicts()] == ["pass", "pass"]

    def test_without_a_base_it_is_an_error_at_its_place(self) -> None:
        done = run("check")
        assert (done.exit_code, done.stdout) == (2, "")
        assert "archstat.yaml:2:41: error: params: a limit on a change needs a base" in done.stderr

    def test_a_base_that_is_not_there(self) -> None:
        done = run("check", "--base", "nowhere")
        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr.startswith("error: no revision 'nowhere'")
        assert run("check", "--base", "--output=x").exit_code == 2

    def test_a_spec_that_no_longer_loads_in_the_base_is_reported(self) -> None:
        git("checkout", "-q", "main")
        Path("configs/net.yaml").write_text("layers: 3\n")
        git("commit", "-qam", "broken")
        git("checkout", "-qB", "work")
        write("configs/net.yaml")
        done = run("check", "--base", "main")
        assert done.exit_code == 2
        assert "configs/old.yaml" in done.stdout
        assert "1 that could not be checked" in done.stdout

    def test_standard_input_has_no_base(self) -> None:
        done = run(
            "check",
            "-",
            "--base",
            "main",
            "--max-change",
            "macs=0",
            stdin=NET.format(width=2, more=""),
        )
        assert done.exit_code == 2
        assert "standard input has no earlier version" in done.stderr


class TestBaseline:
    """Changes held against a file that ``compare --write-baseline`` wrote."""

    @pytest.fixture(autouse=True)
    def kept(self) -> None:
        write("nets/a.yaml")
        assert run("compare", "--write-baseline", "base.json", "./nets/a.yaml").exit_code == 0

    def check(self, *arguments: str) -> Result:
        return run("check", "--baseline", "base.json", "nets/a.yaml", *arguments)

    @pytest.mark.parametrize("metric", sorted(set(METRICS) - {"output"}))
    def test_every_metric_is_kept(self, metric: str) -> None:
        done = self.check("--max-change", f"{metric}=0", "-f", "json")
        (row,) = json.loads(done.stdout)["rows"]
        # What is unknown is unknown in the file too, and fails.
        assert row["verdict"] == ("pass" if row["value"] is not None else "fail")
        assert row["base"] == row["value"]

    def test_a_change_says_which_layers_it_comes_from(self) -> None:
        write("nets/a.yaml", width=3)
        done = self.check("--max-change", "params=+10%", "--max-change", "depth=0")
        assert done.exit_code == 1
        assert "> base 334 +10%  over by 128.6 (35.0%)  --max-change params=+10%" in done.stdout
        assert "what adds params: head.linear1 +160, stem.conv1 +2" in done.stdout
        assert "<= base 2 +0     no change" in done.stdout

    def test_it_goes_before_the_base_in_archstat_yaml(self) -> None:
        Path("archstat.yaml").write_text("base: nowhere\n", "utf-8")
        done = self.check("--max-change", "macs=0", "-f", "json")
        assert (done.exit_code, json.loads(done.stdout)["base"]) == (0, "base.json")

    def test_what_it_has_not_is_new_unless_it_has_nothing(self) -> None:
        write("nets/b.yaml")
        change = ("--max-change", "macs=0")
        assert "NEW   nets/b.yaml" in self.check("nets/b.yaml", *change).stdout
        done = run("check", "--baseline", "base.json", "nets/b.yaml", *change)
        assert (done.exit_code, done.stdout) == (2, "")
        assert "has no spec that is checked here" in done.stderr
        assert "it has 'nets/a.yaml'" in done.stderr

    def test_other_settings_are_refused(self) -> None:
        done = self.check("--max-change", "macs=0", "--batch", "2")
        assert done.exit_code == 2
        assert "'nets/a.yaml' was written with batch 1, not 2" in done.stderr

    def test_a_metric_that_it_has_not_is_refused(self) -> None:
        kept = json.loads(Path("base.json").read_text("utf-8"))
        del kept["specs"][0]["wholes"]["inference_peak_bytes"]
        Path("base.json").write_text(json.dumps(kept), "utf-8")
        done = self.check("--max-change", "inference_peak_bytes=0")
        assert done.exit_code == 2
        assert "base.json: has no 'inference_peak_bytes' of 'nets/a.yaml'" in done.stderr

    @pytest.mark.parametrize("text", ["", "[]", '{"kind": "baseline", "format_version": "2.0"}'])
    def test_a_malformed_file_is_one_line(self, text: str) -> None:
        Path("base.json").write_text(text, "utf-8")
        done = self.check("--max-change", "macs=0")
        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr.count("\n") == 2  # the line, and a hint
        assert (
            run("check", "--baseline", "no.json", "nets/a.yaml", "--max-change", "macs=0").exit_code
            == 2
        )

    def test_one_of_both(self) -> None:
        done = self.check("--base", "main")
        assert (done.exit_code, done.stdout) == (2, "")
        assert "--base and --baseline can't be combined" in done.stderr


def test_what_was_asked_of_the_specs_is_said() -> None:
    asked = ("check", "lenet5", "--max", "macs=1G", "--batch", "4", "--freeze", "conv1")
    said = "PASS  1 passed: 1 spec, at batch 4, float32, freeze conv1"
    assert said in run(*asked).output
    assert (
        "1 passed: 1 spec, at batch 4, float32, freeze conv1"
        in run(*asked, "-f", "markdown").output
    )
    settings = json.loads(run(*asked, "-f", "json").output)["settings"]
    assert settings == {
        "input": None, "batch": 4, "dtype": "float32", "aux": False, "variables": {},
        "freeze": ["conv1"], "unfreeze": [], "replace_head": None,
    }  # fmt: skip
    assert run(*asked[:4]).output.endswith("PASS  1 passed: 1 spec\n")
