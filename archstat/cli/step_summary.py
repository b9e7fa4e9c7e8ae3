"""GitHub's summary of a job: Markdown appended to the file that GITHUB_STEP_SUMMARY names."""

import os
from pathlib import Path

from archstat.errors import UsageError

VARIABLE = "GITHUB_STEP_SUMMARY"

LARGEST = 2**20
"""Bytes that GitHub takes of one step; it drops a larger summary whole."""

_CUT = "\n*The rest is too long for a summary.*\n"


def append(markdown: str) -> None:
    """Append to the summary, cut at a line's end where it would be too long.

    Raises a UsageError outside of GitHub Actions, and where the file can't be written.
    """
    name = os.environ.get(VARIABLE)
    if not name:
        raise UsageError(
            f"--step-summary: {VARIABLE} is not set",
            hint="GitHub Actions sets it; else use -o report.md",
        )
    path = Path(name)
    try:
        before = path.stat().st_size if path.exists() else 0
        with path.open("ab") as file:
            file.write(_fitting(f"{markdown}\n".encode(), LARGEST - before))
    except (OSError, ValueError) as error:
        raise UsageError(f"can't write '{name}': {getattr(error, 'strerror', error)}") from None


def _fitting(text: bytes, room: int) -> bytes:
    if len(text) <= room:
        return text
    cut = text[: max(0, room - len(_CUT))]
    whole = cut[: cut.rfind(b"\n") + 1]
    return whole + _CUT.encode() if room >= len(_CUT) else b""
