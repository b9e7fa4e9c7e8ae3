"""Wrong specs and the whole of what is said about each: ``errors/*.yaml`` beside ``errors/*.txt``.

``pytest --update`` rewrites the texts; read them as the person would whose spec it is.
"""

from pathlib import Path

import pytest

from archstat.errors import ArchstatError
from archstat.spec import load

FOLDER = Path(__file__).parent / "errors"
CASES = sorted(path.name for path in FOLDER.glob("*.yaml"))

EXAMPLES = {
    "kernel_size.yaml": (
        "kernel_size.yaml:4:16: error: 'conv' has no option 'kernel_size'\n"
        "     4 |   - {conv: 64, kernel_size: 3, padding: 1}\n"
        "       |                ^\n"
        "  hint: did you mean 'kernel'?"
    ),
    "no_flatten.yaml": (
        "no_flatten.yaml:5:5: error: 'linear' needs a vector, but its input is 64×30×30\n"
        "     5 |   - linear: 10\n"
        "       |     ^\n"
        "  hint: put '- flatten' before it"
    ),
    "too_big.yaml": "too_big.yaml:4:6: error: 'conv' kernel 7 does not fit: its input is 3×5×5\n",
    "add_shapes.yaml": (
        "add_shapes.yaml:4:5: error: add: branch 'shortcut' gives 64×56×56, "
        "branch 'residual' gives 128×28×28: shapes must agree\n"
    ),
    "groups.yaml": (
        "groups.yaml:4:27: error: groups 2 must divide both input channels 3 and output channels 64\n"
    ),
    "duplicate_key.yaml": "duplicate_key.yaml:5:3: error: duplicate key 'a' (first at line 4)\n",
}
"""The examples by which the messages were designed."""


def said(name: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(FOLDER)
    with pytest.raises(ArchstatError) as caught:
        load(name)
    return str(caught.value)


@pytest.mark.parametrize("name", CASES)
def test_what_is_said(name: str, update: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    message = said(name, monkeypatch) + "\n"
    kept = FOLDER / name.replace(".yaml", ".txt")
    if update:
        kept.write_text(message, encoding="utf-8")
    assert message == kept.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_of_the_design(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert said(name, monkeypatch).startswith(EXAMPLES[name])


def test_every_text_has_its_spec() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.txt")) == [Path(c).stem for c in CASES]
    assert len(CASES) > 80
