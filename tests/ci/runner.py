"""A runner of GitHub Actions as far as the action needs one: its steps, their conditions, inputs and environment."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent.parent
ACTION = ROOT / ".github" / "actions" / "archstat"
SPEC = "input: [1, 4, 4]\nlayers: [conv: {}, flatten, linear: 10]\nbudget: {{params: 400}}\n"

Done = subprocess.CompletedProcess[str]


class Runner:
    """One job in a repository of its own. archstat lies where install.sh would put it: installing needs a network."""

    def __init__(self, folder: Path) -> None:
        self.repository = folder / "repository"
        self.temp = folder / "temp"
        self.summary = folder / "summary.md"
        self.repository.mkdir()
        self.github = {
            "event_name": "pull_request",
            "event.pull_request.number": "7",
            "token": "a token",
        }
        self.env = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "PYTHONUTF8": "1",
            "RUNNER_TEMP": str(self.temp),
            "GITHUB_ACTION_PATH": str(ACTION),
            "GITHUB_WORKSPACE": str(self.repository),
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "GITHUB_REPOSITORY": "someone/nets",
            "GITHUB_API_URL": "http://127.0.0.1:9",  # nobody listens there
        }
        for name, call in (("archstat", "-m archstat.cli.main"), ("python", "")):
            path = self.temp / "archstat" / "bin" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f'#!/bin/sh\nexec "{sys.executable}" {call} "$@"\n', "utf-8")
            path.chmod(0o755)

    def write(self, path: str, width: int) -> None:
        """Write a spec with a budget of 400 params: 334 at width 2, 496 at 3."""
        self.put(path, SPEC.format(width))

    def put(self, path: str, text: str) -> None:
        """Write a file of the repository."""
        file = self.repository / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")

    def use(self, **inputs: str) -> dict[str, Done]:
        """Run the action; return what became of its steps, each by the name of its script."""
        action = yaml.safe_load((ACTION / "action.yml").read_text("utf-8"))
        assert set(inputs) <= {name.replace("-", "_") for name in action["inputs"]}
        given = {
            name: inputs.get(name.replace("-", "_"), self._filled(one["default"], {}))
            for name, one in action["inputs"].items()
        }
        done: dict[str, Done] = {}
        for step in action["runs"]["steps"]:
            (name,) = re.findall(r"(\w+)\.(?:sh|py)", step["run"])
            if name != "install" and self._holds(step, given, done):
                done[name] = self._run(step, given)
        return done

    def _run(self, step: dict[str, Any], given: dict[str, str]) -> Done:
        env = {name: self._filled(text, given) for name, text in step.get("env", {}).items()}
        folder = self._filled(step.get("working-directory", "."), given)
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.repository / folder,
            env=self.env | env,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def _holds(self, step: dict[str, Any], given: dict[str, str], done: dict[str, Done]) -> bool:
        said = str(step.get("if", "")).removeprefix("${{").removesuffix("}}")
        if "always()" not in said and any(one.returncode for one in done.values()):
            return False
        said = said.replace("always()", "True").replace("&&", "and") or "True"
        said = said.replace("steps.install.outcome", "'success'")
        said = re.sub(
            r"(inputs|github)\.[\w.-]+", lambda found: repr(self._value(found[0], given)), said
        )
        return bool(eval(said.strip(), {}))

    def _filled(self, text: str, given: dict[str, str]) -> str:
        return re.sub(r"\$\{\{ (\S+) \}\}", lambda found: self._value(found[1], given), text)

    def _value(self, name: str, given: dict[str, str]) -> str:
        where, _, key = name.partition(".")
        return given[key] if where == "inputs" else self.github[key]
