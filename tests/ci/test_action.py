"""The GitHub action: its own steps, run in a throw-away repository as a runner would."""

import os
import re
import shutil

import pytest
import yaml

from tests.ci.runner import ACTION, Runner
from tests.git import commit, git

MARKER = "<!-- archstat check -->"

pytestmark = [
    pytest.mark.skipif(shutil.which("bash") is None, reason="the action's shell"),
    pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed"),
]


def test_a_failure_is_annotated_and_summed_up(runner: Runner) -> None:
    runner.write("nets/a.yaml", 2)
    runner.write("nets/b c.yaml", 3)
    done = runner.use(specs="a.yaml\nb c.yaml\n", working_directory="nets")
    assert list(done) == ["check"]
    assert done["check"].returncode == 1, done["check"].stderr
    assert done["check"].stdout.startswith("::error file=nets/b c.yaml,line=3,col=18,")
    assert "### FAIL: 1 failed, 1 passed: 2 specs" in runner.summary.read_text()
    assert (runner.temp / "archstat.md").read_text().startswith(MARKER)


def branch(runner: Runner) -> None:
    """Make a repository whose branch differs from main in what the test writes next."""
    git("init", "-q", "-b", "main", folder=runner.repository)
    runner.write("a.yaml", 2)
    commit(folder=runner.repository)
    git("checkout", "-q", "-b", "work", folder=runner.repository)


def test_what_the_branch_changes_is_compared_though_a_budget_fails(runner: Runner) -> None:
    branch(runner)
    runner.write("a.yaml", 3)
    done = runner.use(specs="a.yaml", base="main")
    assert [(name, one.returncode) for name, one in done.items()] == [("check", 1), ("compare", 0)]
    assert "a.yaml" in done["compare"].stdout
    assert "conv1" in (runner.temp / "archstat-compare.md").read_text()
    assert "<!-- archstat compare -->" in runner.summary.read_text()


def test_a_repository_without_budgets_is_compared_alone(runner: Runner) -> None:
    branch(runner)
    runner.put("b.yaml", "input: [1, 4, 4]\nlayers: [conv: 2]\n")
    assert runner.use(base="main")["check"].returncode == 2  # nothing says what to check
    assert list(done := runner.use(base="main", check="false")) == ["compare"]
    assert done["compare"].returncode == 0
    assert "1 added" in done["compare"].stdout


def test_paths_say_what_is_compared(runner: Runner) -> None:
    branch(runner)
    for name in ("nets/a.yaml", "nets/deep/b c.yaml", "-x/d.yaml"):
        runner.write(name, 2)
    done = runner.use(check="false", base="main", paths="-x\nnets/**/b*.yaml\n")["compare"]
    assert done.returncode == 0, done.stderr
    for said in (done.stdout, (runner.temp / "archstat-compare.md").read_text()):
        assert "-x/d.yaml" in said
        assert "b c.yaml" in said
        assert "nets/a.yaml" not in said
    runner.put("archstat.yaml", "specs: {nets/*.yaml: {}}\n")
    assert "1 added" in runner.use(base="main")["compare"].stdout
    runner.put("other.yaml", "specs: {'nets/**/*.yaml': {}}\n")
    assert "2 added" in runner.use(base="main", config="other.yaml")["compare"].stdout


def test_inputs_are_never_commands_or_options(runner: Runner) -> None:
    branch(runner)
    touched = runner.repository / "touched"
    evil = f"$(touch {touched})\n`touch {touched}`\n--exit-zero\n; touch {touched}"
    for inputs in (
        {"specs": evil, "base": evil},
        {"base": "main", "paths": evil, "check": "false"},
        {"base": "main", "config": evil},
        {"base": "--output=x", "check": "false"},
    ):
        done = runner.use(**inputs)
        assert {one.returncode for one in done.values()} == {2}
    assert sorted(path.name for path in runner.repository.iterdir()) == [".git", "a.yaml"]


def test_no_script_has_an_expression_and_every_input_is_used() -> None:
    text = (ACTION / "action.yml").read_text(encoding="utf-8")
    action = yaml.safe_load(text)
    steps = action["runs"]["steps"]
    scripts = [name for s in steps for name in re.findall(r"\w+\.(?:sh|py)", s["run"])]
    assert scripts == ["install.sh", "check.sh", "compare.sh", "comment.py"]
    assert sorted(scripts) == sorted(p.name for p in ACTION.iterdir() if p.suffix in (".sh", ".py"))
    assert not [s for s in steps if "${{" in s["run"] or "uses" in s]
    assert not [name for name in scripts if "${{" in (ACTION / name).read_text(encoding="utf-8")]
    assert set(re.findall(r"inputs\.([\w-]+)", text)) == set(action["inputs"])
    assert all(os.access(path, os.X_OK) for path in ACTION.glob("*.sh"))
