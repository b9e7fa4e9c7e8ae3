"""Reads the fenced blocks of a Markdown page, and runs those that show a terminal or Python."""

import contextlib
import doctest
import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

import archstat

PROMPT = "$ "

_FENCE = re.compile(r"(?P<indent> *)(?P<fence>`{3,})(?P<info>[^`]*)$")


class Block(msgspec.Struct, frozen=True):
    """One fenced block. ``title`` is what follows the language: ```` ```yaml net.yaml ````.

    ``first`` and ``last`` bound its lines in the page, the fences left out.
    """

    language: str
    title: str
    lines: tuple[str, ...]
    first: int
    last: int

    @property
    def text(self) -> str:
        return "".join(f"{line}\n" for line in self.lines)


def blocks(page: str) -> Iterator[Block]:
    """Yield the fenced blocks of a page, in order."""
    lines = page.splitlines()
    at = 0
    while at < len(lines):
        opening = _FENCE.match(lines[at])
        at += 1
        if opening is None:
            continue
        first = at
        while lines[at].strip() != opening["fence"]:
            at += 1
        indent = len(opening["indent"])
        language, _, title = opening["info"].strip().partition(" ")
        yield Block(
            language,
            title.strip(),
            tuple(line[indent:] for line in lines[first:at]),
            first,
            at,
        )
        at += 1


def replaced(page: str, changed: Sequence[tuple[Block, str]]) -> str:
    """Return the page with other text in some of its blocks."""
    lines = page.splitlines()
    for block, text in sorted(changed, key=lambda pair: -pair[0].first):
        lines[block.first : block.last] = text.splitlines()
    return "".join(f"{line}\n" for line in lines)


class Shell:
    """A folder with an ``archstat`` that is the one under test, whether or not it is installed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "here"
        self.folder.mkdir()
        bin_folder = folder / "bin"
        bin_folder.mkdir()
        program = bin_folder / "archstat"
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m archstat.cli.main "$@"\n')
        program.chmod(0o755)
        kept = {"HOME", "LANG", "LC_ALL", "PATH", "SYSTEMROOT", "TMPDIR"}
        self.environment = {name: value for name, value in os.environ.items() if name in kept}
        self.environment |= {
            "PATH": f"{bin_folder}{os.pathsep}{self.environment.get('PATH', '')}",
            "PYTHONPATH": str(Path(archstat.__file__).parent.parent),
            "PYTHONUTF8": "1",
        }

    def run(self, command: str) -> str:
        """Run a command line and return what it prints on both streams."""
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        return done.stdout

    def transcript(self, block: Block) -> str:
        """Run a block's commands, each behind a prompt, and return the block as it would look."""
        commands = [line for line in block.lines if line.startswith(PROMPT)]
        outputs = [self.run(command.removeprefix(PROMPT)).rstrip("\n") for command in commands]
        pairs = zip(commands, outputs, strict=True)
        return "\n".join(
            f"{command}\n{output}\n" if output else f"{command}\n" for command, output in pairs
        )


def python_transcript(block: Block, names: dict[str, Any]) -> str:
    """Run a block of ``>>>`` examples and return it as it would look."""
    shown = ""
    for example in doctest.DocTestParser().get_examples(block.text):
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            exec(compile(example.source, "<docs>", "single"), names)
        first, *more = example.source.splitlines()
        shown += "".join(
            f"{line}\n" for line in (f">>> {first}", *(f"... {line}" for line in more))
        )
        shown += output.getvalue()
    return shown
