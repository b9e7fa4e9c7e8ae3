"""The GitHub action: its own scripts, run in a throw-away repository as a runner would."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.git import commit, git

ROOT = Path(__file__).parent.parent.parent
ACTION = ROOT / ".github" / "actions" / "archstat"
MARKER = "<!-- archstat check -->"
SPEC = "input: [1, 4, 4]\nlayers: [conv: {}, flatten, linear: 10]\nbudget: {{params: 400}}\n"

GH = """#!{python}
import json, os, sys
print(json.dumps(sys.argv[1:]), file=open(os.environ["GH_LOG"], "a"))
if "--paginate" in sys.argv:
    print(os.environ.get("GH_FOUND", ""), end="")
"""

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="the action's shell")


def program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


@pytest.fixture
def runner(tmp_path: Path) -> dict[str, str]:
    """Return a runner's environment, with archstat where install.sh puts it and a gh that writes down its calls."""
    temp, repository = tmp_path / "temp", tmp_path / "repository"
    repository.mkdir()
    program(
        temp / "archstat/bin/archstat",
        f'#!/bin/sh\nexec "{sys.executable}" -m archstat.cli.main "$@"\n',
    )
    program(tmp_path / "bin/gh", GH.format(python=sys.executable))
    return {
        "PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "PYTHONUTF8": "1",
        "RUNNER_TEMP": str(temp),
        "GITHUB_ACTION_PATH": str(ACTION),
        "GITHUB_WORKSPACE": str(repository),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
        "GITHUB_REPOSITORY": "someone/nets",
        "GH_LOG": str(tmp_path / "gh.log"),
        "ARCHSTAT_PULL_REQUEST": "7",
    }


def step(name: str, runner: dict[str, str], folder: str = ".") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ACTION / f"{name}.sh"],
        cwd=Path(runner["GITHUB_WORKSPACE"]) / folder,
        env=runner,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def write(runner: dict[str, str], path: str, width: int) -> None:
    file = Path(runner["GITHUB_WORKSPACE"]) / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(SPEC.format(width), encoding="utf-8")


def calls(runner: dict[str, str]) -> list[list[str]]:
    return [json.loads(line) for line in Path(runner["GH_LOG"]).read_text().splitlines()]


def test_a_failure_is_annotated_summed_up_and_commented(runner: dict[str, str]) -> None:
    write(runner, "nets/a.yaml", 2)
    write(runner, "nets/b c.yaml", 3)
    done = step("check", runner | {"ARCHSTAT_SPECS": "a.yaml\nb c.yaml\n"}, "nets")
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("::error file=nets/b c.yaml,line=3,col=18,")
    summary = Path(runner["GITHUB_STEP_SUMMARY"]).read_text()
    assert "### FAIL: 1 failed, 1 passed: 2 specs" in summary
    assert (Path(runner["RUNNER_TEMP"]) / "archstat.md").read_text().startswith(MARKER)
    assert step("comment", runner).returncode == 0
    look, post = calls(runner)
    assert look[:3] == ["api", "--paginate", "repos/someone/nets/issues/7/comments"]
    assert post[1:3] == ["--method", "POST"]
    assert post[-1] == f"body=@{runner['RUNNER_TEMP']}/archstat.md"


