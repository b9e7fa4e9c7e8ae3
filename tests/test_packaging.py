"""What is in the wheel, and that it works anywhere: the bundled specs travel with it, the tests don't."""

import os
import subprocess
import sys
import tarfile
import zipfile
from email import message_from_string
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

pytest.importorskip("hatchling", reason="the build backend is part of the dev extra")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a wheel and an sdist, without a network."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> zipfile.ZipFile:
    return zipfile.ZipFile(next(built.glob("*.whl")))


def test_wheel_has_the_package_and_the_specs(wheel: zipfile.ZipFile) -> None:
    held = {name for name in wheel.namelist() if ".dist-info/" not in name}
    modules = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "archstat").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    specs = {f"archstat/configs/{path.name}" for path in (ROOT / "configs").iterdir()}
    assert held == modules | specs
    assert "archstat/py.typed" in held


def test_metadata(wheel: zipfile.ZipFile) -> None:
    (path,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    metadata = message_from_string(wheel.read(path).decode())
    assert metadata["License-Expression"] == "MIT"
    assert {"torch", "dev"} <= set(metadata.get_all("Provides-Extra", []))
    needed = [r for r in metadata.get_all("Requires-Dist", []) if "extra ==" not in r]
    assert not [r for r in needed if r.startswith(("torch", "fvcore", "numpy"))]


def test_sdist_can_be_tested(built: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {"LICENSE", "README.md", "configs/vgg16.yaml", "tests/conftest.py", "docs/generate.py"}
    assert wanted <= held
    assert not [name for name in held if "__pycache__" in name or name.startswith(".ci/venv")]


def test_wheel_works_elsewhere(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    site, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    wheel.extractall(site)
    elsewhere.mkdir()
    run = subprocess.run(
        [sys.executable, "-m", "archstat.cli.main", "params", "alexnet"],
        cwd=elsewhere,
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    assert "60,965,224" in run.stdout
    code = "import archstat.spec.files as f; print(f.bundled_folder())"
    folder = subprocess.run(
        [sys.executable, "-c", code],
        cwd=elsewhere,
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(folder.stdout.strip()) == (site / "archstat" / "configs").resolve()
