"""Two trees paired from the top down: what is the same is taken whole, what differs is looked into."""

from collections import Counter
from collections.abc import Container, Mapping, Sequence

import msgspec

from archstat.comparison.align import align, align_alike
from archstat.comparison.tree import Looks, Part


class Pair(msgspec.Struct, eq=False):
    """Two parts that correspond, or one that nothing corresponds to.

    ``inside`` are the pairs below. Where one side is missing and nothing is inside, the other is whole: all of it was
    added or removed. ``moved`` says that the parts around the two don't correspond.
    """

    old: Part | None
    new: Part | None
    inside: list["Pair"]
    moved: bool = False

    @property
    def part(self) -> Part:
        """The new part, or the old one where there is none."""
        part = self.new or self.old
        assert part is not None
        return part

    @property
    def renamed(self) -> bool:
        """Say whether it has another name, and not only another number."""
        if self.old is None or self.new is None:
            return False
        return self.moved or not _numbered_anew(self.old, self.new)

    def turned(self) -> "Pair":
        """Return the pair as seen from the other side."""
        return Pair(self.new, self.old, [pair.turned() for pair in self.inside], self.moved)


_DIGITS = 18
"""Of a number that a name ends with; more than any list counts to."""


def _numbered_anew(old: Part, new: Part) -> bool:
    """Say whether two parts have one name, or a number that differs by what was added or removed before them.

    Stages that exchange their numbers, or skip one, were renamed.
    """
    if old.name == new.name:
        return True
    if old.stem != new.stem or max(len(old.number), len(new.number)) > _DIGITS:
        return False
    if not (old.number and new.number):
        # What is repeated from now on, or no longer: ``block`` and ``block1``, ``block2``.
        once, first = (new, old) if old.number else (old, new)
        return once.alike == 1 and first.alike > 1 and first.number == "1"
    shift = int(new.number) - int(old.number)
    return shift != 0 and shift == new.nth - old.nth


def match(old: Part, new: Part, looks: Looks) -> Pair:
    """Pair two parts that correspond, and all that is inside."""
    if old.look == new.look:
        both = zip(old.inside, new.inside, strict=True)
        return Pair(old, new, [match(x, y, looks) for x, y in both])
    return Pair(old, new, _siblings(old.inside, new.inside, looks))


def _siblings(a: Sequence[Part], b: Sequence[Part], looks: Looks) -> list[Pair]:
    """Pair two lists of parts: the same ones, then what was moved or regrouped, then what is much alike."""
    fixed = align(a, b, looks)
    partners = dict(fixed)
    kept = set(partners.values())
    lost, fresh = _left(a, partners), _left(b, kept)
    for x, y in _by_name(a, b, lost, fresh):
        partners[x] = y
        kept.add(y)
    found = [match(a[x], b[y], looks) for x, y in partners.items()]
    lost, fresh = _left(a, partners), _left(b, kept)
    if not lost and not fresh:
        return _in_order(a, b, found)
    split = _regrouped([a[x] for x in lost], [b[y] for y in fresh], looks)
    if split is None:
        split = _regrouped([b[y] for y in fresh], [a[x] for x in lost], looks)
        split = split and [pair.turned() for pair in split]
    return _in_order(a, b, found + (split or _alike(a, b, fixed, partners, looks)))


def _left(parts: Sequence[Part], taken: Container[int]) -> list[int]:
    return [n for n in range(len(parts)) if n not in taken]


def _alike(
    a: Sequence[Part],
    b: Sequence[Part],
    fixed: Sequence[tuple[int, int]],
    partners: Mapping[int, int],
    looks: Looks,
) -> list[Pair]:
    """Pair what is much alike and stands between the same ``fixed`` pairs; the rest has no partner."""
    found = []
    start_x, start_y = 0, 0
    taken = set(partners.values())
    for end_x, end_y in [*fixed, (len(a), len(b))]:
        ours = [a[x] for x in range(start_x, end_x) if x not in partners]
        theirs = [b[y] for y in range(start_y, end_y) if y not in taken]
        both = dict(align_alike(ours, theirs, looks))
        found += [match(ours[x], theirs[y], looks) for x, y in both.items()]
        found += [Pair(part, None, []) for x, part in enumerate(ours) if x not in both]
        kept = set(both.values())
        found += [Pair(None, part, []) for y, part in enumerate(theirs) if y not in kept]
        start_x, start_y = end_x + 1, end_y + 1
    return found


def _by_name(
    a: Sequence[Part], b: Sequence[Part], lost: Sequence[int], fresh: Sequence[int]
) -> list[tuple[int, int]]:
    """Pair what has the same name and look, in another order."""
    places = {b[y].name: y for y in fresh}
    found = [(x, places[a[x].name]) for x in lost if a[x].name in places]
    return [(x, y) for x, y in found if a[x].look == b[y].look]


def _regrouped(flat: Sequence[Part], nested: Sequence[Part], looks: Looks) -> list[Pair] | None:
    """Pair parts with what stands one level deeper on the other side, if half of that or more is the same.

    Of a join that is what its branches hold.
    """
    inside = [(at, part) for at, outer in enumerate(nested) for part in _held(outer)]
    if not flat or not inside:
        return None
    shared = Counter(part.look for part in flat) & Counter(part.look for _, part in inside)
    if 2 * shared.total() < min(len(flat), len(inside)) or 2 * shared.total() < 2:
        return None
    deeper = [part for _, part in inside]
    below: list[list[Pair]] = [[] for _ in nested]
    partners = dict(align(flat, deeper, looks))
    of_deeper = {y: x for x, y in partners.items()}
    for y, (at, part) in enumerate(inside):
        if y in of_deeper:
            paired = match(flat[of_deeper[y]], part, looks)
            # A block that is called once has no name of its own, so the number of a second one is no news.
            paired.moved = nested[at].is_last or nested[at].stem == nested[at].name
        else:
            paired = Pair(None, part, [])
        below[at].append(paired)
    rest = [Pair(part, None, []) for x, part in enumerate(flat) if x not in partners]
    for at, outer in enumerate(nested):
        some = any(pair.old is not None for pair in below[at])
        rest.append(Pair(None, outer, below[at] if some else []))
    return rest


def _held(outer: Part) -> list[Part]:
    if not outer.is_last:
        return outer.inside
    return [part for branch in outer.inside for part in branch.inside]


def _in_order(a: Sequence[Part], b: Sequence[Part], found: list[Pair]) -> list[Pair]:
    """Sort as the new side stands; what was removed stands behind what stood before it."""
    new_at = {id(part): at for at, part in enumerate(b)}
    old_at = {id(part): at for at, part in enumerate(a)}
    partner = {
        id(pair.old): new_at[id(pair.new)]
        for pair in found
        if pair.old is not None and pair.new is not None and id(pair.new) in new_at
    }
    places: dict[int, tuple[int, int, int]] = {}
    last = -1
    for at, part in enumerate(a):
        last = partner.get(id(part), last)
        places[id(part)] = (last, 1, at)

    def key(pair: Pair) -> tuple[int, int, int]:
        if pair.new is not None and id(pair.new) in new_at:
            return (new_at[id(pair.new)], 0, 0)
        return places.get(id(pair.old), (last, 2, old_at.get(id(pair.old), 0)))

    return sorted(found, key=key)