def test_a_later_run_edits_its_own_comment(runner: dict[str, str]) -> None:
    write(runner, "a.yaml", 2)
    assert step("check", runner | {"ARCHSTAT_SPECS": "a.yaml"}).returncode == 0
    assert step("comment", runner | {"GH_FOUND": "41\n42\n"}).returncode == 0
    look, patch = calls(runner)
    assert "Bot" in look[-1]
    assert MARKER in look[-1]
    assert patch[1:4] == ["--method", "PATCH", "repos/someone/nets/issues/comments/41"]


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_what_the_branch_changes_stands_below_the_budgets(runner: dict[str, str]) -> None:
    repository = runner["GITHUB_WORKSPACE"]
    git("init", "-q", "-b", "main", folder=repository)
    write(runner, "a.yaml", 2)
    commit(folder=repository)
    git("branch", "base", folder=repository)
    write(runner, "a.yaml", 3)
    commit(folder=repository)
    given = runner | {"ARCHSTAT_SPECS": "a.yaml", "ARCHSTAT_BASE": "base"}
    assert step("check", given).returncode == 1
    assert step("compare", given).returncode == 0
    assert step("comment", given).returncode == 0
    comment = (Path(runner["RUNNER_TEMP"]) / "archstat.md").read_text()
    assert comment.startswith(MARKER)
    assert "<!-- archstat compare -->" in comment
    assert "conv1" in comment.partition("<!-- archstat compare -->")[2]


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_paths_say_what_is_compared(runner: dict[str, str]) -> None:
    repository = runner["GITHUB_WORKSPACE"]
    git("init", "-q", "-b", "main", folder=repository)
    commit(folder=repository)
    git("checkout", "-q", "-b", "work", folder=repository)
    write(runner, "nets/a.yaml", 2)
    write(runner, "nets/deep/b c.yaml", 2)
    write(runner, "-x/d.yaml", 2)
    given = runner | {"ARCHSTAT_BASE": "main"}
    done = step("compare", given | {"ARCHSTAT_PATHS": "-x\nnets/**/b*.yaml\n"})
    assert done.returncode == 0, done.stderr
    for said in (done.stdout, (Path(runner["RUNNER_TEMP"]) / "archstat-compare.md").read_text()):
        assert "-x/d.yaml" in said
        assert "b c.yaml" in said
        assert "nets/a.yaml" not in said
    (Path(repository) / "archstat.yaml").write_text("specs: {nets/*.yaml: {}}\n", "utf-8")
    assert "1 added" in step("compare", given).stdout
    (Path(repository) / "other.yaml").write_text("specs: {'**/*.yaml': {}}\n", "utf-8")
    done = step("compare", given | {"ARCHSTAT_CONFIG": "other.yaml", "ARCHSTAT_PATHS": "nets"})
    assert "2 added" in done.stdout


def test_inputs_are_never_commands_or_options(runner: dict[str, str]) -> None:
    touched = Path(runner["GITHUB_WORKSPACE"]) / "touched"
    evil = f"$(touch {touched})\n`touch {touched}`\n--exit-zero\n; touch {touched}"
    done = step(
        "check", runner | {"ARCHSTAT_SPECS": evil, "ARCHSTAT_BASE": evil, "ARCHSTAT_CONFIG": ""}
    )
    assert done.returncode == 2
    assert not touched.exists()


def test_without_a_report_there_is_no_comment(runner: dict[str, str]) -> None:
    assert step("check", runner).returncode == 2  # nothing to check
    assert step("comment", runner).returncode == 0
    assert not Path(runner["GH_LOG"]).exists()


def test_only_a_number_names_a_pull_request(runner: dict[str, str]) -> None:
    write(runner, "a.yaml", 2)
    step("check", runner | {"ARCHSTAT_SPECS": "a.yaml"})
    assert step("comment", runner | {"ARCHSTAT_PULL_REQUEST": "7/../8"}).returncode == 1
    assert not Path(runner["GH_LOG"]).exists()


def test_no_script_has_an_expression_and_every_input_is_used() -> None:
    text = (ACTION / "action.yml").read_text(encoding="utf-8")
    action = yaml.safe_load(text)
    steps = action["runs"]["steps"]
    assert [name for s in steps for name in re.findall(r"(\w+)\.sh", s["run"])] == [
        "install",
        "check",
        "compare",
        "comment",
    ]
    assert not [s for s in steps if "${{" in s["run"] or "uses" in s]
    assert not [p for p in ACTION.glob("*.sh") if "${{" in p.read_text(encoding="utf-8")]
    used = set(re.findall(r"inputs\.([\w-]+)", text))
    assert used == set(action["inputs"])
    assert all(os.access(path, os.X_OK) for path in ACTION.glob("*.sh"))
