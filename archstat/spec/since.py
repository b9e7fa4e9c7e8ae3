"""Which specs differ from those where a branch began: added, removed, renamed, changed, or built on one that is."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import msgspec

from archstat.errors import UsageError
from archstat.spec.files import bundled, open_reference
from archstat.spec.recognize import extended_file, is_spec, look
from archstat.spec.revisions import Base, differing, read_at, read_many, split, tracked

Covers = Callable[[str], bool]
"""Says whether a path from the top of the repository is asked for."""

Pair = tuple[str | None, str | None]
"""A file's path before and now, from the top; ``None`` where it isn't there."""


class Since(msgspec.Struct, frozen=True):
    """One spec before and now, each as ``load`` takes it; ``None`` is a side that isn't there.

    ``was`` is the old path as seen from here.
    """

    old: str | None
    new: str | None
    was: str | None


class History:
    """The YAML files of a work tree, each with what it was at a base."""

    def __init__(self, base: Base) -> None:
        self.base = base
        self._differing = differing(base)
        self._kept: dict[str, bytes] = {}

    def changed(self, covers: Covers, *, declared: bool = False) -> list[Since]:
        """Return the specs asked for that differ, in the order of their paths.

        A file is a spec if it looks like one on either side, or if what is asked for is ``declared`` to be specs.
        """
        asked = [pair for pair in self._differing if any(path and covers(path) for path in pair)]
        found = asked if declared else self._specs_among(asked)
        known = {new for _, new in found}
        found += [
            (path, path) for path in self._built_on_these() if covers(path) and path not in known
        ]
        return [
            self._since(pair) for pair in sorted(found, key=lambda pair: pair[1] or pair[0] or "")
        ]

    def of(self, path: str) -> Since | None:
        """Return a file before and now, by either path from the top; ``None`` if it is on neither side."""
        now = next((pair for pair in self._differing if pair[1] == path), None)
        found = now or next((pair for pair in self._differing if pair[0] == path), None)
        if found is None:
            there = os.path.lexists(self.base.top / path)
            # What is tracked and doesn't differ was there before; what git ignores may have been.
            before = path in self._tracked or self._before(path) is not None
            found = (path if before else None, path if there else None)
        return self._since(found) if any(found) else None

    def has_any(self, covers: Covers) -> bool:
        """Say whether a YAML file is asked for at all, on either side."""
        sides = (path for pair in self._differing for path in pair if path)
        return any(map(covers, sides)) or any(map(covers, self._tracked))

    @cached_property
    def _tracked(self) -> dict[str, None]:
        return dict.fromkeys(tracked(self.base))

    def _since(self, pair: Pair) -> Since:
        old, new = pair
        at = None if old is None else f"{self.base.short}:{old}"
        return Since(at, new and self._here(new), old and self._here(old))

    def _here(self, path: str) -> str:
        """Return a path as seen from the current folder; one that a command could take for an option begins with ./"""
        shown = os.path.relpath(self.base.top.resolve() / path, Path.cwd().resolve())
        shown = shown.replace(os.sep, "/")
        return shown if not shown.startswith("-") else f"./{shown}"

    def _specs_among(self, pairs: Sequence[Pair]) -> list[Pair]:
        """Return those that look like specs now or did before; git is asked about the others alone."""
        now = {new for _, new in pairs if new is not None and is_spec(new, self._now)}
        rest = [old for old, new in pairs if old is not None and new not in now]
        self._kept |= read_many(self.base.commit, rest)
        before = {old for old in rest if is_spec(old, self._before)}
        return [(old, new) for old, new in pairs if new in now or old in before]

    def _now(self, path: str) -> bytes | None:
        """Read a file for a look at it; one that can't be read is refused when it is loaded."""
        if path.startswith("../"):
            return None
        try:
            return open_reference(self._here(path)).data
        except UsageError:
            return None

    def _before(self, path: str) -> bytes | None:
        if path in self._kept:
            return self._kept[path]
        try:
            return read_at(self.base.commit, path)[0]
        except UsageError:
            return None

    def _built_on_these(self) -> list[str]:
        """Return the tracked files that extend what differs, directly or not, and don't differ themselves."""
        touched = {path for pair in self._differing for path in pair if path}
        if not touched:
            return []
        bases: dict[str, str] = {}
        for path in self._tracked:
            data = self._now(path)
            extended = extended_file(path, look(data)) if data else None
            if extended is not None:
                bases[path] = extended
        return [path for path in bases if path not in touched and _reaches(path, bases, touched)]


def path_in(base: Base, reference: str) -> str:
    """Return the path of a file from the top of the repository.

    Raises a UsageError for what has no past there: a bundled name, standard input, a file of no or another repository.
    """
    if reference == "-":
        raise _refused("standard input has no earlier version")
    if reference in bundled():
        raise _refused(f"the bundled '{reference}' has no earlier version")
    if split(reference) and not os.path.lexists(reference):
        raise _refused(f"'{reference}' is at a revision already")
    path = Path(reference)
    return _inside(base, reference, path.parent, path.name)


def folder_in(base: Base, name: str) -> str:
    """Return a folder's path from the top of the repository, the top's own being empty.

    Raises a UsageError for one in no or in another repository.
    """
    return _inside(base, name, Path(name), "")


def _inside(base: Base, shown: str, folder: Path, file: str) -> str:
    """Return a path from the top. A link to a file stays itself; a folder is where it leads to."""
    top = base.top.resolve()
    try:
        below = folder.resolve().relative_to(top)
    except (OSError, RuntimeError, ValueError):
        raise _refused(f"'{shown}' is not in this repository") from None
    for at in (below, *below.parents):
        if at.parts and (top / at / ".git").exists():
            raise _refused(f"'{shown}' is in a repository of its own, '{at.as_posix()}'")
    return "/".join((*below.parts, file) if file else below.parts)


def _refused(message: str) -> UsageError:
    return UsageError(message, hint="--base compares files of the repository that is current")


def _reaches(path: str, bases: Mapping[str, str], touched: Iterable[str]) -> bool:
    seen: set[str] = set()
    while path in bases and path not in seen:
        seen.add(path)
        path = bases[path]
        if path in touched:
            return True
    return False
