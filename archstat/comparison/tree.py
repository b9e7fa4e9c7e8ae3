"""A side's layers as a tree of the parts of their paths."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from archstat.comparison.side import Layer


class Part(msgspec.Struct, eq=False):
    """A layer, a stage or a block.

    ``at`` is the index of its own layer, -1 where it has none; ``kind`` and ``op`` are that layer's. ``inside`` is
    what stands below it. ``look`` is a number that two parts have in common if they are the same inside and out,
    names aside. ``nth`` counts the parts of its stem that stand before it, and ``alike`` all beside it, itself among
    them.
    """

    name: str
    path: str
    inside: list["Part"]
    at: int = -1
    op: str = ""
    kind: int = -1
    look: int = -1
    nth: int = 0
    alike: int = 1

    def parts(self) -> Iterator["Part"]:
        """Yield the parts that are layers, this one and those below, in network order."""
        if self.at >= 0 and not self.is_last:
            yield self
        for part in self.inside:
            yield from part.parts()
        if self.is_last:
            yield self

    @property
    def is_last(self) -> bool:
        """Whether its own layer stands behind what is inside: a join behind its branches."""
        return bool(self.inside) and self.at > next(iter(self.inside[0].parts())).at

    @property
    def stem(self) -> str:
        """The name without the number at its end: layers of a list and calls of a block are numbered."""
        return self.name.rstrip("0123456789") or self.name

    @property
    def number(self) -> str:
        """What the stem leaves of the name: digits, or nothing."""
        return self.name[len(self.stem) :]


class Looks:
    """Numbers what looks alike on both sides of a comparison, and says how alike the rest is."""

    def __init__(self) -> None:
        self._known: dict[object, int] = {}
        self._counts: dict[int, tuple[Counter[str], Counter[int]]] = {}
        self._liked: dict[tuple[int, int], float] = {}

    def grow(self, layers: Sequence[Layer], *, gather: bool = False) -> Part:
        """Return the tree of ``layers``: a nameless part with everything inside.

        ``gather`` puts the branches of every join inside it.
        """
        root = Part("", "", [])
        known: dict[str, Part] = {"": root}
        for i, layer in enumerate(layers):
            part = _place(layer.path, known)
            part.at, part.op = i, layer.op
            part.kind = self._number((layer.op, layer.options, layer.frozen))
        if gather:
            _gather_branches(layers, known)
        self._look(root)
        return root

    def alike(self, a: Part, b: Part) -> float:
        """Say how much two parts have in common: 0 for nothing, 1 if they are the same.

        Half of it is the ops, half the ops with their options; each layer counts once.
        """
        if a.look == b.look:
            return 1.0
        found = self._liked.get((a.look, b.look))
        if found is None:
            found = 0.0
            if (a.at >= 0) == (b.at >= 0):
                (ops, kinds), (other_ops, other_kinds) = self._counted(a), self._counted(b)
                most = max(ops.total(), other_ops.total())
                both = (ops & other_ops).total() + (kinds & other_kinds).total()
                found = both / (2 * most)
            self._liked[a.look, b.look] = found
        return found

    def _look(self, part: Part) -> None:
        seen: Counter[str] = Counter()
        for inner in part.inside:
            self._look(inner)
            inner.nth = seen[inner.stem]
            seen[inner.stem] += 1
        for inner in part.inside:
            inner.alike = seen[inner.stem]
        part.look = self._number((part.kind, *(inner.look for inner in part.inside)))

    def _number(self, look: object) -> int:
        return self._known.setdefault(look, len(self._known))

    def _counted(self, part: Part) -> tuple[Counter[str], Counter[int]]:
        found = self._counts.get(part.look)
        if found is None:
            layers = list(part.parts())
            found = (Counter(p.op for p in layers), Counter(p.kind for p in layers))
            self._counts[part.look] = found
        return found


def _place(path: str, known: dict[str, Part]) -> Part:
    """Return the part of a path, made with all that it stands in."""
    found = known.get(path)
    if found is None:
        around, _, name = path.rpartition(".")
        found = known[path] = Part(name, path, [])
        _place(around, known).inside.append(found)
    return found


def joins_again(layers: Sequence[Layer]) -> bool:
    """Say whether a body has more than one join.

    The branches of the first stand beside it, those of a second with the same names inside: if a join is inserted
    before the first, the names of its branches are those of the new one's.
    """
    joins = Counter(layer.path.rpartition(".")[0] for layer in layers if len(layer.inputs) > 1)
    return any(n > 1 for n in joins.values())


def _gather_branches(layers: Sequence[Layer], known: Mapping[str, Part]) -> None:
    """Put branches inside the join that they end in."""
    readers: list[set[int]] = [set() for _ in layers]
    for i, layer in enumerate(layers):
        for source in layer.inputs:
            readers[source].add(i)
    for i, layer in enumerate(layers):
        join = known[layer.path]
        if len(layer.inputs) < 2 or join.inside:
            continue
        around = known[layer.path.rpartition(".")[0]]
        branches = _branches(i, layers, around, readers)
        around.inside = [part for part in around.inside if part not in branches]
        join.inside = branches


def _branches(
    join: int, layers: Sequence[Layer], around: Part, readers: Sequence[set[int]]
) -> list[Part]:
    """Return the parts beside a join that it alone reads, and that begin where another of them does or it does."""
    arriving = set(layers[join].inputs)
    begin: dict[int, set[int]] = {}
    for n, part in enumerate(around.inside):
        held = {one.at for one in part.parts()} if part.at < 0 else set()
        if held & arriving and all(readers[at] <= held | {join} for at in held):
            begin[n] = {source for at in held for source in layers[at].inputs} - held
            arriving -= held
    return [
        around.inside[n]
        for n, sources in begin.items()
        if sources & arriving.union(*(other for m, other in begin.items() if m != n))
    ]
