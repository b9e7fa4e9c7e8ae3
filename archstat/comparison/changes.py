"""Rows of what differs: one for each layer, or for each stage or block that was added, removed or renamed whole."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from archstat.comparison.match import Pair
from archstat.comparison.side import Cells, Layer, Side
from archstat.comparison.tree import Part
from archstat.comparison.why import Why

Mark = Literal["+", "-", "~", "="]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One layer, or ``count`` layers taken together, on both sides.

    ``mark`` is + for added, - for removed, ~ for different, = for no difference. ``path`` is the new one, or the old
    one of what was removed; ``was`` the old one where it differs. ``old`` and ``new`` stand in the order of the
    comparison's columns; a side where the layer isn't has zeros, and ``None`` is unknown.
    """

    mark: Mark
    path: str
    was: str = ""
    op: str = ""
    count: int = 1
    old: Cells
    new: Cells
    notes: tuple[str, ...] = ()

    @property
    def changes(self) -> Cells:
        """What each column changes by."""
        return tuple(
            None if was is None or now is None else now - was
            for was, now in zip(self.old, self.new, strict=True)
        )


class Rows:
    """Makes rows from the pairs of two sides; a side that isn't there has no layers."""

    def __init__(self, old: Side | None, new: Side | None, root: Pair) -> None:
        self._old: Sequence[Layer] = old.layers if old else ()
        self._new: Sequence[Layer] = new.layers if new else ()
        self._root = root
        self._none: Cells = (0,) * max(len(side.keys) for side in (old, new) if side)
        self._counts: dict[int, Counter[tuple[str, int]]] = {}
        self._why = Why(self._old, self._new, dict(_both(root)))

    def every_layer(self) -> tuple[Change, ...]:
        """Return a row for each layer of either side."""
        return tuple(self._one(*both) for both in _layers(self._root))

    def folded(self) -> tuple[Change, ...]:
        """Return a row for each layer, where what was added, removed or renamed whole is one row."""
        return tuple(self._inside(self._root))

    def _inside(self, pair: Pair, *, moved: bool = False) -> Iterator[Change]:
        """Yield the rows of what is inside a pair; ``moved`` says that it goes by another path."""
        siblings = iter(pair.inside)
        waiting = next(siblings, None)
        while waiting is not None:
            run, first = [waiting], waiting
            waiting = next(siblings, None)
            while waiting is not None and _repeats(first, waiting):
                run.append(waiting)
                waiting = next(siblings, None)
            if (first.old is None or first.new is None) and not first.inside:
                yield self._whole(pair, run)
                continue
            for one in run:
                yield from self._both_sides(one, moved=moved)

    def _both_sides(self, pair: Pair, *, moved: bool) -> Iterator[Change]:
        own = [self._one(old, new) for old, new in _own(pair)]
        # A join that is another one says so itself, and of its branches where they are now.
        apart = pair.renamed and pair.part.is_last and any(row.mark != "=" for row in own)
        inside = list(self._inside(pair, moved=apart))
        rows = [*inside, *own] if pair.part.is_last else [*own, *inside]
        both = pair.old is not None and pair.new is not None
        if apart or not (pair.renamed or (moved and both)):
            yield from rows
            return
        assert pair.old is not None
        alike = [row for row in rows if row.mark == "="]
        if alike:
            first = alike[0]
            yield Change(
                mark="~",
                path=pair.part.path,
                was=pair.old.path,
                op=first.op if len(alike) == 1 or pair.part.at >= 0 else "",
                count=sum(row.count for row in alike),
                old=sums([row.old for row in alike]),
                new=sums([row.new for row in alike]),
                notes=("moved" if pair.old.name == pair.part.name else "renamed",),
            )
        yield from (row for row in rows if row.mark != "=")

    def _whole(self, around: Pair, run: Sequence[Pair]) -> Change:
        """Return one row for parts of which one side has nothing: equal ones of a run together."""
        first, last = run[0].part, run[-1].part
        added = run[0].old is None
        layers = self._new if added else self._old
        held = [layers[part.at] for pair in run for part in pair.part.parts()]
        cells = sums([layer.cells for layer in held])
        path = first.path if len(run) == 1 else f"{first.path}-{last.name.removeprefix(last.stem)}"
        return Change(
            mark="+" if added else "-",
            path=path,
            op=held[0].op if len(held) == len(run) or first.at >= 0 else "",
            count=len(held),
            old=self._none if added else cells,
            new=cells if added else self._none,
            notes=self._repeated(around, first),
        )

    def _repeated(self, around: Pair, part: Part) -> tuple[str, ...]:
        """Say how often a part is repeated now and was before, if it is."""
        if around.old is None or around.new is None or part.stem == part.name:
            return ()
        was, now = self._counted(around.old), self._counted(around.new)
        if not was[part.stem, part.look] or not now[part.stem, part.look]:
            return ()
        return (f"{part.stem} {was[part.stem, -1]} -> {now[part.stem, -1]} times",)

    def _counted(self, part: Part) -> Counter[tuple[str, int]]:
        """Return how often each stem is inside, with each look, and with any: -1."""
        found = self._counts.get(id(part))
        if found is None:
            stems = [(one.stem, one.look) for one in part.inside]
            found = Counter(stems) + Counter((stem, -1) for stem, _ in stems)
            self._counts[id(part)] = found
        return found

    def _one(self, old: Part | None, new: Part | None, renamed: bool = False) -> Change:
        """Return the row of one layer; ``renamed`` says that it has another name, or a part around it has."""
        part = new or old
        assert part is not None
        was = old.path if old is not None and new is not None and old.path != new.path else ""
        before = self._old[old.at].cells if old is not None else self._none
        after = self._new[new.at].cells if new is not None else self._none
        notes: tuple[str, ...] = ()
        mark: Mark = "+" if old is None else "-"
        if old is not None and new is not None:
            notes = tuple(self._why.differs(old.at, new.at, before != after))
            mark = "~" if notes or before != after or renamed else "="
            if renamed and not notes and before == after:
                notes = ("renamed",)
        return Change(
            mark=mark, path=part.path, was=was, op=part.op, old=before, new=after, notes=notes
        )


