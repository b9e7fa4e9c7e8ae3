"""Which specs differ from those where a branch began: added, removed, renamed, changed, or built on one that is."""

import os
import posixpath
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from archstat.errors import UsageError
from archstat.spec.files import bundled, open_reference
from archstat.spec.revisions import SUFFIXES, Base, differing, tracked

_LAYERS = re.compile(rb"^layers[ \t]*:", re.MULTILINE)
_INPUT = re.compile(rb"^input[ \t]*:", re.MULTILINE)
_EXTENDS = re.compile(rb"^extends[ \t]*:[ \t]*[\"']?([^\s\"'#]+)", re.MULTILINE)

_INSIDE = "--base compares files in the repository"


class Since(msgspec.Struct, frozen=True):
    """One spec before and now, each as ``load`` takes it; ``None`` is a side that isn't there.

    ``was`` is the old path as seen from here.
    """

    old: str | None
    new: str | None
    was: str | None


def changed_specs(base: Base) -> list[Since]:
    """Return the specs that differ from those at ``base``, in the order of their paths.

    A YAML file is a spec if it has layers and an input, or extends one, on either side.
    """
    found = [
        (before, after)
        for before, after in differing(base)
        if _is_spec_on_a_side(base, before, after)
    ]
    if not found:
        return []
    touched = {path for pair in found for path in pair if path}
    known = {after for _, after in found}
    found += [(path, path) for path in _built_on(base, touched) if path not in known]
    ordered = sorted(found, key=lambda pair: pair[1] or pair[0] or "")
    return [
        Since(_at(base, before), _here(base, after), _here(base, before))
        for before, after in ordered
    ]


def since(base: Base, references: Iterable[str]) -> list[Since]:
    """Return these specs before and now, wherever they were before.

    Raises a UsageError for what has no past: a bundled name, standard input, a file outside the repository.
    """
    before = {after: old for old, after in differing(base) if after is not None}
    found = []
    for reference in references:
        path = _tracked_path(base, reference)
        old = before.get(path, path)
        was = reference if old == path else _here(base, old)
        found.append(Since(_at(base, old), reference, was))
    return found


def _tracked_path(base: Base, reference: str) -> str:
    """Return a file's path from the top of the repository."""
    if reference == "-" or reference in bundled():
        what = "standard input" if reference == "-" else f"the bundled '{reference}'"
        raise UsageError(f"{what} has no earlier version", hint=_INSIDE)
    try:
        return base.path(reference)
    except (OSError, RuntimeError, ValueError):
        raise UsageError(f"'{reference}' is not in this repository", hint=_INSIDE) from None


def _at(base: Base, path: str | None) -> str | None:
    return None if path is None else f"{base.short}:{path}"


def _here(base: Base, path: str | None) -> str | None:
    """Return a path as seen from the current folder; one that a command could take for an option begins with ./"""
    if path is None:
        return None
    shown = Path(os.path.relpath(base.top.resolve() / path, Path.cwd().resolve())).as_posix()
    return shown if not shown.startswith("-") else f"./{shown}"


def _is_spec_on_a_side(base: Base, before: str | None, after: str | None) -> bool:
    return any(
        reference is not None and _is_spec(_bytes(reference))
        for reference in (_at(base, before), _here(base, after))
    )


def _is_spec(data: bytes) -> bool:
    if _LAYERS.search(data) and _INPUT.search(data):
        return True
    extended = _extended(data)
    return extended is not None and (extended.lower().endswith(SUFFIXES) or extended in bundled())


def _extended(data: bytes) -> str | None:
    found = _EXTENDS.search(data)
    return os.fsdecode(found[1]) if found else None


def _bytes(reference: str) -> bytes:
    """Read a file for a look at it; one that can't be read is no spec here, and is refused when it is loaded."""
    try:
        return open_reference(reference).data
    except UsageError:
        return b""


def _built_on(base: Base, touched: set[str]) -> list[str]:
    """Return the tracked specs that extend what was touched, directly or not."""
    bases: dict[str, str] = {}
    for path in tracked(base):
        here = _here(base, path)
        extended = _extended(_bytes(here)) if here else None
        if extended is not None:
            bases[path] = posixpath.normpath(posixpath.join(posixpath.dirname(path), extended))
    return [path for path in bases if path not in touched and _reaches(path, bases, touched)]


def _reaches(path: str, bases: Mapping[str, str], touched: set[str]) -> bool:
    seen: set[str] = set()
    while path in bases and path not in seen:
        seen.add(path)
        path = bases[path]
        if path in touched:
            return True
    return False
