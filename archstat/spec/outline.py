"""What a spec came to, entry by entry: what ``archstat expand`` writes out."""

import msgspec

from archstat.ops.base import Op


class Item(msgspec.Struct):
    """A layer, join, block, stage or reference in its place, values evaluated."""

    kind: str
    name: str
    word: str = ""
    op: Op | None = None
    share: str | None = None
    named: bool = False
    inserts: list[tuple[str, Op, str | None]] = []
    inner: "Outline | None" = None
    branches: "list[tuple[str | None, Outline]]" = []


class Outline:
    """The items of one body, in order."""

    def __init__(self) -> None:
        self.items: list[Item] = []

    def stage(self, name: str) -> "Outline":
        return self._nest("stage", name)

    def block(self, name: str) -> "Outline":
        return self._nest("block", name)

    def _nest(self, kind: str, name: str) -> "Outline":
        inner = Outline()
        self.items.append(Item(kind, name, inner=inner))
        return inner

    def join(self, name: str, word: str, *, named: bool) -> "Outline":
        """Begin a join; its branches and its op follow on the returned outline's behalf."""
        item = Item("join", name, word, named=named, branches=[])
        self.items.append(item)
        return _JoinOutline(item)

    def branch(self, name: str | None) -> "Outline":
        raise NotImplementedError

    def joined(self, op: Op) -> None:
        raise NotImplementedError

    def layer(self, path: str, op: Op, *, share: str | None, named: bool) -> None:
        self.items.append(Item("layer", path.rpartition(".")[2], op.word, op, share, named))

    def insert(self, path: str, op: Op, *, share: str | None) -> None:
        self.items[-1].inserts.append((path.rpartition(".")[2], op, share))

    def reference(self, path: str) -> None:
        """What arrives from here on is an earlier output, named by its full path."""
        self.items.append(Item("from", path))


class _JoinOutline(Outline):
    def __init__(self, item: Item) -> None:
        super().__init__()
        self.item = item

    def branch(self, name: str | None) -> Outline:
        inner = Outline()
        self.item.branches.append((name, inner))
        return inner

    def joined(self, op: Op) -> None:
        self.item.op = op


class Unwritten(Outline):
    """An outline that nobody will read, so nothing is kept."""

    def stage(self, name: str) -> Outline:
        return self

    def block(self, name: str) -> Outline:
        return self

    def join(self, name: str, word: str, *, named: bool) -> Outline:
        return self

    def branch(self, name: str | None) -> Outline:
        return self

    def joined(self, op: Op) -> None:
        return

    def layer(self, path: str, op: Op, *, share: str | None, named: bool) -> None:
        return

    def insert(self, path: str, op: Op, *, share: str | None) -> None:
        return

    def reference(self, path: str) -> None:
        return