def _repeats(first: Pair, other: Pair) -> bool:
    """Say whether two parts were added, or removed, one behind the other and are calls of the same thing."""
    if first.inside or other.inside or (first.old is None) != (other.old is None):
        return False
    if (first.new is None) != (other.new is None) or (first.old and first.new):
        return False
    return first.part.look == other.part.look and first.part.stem == other.part.stem


def _own(pair: Pair) -> Iterator[tuple[Part | None, Part | None]]:
    """Yield the pair of the parts' own layers, or each alone where only one has one."""
    old = pair.old if pair.old is not None and pair.old.at >= 0 else None
    new = pair.new if pair.new is not None and pair.new.at >= 0 else None
    if old is not None or new is not None:
        yield old, new


def _layers(pair: Pair, renamed: bool = False) -> Iterator[tuple[Part | None, Part | None, bool]]:
    """Yield every layer of either side with the one that corresponds, and whether it goes by another name."""
    if (pair.old is None or pair.new is None) and not pair.inside:
        for part in pair.part.parts():
            yield (part, None, False) if pair.new is None else (None, part, False)
        return
    renamed = renamed or pair.renamed
    own = [(old, new, renamed) for old, new in _own(pair)]
    if not pair.part.is_last:
        yield from own
    for inner in pair.inside:
        yield from _layers(inner, renamed)
    if pair.part.is_last:
        yield from own


def _both(root: Pair) -> Iterator[tuple[int, int]]:
    for old, new, _ in _layers(root):
        if old is not None and new is not None:
            yield old.at, new.at


def sums(many: Sequence[Cells]) -> Cells:
    """Add cells column by column; a sum with an unknown part is unknown."""
    return tuple(
        None if None in column else sum(n for n in column if n is not None)
        for column in zip(*many, strict=True)
    )
