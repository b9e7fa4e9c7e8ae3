"""Names of layers: how a body numbers its layers, and how ``from:`` and ``share:`` find an earlier one."""

from collections.abc import Iterator

import msgspec

from archstat.spec.nodes import Scalar, printable
from archstat.spec.words import nearest


class Result(msgspec.Struct, frozen=True):
    """What a name stands for: the node of its result, and the node that holds its weights."""

    node: int
    layer: int | None = None


class Scope:
    """One body being built: the path of its layers, and the names already taken in it."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.taken: dict[str, int] = {}
        self._counts: dict[str, int] = {}

    def join(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name

    def number(self, word: str) -> str:
        """Take the next free number for a word: conv1, conv2."""
        count = self._counts.get(word, 0) + 1
        while f"{word}{count}" in self.taken:
            count += 1
        self._counts[word] = count
        self.taken[f"{word}{count}"] = 0
        return f"{word}{count}"

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
    """Every path built so far. A join's branches don't see one another: each has a layer of its own
    on the stack, and the layers are merged when the join is complete."""

    def __init__(self) -> None:
        self._stack: list[dict[str, Result]] = [{}]

    def add(self, path: str, result: Result) -> None:
        self._stack[-1][path] = result

    def push(self) -> None:
        self._stack.append({})

    def pop(self) -> dict[str, Result]:
        return self._stack.pop()

    def merge(self, layer: dict[str, Result]) -> None:
        self._stack[-1].update(layer)

    def find(self, name: str, scope: str, barrier: str) -> Result | None:
        """Look a name up from the innermost body outwards, not past ``barrier`` (the block's own path)."""
        for full in _candidates(name, scope, barrier):
            for layer in reversed(self._stack):
                found = layer.get(full) or self._unnumbered(layer, full)
                if found is not None:
                    return found
        return None

    @staticmethod
    def _unnumbered(layer: dict[str, Result], path: str) -> Result | None:
        """``conv`` stands for ``conv1`` where it is the only one."""
        return layer.get(f"{path}1") if f"{path}2" not in layer else None

    def suggest(self, name: str, scope: str, barrier: str) -> str | None:
        prefix = f"{barrier}." if barrier else ""
        known = [
            p.removeprefix(prefix) for layer in self._stack for p in layer if p.startswith(prefix)
        ]
        tail = f"{scope}."
        known += [
            p.removeprefix(tail) for layer in self._stack for p in layer if p.startswith(tail)
        ]
        return nearest(name, known)


def _candidates(name: str, scope: str, barrier: str) -> Iterator[str]:
    path = scope
    while True:
        yield f"{path}.{name}" if path else name
        if path == barrier or not path:
            return
        path = path.rpartition(".")[0]
        if len(path) < len(barrier):
            return
