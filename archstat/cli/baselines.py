"""Baseline files: the numbers of specs, kept for a later comparison."""

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from archstat.errors import UsageError

if TYPE_CHECKING:
    from archstat.comparison.side import Side

LARGEST = 2**28
"""Bytes of a baseline that are read."""


def read_baseline(file: str) -> "Mapping[str, Side]":
    """Return the sides of a file. Raises a UsageError, of one line, where it can't be read or isn't a baseline."""
    from pathlib import Path

    from archstat.comparison.baseline import read

    try:
        with Path(file).open("rb") as opened:
            data = opened.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(
            f"{file}: {reason}", hint="'archstat compare --write-baseline FILE SPEC...' writes one"
        ) from None
    if len(data) > LARGEST:
        raise UsageError(f"{file}: is larger than {LARGEST:,} bytes")
    return read(data, file)


def write_baseline(file: str, sides: "Sequence[Side]") -> None:
    """Write a file, whole or not at all."""
    from archstat.cli.files import write_whole
    from archstat.comparison.baseline import KIND, items
    from archstat.render.json import envelope

    write_whole(file, envelope(KIND, "specs", items(sides)))


def key(reference: str) -> str:
    """Return what a spec is called in a baseline, however its path was written: ``./a.yaml`` is ``a.yaml``."""
    looks_like_path = os.sep in reference or "/" in reference
    return os.path.normpath(reference).replace(os.sep, "/") if looks_like_path else reference


def same_settings(old: "Side", new: "Side", file: str) -> None:
    """Raise a UsageError if a spec's numbers in a file were written with other options than now."""
    for name in ("batch", "dtype", "aux", "variables", "transfer"):
        was, now = (getattr(side.conditions, name) for side in (old, new))
        if was != now:
            what = "" if name == "transfer" else f"{name} "
            raise UsageError(
                f"{file}: '{old.reference}' was written with {what}{_shown(was)}, not {_shown(now)}",
                hint="give the options that it was written with, or write it again",
            )


def _shown(value: object) -> str:
    from archstat.render.layout import changes
    from archstat.spec.model import Transfer

    if isinstance(value, Transfer):
        return ", ".join(changes(value)) or "nothing frozen or replaced"
    if isinstance(value, dict):
        return ", ".join(f"{name}={said}" for name, said in value.items()) or "none"
    return str(value)
