"""The hooks for pre-commit: what they run, and the real pre-commit in a throw-away repository."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.ci.runner import ROOT, SPEC
from tests.cli.run import shell
from tests.git import commit, git

HOOKS = {
    hook["id"]: hook
    for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("configs").mkdir()
    write(2)
    Path("archstat.yaml").write_text("specs: {configs/*.yaml: {}}\n", "utf-8")
    return tmp_path


def write(width: int) -> None:
    Path("configs/a b.yaml").write_text(SPEC.format(width), "utf-8")


def run(name: str, *files: str) -> int:
    program, *arguments = HOOKS[name]["entry"].split()
    assert program == "archstat"
    return shell(*arguments, *files, cwd=Path.cwd()).returncode


def test_each_runs_as_its_entry_says() -> None:
    assert (run("archstat-lint", "configs/a b.yaml"), run("archstat-check")) == (0, 0)
    write(3)
    assert (run("archstat-lint", "configs/a b.yaml"), run("archstat-check")) == (0, 1)
    Path("configs/a b.yaml").write_text("layers: [", "utf-8")
    assert (run("archstat-lint", "configs/a b.yaml"), run("archstat-check")) == (2, 2)


def test_lint_is_given_specs_alone() -> None:
    assert re.search(HOOKS["archstat-lint"]["files"], "configs/a b.yaml")
    assert not re.search(HOOKS["archstat-lint"]["files"], ".github/workflows/ci.yml")
    assert HOOKS["archstat-check"]["pass_filenames"] is False


@pytest.mark.slow  # it builds an environment
@pytest.mark.skipif(shutil.which("pre-commit") is None, reason="pre-commit is not installed")
@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="a copy without its history")
def test_the_real_one(tmp_path: Path) -> None:
    git("init", "-q", "-b", "main")
    head = git("rev-parse", "HEAD", folder=ROOT).strip()
    hooks = [{"id": name} for name in HOOKS]
    config = {"repos": [{"repo": str(ROOT), "rev": head, "hooks": hooks}]}
    Path(".pre-commit-config.yaml").write_text(yaml.safe_dump(config), "utf-8")
    commit()

    def hold() -> tuple[int, str]:
        env = {**os.environ, "PRE_COMMIT_HOME": str(tmp_path / "home")}
        env.pop("PYTHONPATH", None)
        done = subprocess.run(
            ["pre-commit", "run", "--all-files"],
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, re.sub(r"\.\.+", " ", done.stdout)

    code, said = hold()
    assert code == 0, said
    assert "archstat lint Passed" in said
    assert "archstat check Passed" in said
    write(3)
    git("add", ".")
    code, said = hold()
    assert code == 1
    assert "archstat lint Passed" in said
    assert "archstat check Failed" in said
    assert "over by 96" in said
