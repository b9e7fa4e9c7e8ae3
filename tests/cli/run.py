"""Running the command line: in this process, or as a user's shell does."""

import os
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner, Result

from archstat.cli.main import program

ROOT = Path(__file__).parent.parent.parent
COMMAND = (sys.executable, "-m", "archstat.cli.main")


def run(*args: str, stdin: str | None = None) -> Result:
    """Run in this process; standard output and error are kept apart."""
    return CliRunner().invoke(program, list(args), input=stdin)


def shell(
    *args: str, env: dict[str, str] | None = None, stdin: bytes = b"", cwd: Path | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run in a process of its own, in a pipe, with nothing in its environment that changes the output."""
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "SYSTEMROOT")}
    full = {**kept, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", **(env or {})}
    return subprocess.run(
        [*COMMAND, *args],
        capture_output=True,
        env=full,
        input=stdin,
        cwd=cwd,
        check=False,
        timeout=60,
    )
