"""Writing files: whole or not at all."""

import os
from collections.abc import Mapping
from pathlib import Path

from archstat.errors import UsageError
from archstat.render.formats import EXTENSIONS


def format_of(file: str, asked: str | None, more: Mapping[str, str] = {}) -> str:
    """Return the format of a file: its extension's, or else the one asked for; ``more`` are a command's own."""
    extensions = {**EXTENSIONS, **more}
    known = extensions.get(Path(file).suffix.lower()) or asked or ("table" if file == "-" else None)
    if known is None:
        raise UsageError(
            f"can't tell the format of '{file}' by its extension",
            hint=f"use one of {' '.join(extensions)}, or say -f",
        )
    return known


def write_whole(file: str, text: str) -> None:
    """Write a file so that an interrupted run leaves the old one whole: beside it, then renamed.

    Raises a UsageError where it can't be written.
    """
    try:
        target = Path(file).resolve()
        if target.exists() and not target.is_file():
            # A device or a pipe: there is nothing to rename over.
            target.write_text(text, encoding="utf-8", newline="\n")
        else:
            _replace(target, text)
    except (OSError, ValueError) as error:
        raise UsageError(f"can't write '{file}': {getattr(error, 'strerror', error)}") from None


def _replace(target: Path, text: str) -> None:
    import tempfile

    handle, name = tempfile.mkstemp(prefix=".archstat-", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as out:
            out.write(text)
        temporary.chmod(_mode(target))
        temporary.replace(target)
    except BaseException:  # Ctrl-C too leaves nothing half-written
        temporary.unlink()
        raise


def _mode(target: Path) -> int:
    """Return the permissions of the file that is replaced, or a new file's."""
    try:
        return target.stat().st_mode & 0o777
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
