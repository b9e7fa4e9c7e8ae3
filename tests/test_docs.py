"""What README and docs show is true: commands and Python print what stands below them, specs load, links lead
somewhere.

``pytest tests/test_docs.py --update`` rewrites the outputs and the generated pages.
"""

import os
import re
import runpy
from fractions import Fraction
from importlib.util import find_spec
from inspect import cleandoc
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

import archstat
from archstat.cli.main import COMMANDS
from archstat.errors import ArchstatError
from archstat.ops.base import Op
from archstat.ops.catalogue import CATALOGUE
from archstat.pytorch import spelling
from archstat.spec.expressions import FUNCTIONS
from archstat.spec.words import TOP_KEYS
from tests.markdown import Block, Shell, blocks, python_transcript, replaced
from tests.ops import test_cases
from tests.ops.case import Case
from tests.ops.test_registry import FIELDS, RULES

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]
EVERY_PAGE = pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))

WRONG = "wrong"
"""The last word of a fence's title where the spec in it must be refused."""

NEEDS_TORCH = "torch"
"""The title of a block that is left alone where torch isn't installed."""

GUIDE = "op", "cases", "spelling"
"""The titles of the blocks in adding-an-op.md, which has a test of its own."""


@EVERY_PAGE
def test_blocks(page: Path, tmp_path: Path, update: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    text = page.read_text(encoding="utf-8")
    shell = Shell(tmp_path)
    monkeypatch.chdir(shell.folder)
    names: dict[str, Any] = {}
    changed = []
    for block in blocks(text):
        seen = block.text
        if block.title in GUIDE or (block.title == NEEDS_TORCH and not find_spec("torch")):
            continue
        if block.language == "yaml":
            _check_spec(block, shell.folder)
        elif block.language == "console":
            seen = shell.transcript(block)
        elif block.language == "python" and block.text.startswith(">>> "):
            seen = python_transcript(block, names)
        elif block.language == "python":
            exec(compile(block.text, f"line {block.first}", "exec"), {"__name__": "__main__"})
        else:
            assert block.language in ("", "sh", "text", "json", "diff"), f"line {block.first}"
        if update:
            changed.append((block, seen))
        else:
            assert seen == block.text, f"line {block.first + 1}"
    if update:
        page.write_text(replaced(text, changed), encoding="utf-8", newline="\n")


def _check_spec(block: Block, folder: Path) -> None:
    """Load a whole spec, or a list of layers as the layers of one; a title is the name of its file."""
    name, _, mark = block.title.partition(" ")
    text = block.text
    if text.startswith("- "):
        text = "input: [3, 64, 64]\nlayers:\n" + "".join(f"  {line}\n" for line in block.lines)
    path = folder / (name or "unnamed.yaml")
    path.write_text(text, encoding="utf-8")
    if mark == WRONG:
        with pytest.raises(ArchstatError):
            archstat.load(path)
    else:
        archstat.load(path)


@EVERY_PAGE
def test_links(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        path, _, anchor = target.partition("#")
        if "://" in path:
            continue
        linked = (page.parent / path).resolve() if path else page
        assert linked.exists(), target
        if anchor:
            assert anchor in _anchors(linked), target


def _anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_readme_has_the_two_commands() -> None:
    shown = [b.text for b in blocks((ROOT / "README.md").read_text(encoding="utf-8"))]
    commands = [text for text in shown if "pip install" in text]
    assert [text.count("\n") for text in commands] == [1, 1]
    assert "pytest" not in commands[0]
    assert commands[1].endswith("&& pytest -n auto\n"), "what .ci/run runs"


def test_generated_pages(update: bool) -> None:
    pages: dict[Path, str] = runpy.run_path(str(DOCS / "generate.py"))["pages"]()
    for page, text in pages.items():
        if update:
            page.write_text(text, encoding="utf-8", newline="\n")
        assert page.read_text(encoding="utf-8") == text, f"python {DOCS.name}/generate.py writes it"


def test_adding_an_op(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = {(b.language, b.title): b.text for b in blocks(_read("adding-an-op.md"))}
    names: dict[str, Any] = {"__name__": "archstat.ops.activation"}
    exec(found["python", "op"], names)
    op = names["HardShrink"]
    assert {rule for rule in RULES if getattr(op, rule) is getattr(Op, rule)} == set()
    assert [f for f in FIELDS if f"\n{f}:" in cleandoc(op.__doc__)] == list(FIELDS)
    monkeypatch.setitem(CATALOGUE, op.word, op)
    cases = msgspec.convert(yaml.safe_load(found["yaml", "cases"]), list[Case])
    assert len(cases) == 2
    line = eval(f"{{{found['python', 'spelling']}}}", vars(spelling))
    monkeypatch.setattr(spelling, "_MODULES", spelling._MODULES | line)
    for case in cases:
        test_cases.test_case(case)
        assert spelling.spell(*case.build()).text.startswith("nn.Hardshrink(0.")
    path = tmp_path / "net.yaml"
    path.write_text(found["yaml", "op"], encoding="utf-8")
    assert archstat.load(path).graph.nodes[-1].op == op(lambd=Fraction(3, 10))


def test_every_command_has_a_section() -> None:
    sections = re.findall(r"^## archstat (\S+)$", _read("commands.md"), re.MULTILINE)
    assert sections == [name for group in COMMANDS.values() for name in group]


@pytest.mark.parametrize("word", [*TOP_KEYS, *FUNCTIONS, "repeat", "when", "share", "act", "norm"])
def test_spec_format_explains(word: str) -> None:
    assert re.search(rf"`{word}\b", _read("spec-format.md"))


def test_comparison_with_other_counters() -> None:
    rows = re.findall(r"^\| (\w+) \| ([\d,]+\.\d\d) \|", _read("numbers.md"), re.MULTILINE)
    assert len(rows) == 9
    for name, millions in rows:
        assert f"{archstat.load(name).macs / 1e6:,.2f}" == millions


def test_map_of_folders() -> None:
    table = _read("architecture.md").partition("## Folders")[2].partition("## How")[0]
    rows = [row.split("|") for row in table.splitlines() if row.startswith("| `")]
    folders = {path.rstrip("/") for row in rows for path in re.findall(r"`([\w./]+)`", row[1])}
    package = ROOT / "archstat"
    parts = {
        f"archstat/{path.name}" for path in package.iterdir() if (path / "__init__.py").exists()
    }
    assert parts <= folders
    for row in rows:
        (home, *_), inside = re.findall(r"`([\w./]+)`", row[1]), re.findall(r"`(\w+\.py)`", row[2])
        assert (ROOT / home).exists(), home
        assert [name for name in inside if not (ROOT / home / name).exists()] == []


def test_index_leads_everywhere() -> None:
    linked = set(re.findall(r"\]\(([^)#\s]+)", _read("index.md")))
    pages = {os.fspath(page.relative_to(DOCS)) for page in DOCS.rglob("*.md")} - {"index.md"}
    assert pages <= linked


def _read(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")
