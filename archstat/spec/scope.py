"""Names of layers: how a body numbers its layers, and how ``from:`` and ``share:`` find an earlier one."""

from collections.abc import Iterator
from typing import NoReturn

import msgspec

from archstat.spec.nodes import Scalar, printable
from archstat.spec.words import nearest

DEEPEST_BODY = 160
"""Bodies inside one another once blocks are called: stages, branches, calls, lists in lists."""

LONGEST_PATH = 1000
"""Characters in a layer's dotted path."""


class Result(msgspec.Struct, frozen=True, gc=False):
    """What a name stands for: the node of its result, and the node that holds its weights."""

    node: int
    layer: int | None = None


class Scope:
    """One body being built: the path of its layers, and the names already taken in it."""

    __slots__ = ("_counts", "_prefix", "level", "path", "taken")

    def __init__(self, path: str = "", level: int = 1) -> None:
        self.path = path
        self.taken: dict[str, int] = {}
        self._prefix = f"{path}." if path else ""
        self.level = level
        self._counts: dict[str, int] = {}

    def within(self, path: str, at: Scalar) -> "Scope":
        """Return the scope of a body inside this one."""
        if self.level >= DEEPEST_BODY:
            raise at.error(f"layers nest deeper than {DEEPEST_BODY} levels once blocks are called")
        if len(path) > LONGEST_PATH:
            raise at.error(f"a layer's dotted path is longer than {LONGEST_PATH:,} characters")
        return Scope(path, self.level + 1)

    def deeper(self, at: Scalar) -> "Scope":
        """Return this scope for a body that shares its names: a list in a list, or a lone block call."""
        if self.level >= DEEPEST_BODY:
            raise at.error(f"layers nest deeper than {DEEPEST_BODY} levels once blocks are called")
        inner = Scope(self.path, self.level + 1)
        inner.taken, inner._counts = self.taken, self._counts
        return inner

    def join(self, name: str) -> str:
        return self._prefix + name

    def number(self, word: str) -> str:
        """Take the next free number for a word: conv1, conv2."""
        count = self._counts.get(word, 0) + 1
        while (name := f"{word}{count}") in self.taken:
            count += 1
        self._counts[word] = count
        self.taken[name] = 0
        return name

    def take(self, name: Scalar, text: str | None = None) -> str:
        """Take a name that the spec gives; raise if the body has it already."""
        text = text or name.text
        if text in self.taken:
            first = self.taken[text]
            where = f" (first at line {first})" if first else ""
            raise name.error(f"the name '{printable(text)}' is taken in this body{where}")
        self.taken[text] = name.line + 1
        return text


class Paths:
    """Every path built so far. A join's branches don't see one another: each is opened, built and closed,
    and the paths of all come back when the join is complete."""

    def __init__(self) -> None:
        self._known: dict[str, Result] = {}
        self._open: list[list[str]] = []

    def add(self, path: str, result: Result) -> None:
        self._known[path] = result
        if self._open:
            self._open[-1].append(path)

    def open(self) -> None:
        """Begin a branch."""
        self._open.append([])

    def close(self) -> dict[str, Result]:
        """End a branch: hide its paths and return them."""
        return {path: self._known.pop(path) for path in self._open.pop()}

    def keep(self) -> dict[str, Result]:
        """End what was opened and return its paths, which stay."""
        added = self._open.pop()
        if self._open:
            self._open[-1] += added
        return {path: self._known[path] for path in added}

    def reveal(self, hidden: dict[str, Result]) -> None:
        """Show what :meth:`close` has hidden."""
        self._known.update(hidden)
        if self._open:
            self._open[-1] += hidden

    def get(self, path: str) -> Result | None:
        """Return what a full path stands for."""
        return self._known.get(path)

    def find(self, name: str, scope: str, barrier: str) -> Result | None:
        """Look a name up from the innermost body outwards, not past ``barrier`` (the block's own path)."""
        path = self.find_path(name, scope, barrier)
        return None if path is None else self._known[path]

    def find_path(self, name: str, scope: str, barrier: str) -> str | None:
        """Look a name up as :meth:`find` does, and return the full path that it stands for."""
        for full in _candidates(name, scope, barrier):
            if full in self._known:
                return full
            # ``conv`` stands for ``conv1`` where it is the only one.
            if f"{full}1" in self._known and f"{full}2" not in self._known:
                return f"{full}1"
        return None

    def find_exactly(self, name: str, scope: str, barrier: str) -> Result | None:
        """Look a name up as :meth:`find` does, but as it is numbered."""
        candidates = _candidates(name, scope, barrier)
        return next((self._known[full] for full in candidates if full in self._known), None)

    def unknown(self, name: Scalar, scope: str, barrier: str, hint: str | None = None) -> NoReturn:
        """Raise for a name that nothing has."""
        where = " in this block" if barrier else ""
        prefixes = [f"{p}." for p in (scope, barrier) if p] + ([] if barrier else [""])
        known = {p.removeprefix(x) for x in prefixes for p in self._known if p.startswith(x)}
        raise name.error(
            f"no earlier layer or stage is called '{printable(name.text)}'{where}",
            hint=hint or nearest(name.text, known),
        )


def _candidates(name: str, scope: str, barrier: str) -> Iterator[str]:
    path = scope
    while True:
        yield f"{path}.{name}" if path else name
        if path == barrier or not path:
            return
        path = path.rpartition(".")[0]
