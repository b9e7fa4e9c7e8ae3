"""Without PyTorch: one line that says what to install, exit code 3, and everything else works."""

import sys
from pathlib import Path

import pytest

from tests.cli.run import run, shell

FINDER = """
import sys


class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "fvcore"):
            raise ModuleNotFoundError(name)


sys.meta_path.insert(0, Hidden())
"""


def without_torch(folder: Path) -> dict[str, str]:
    """Return an environment in which torch can't be imported."""
    (folder / "sitecustomize.py").write_text(FINDER)
    root = Path(__file__).parent.parent.parent
    return {"PYTHONPATH": f"{folder}:{root}"}


@pytest.mark.parametrize(
    "args",
    [
        ("verify", "lenet5"),
        ("flops", "lenet5", "--engine", "torch"),
        ("shapes", "lenet5", "--engine", "torch"),
        ("memory", "lenet5", "--backward", "--engine", "torch"),
        ("memory", "lenet5", "--peak", "--engine", "torch"),
    ],
)
def test_missing_torch_is_exit_code_3(args: tuple[str, ...], tmp_path: Path) -> None:
    done = shell(*args, env=without_torch(tmp_path))
    assert done.returncode == 3
    said = done.stderr.decode()
    assert said.startswith("error: ")
    assert said.count("\n") == 1
    assert "python -m pip install torch fvcore" in said


def test_code_is_printed_without_torch(tmp_path: Path) -> None:
    done = shell("graph", "lenet5", "-f", "torch", env=without_torch(tmp_path))
    assert done.returncode == 0
    assert b"class LeNet_5(nn.Module):" in done.stdout


def test_the_static_commands_import_no_torch() -> None:
    before = "torch" in sys.modules
    assert run("params", "lenet5").exit_code == 0
    assert ("torch" in sys.modules) == before
