"""Two lists of parts held side by side, as a diff does with lines: which stand for which, in order.

A part that is the same and has the same name is worth most, then one that is the same and has another number, then one
that is the same, then one of the same name.
What begins and ends alike is paired first, so that the work grows with the difference.
"""

from bisect import bisect_left
from collections.abc import Sequence

from archstat.comparison.tree import Looks, Part

Pairs = list[tuple[int, int]]

_SAME, _NUMBERED_ANEW, _SAME_LOOK, _SAME_NAME = 8.0, 7.0, 6.0, 2.0
_ALIKE_ENOUGH = 0.5

_CELLS = 4_096
"""Pairs that are weighed one by one, at most; longer lists are cut at what surely corresponds."""

_STEPS = 1_000_000
"""Work that looking for the shortest difference of long lists may take, roughly."""


def align(a: Sequence[Part], b: Sequence[Part], looks: Looks) -> Pairs:
    """Return the pairs that are the same or have the same name, both indexes rising."""
    found: Pairs = []
    _align(a, b, 0, 0, looks, found)
    return sorted(found)


def align_alike(a: Sequence[Part], b: Sequence[Part], looks: Looks) -> Pairs:
    """Return the pairs of which half or more is the same, both indexes rising; none of very long lists."""
    if len(a) * len(b) > _CELLS:
        return []
    worth = [[looks.alike(x, y) for y in b] for x in a]
    return _weighed([[n if n >= _ALIKE_ENOUGH else 0.0 for n in row] for row in worth])


def _align(
    a: Sequence[Part], b: Sequence[Part], i: int, j: int, looks: Looks, found: Pairs
) -> None:
    """Add the pairs of two lists that begin at ``i`` and ``j``."""
    a, b, i, j = _trim(a, b, i, j, found, by_name=True)
    if not a or not b:
        return
    if len(a) * len(b) > _CELLS:
        a, b, i, j = _trim(a, b, i, j, found, by_name=False)
    if len(a) * len(b) <= _CELLS:
        found += [(i + x, j + y) for x, y in _best(a, b, looks)]
        return
    anchors = _shortest(a, b) or _named(a, b)
    # What lies between two anchors is short, or has nothing in common that could be found in time.
    before_x, before_y = 0, 0
    for x, y in [*anchors, (len(a), len(b))]:
        between = a[before_x:x], b[before_y:y]
        if 0 < len(between[0]) * len(between[1]) <= _CELLS:
            at_x, at_y = i + before_x, j + before_y
            found += [(at_x + p, at_y + q) for p, q in _best(*between, looks)]
        before_x, before_y = x + 1, y + 1
    found += [(i + x, j + y) for x, y in anchors]


def _trim(
    a: Sequence[Part], b: Sequence[Part], i: int, j: int, found: Pairs, *, by_name: bool
) -> tuple[Sequence[Part], Sequence[Part], int, int]:
    """Pair what is the same at the beginning and at the end; return what is left, and where it begins."""

    def same(x: Part, y: Part) -> bool:
        return x.look == y.look and (x.name == y.name or not by_name)

    shorter, start = min(len(a), len(b)), 0
    while start < shorter and same(a[start], b[start]):
        start += 1
    end = 0
    while end < shorter - start and same(a[-1 - end], b[-1 - end]):
        end += 1
    found += [(i + n, j + n) for n in range(start)]
    found += [(i + len(a) - n, j + len(b) - n) for n in range(end, 0, -1)]
    return a[start : len(a) - end], b[start : len(b) - end], i + start, j + start


def _worth(x: Part, y: Part, looks: Looks) -> float:
    """Say what a pair is worth; nothing means that the two don't correspond."""
    if x.look == y.look:
        if x.name == y.name:
            return _SAME
        # What is inserted moves the numbers of all that follows.
        return _NUMBERED_ANEW if x.stem == y.stem else _SAME_LOOK
    return _SAME_NAME + 3 * looks.alike(x, y) if x.name == y.name else 0.0


def _best(a: Sequence[Part], b: Sequence[Part], looks: Looks) -> Pairs:
    if [p.name for p in a] == [p.name for p in b] and not {p.look for p in a} & {p.look for p in b}:
        return [(n, n) for n in range(len(a))]
    return _weighed([[_worth(x, y, looks) for y in b] for x in a])


def _weighed(worth: list[list[float]]) -> Pairs:
    """Return the pairs that are worth most together: a longest common subsequence with weights."""
    height, width = len(worth), len(worth[0]) if worth else 0
    best = [[0.0] * (width + 1) for _ in range(height + 1)]
    for x in range(height - 1, -1, -1):
        row, below, values = best[x], best[x + 1], worth[x]
        for y in range(width - 1, -1, -1):
            value = max(below[y], row[y + 1])
            paired = values[y]
            if paired and paired + below[y + 1] > value:
                value = paired + below[y + 1]
            row[y] = value
    found, x, y = [], 0, 0
    while x < height and y < width:
        if worth[x][y] and best[x][y] == worth[x][y] + best[x + 1][y + 1]:
            found.append((x, y))
            x, y = x + 1, y + 1
        elif best[x][y] == best[x + 1][y]:
            x += 1
        else:
            y += 1
    return found


def _shortest(a: Sequence[Part], b: Sequence[Part]) -> Pairs:
    """Return the pairs of the same look of a shortest difference (Myers 1986); none if it takes too long."""
    first, second = [p.look for p in a], [p.look for p in b]
    n, m = len(first), len(second)
    reach, trace = {1: 0}, []
    for distance in range(_STEPS // (n + m) + 16):
        trace.append(dict(reach))
        for k in range(-distance, distance + 1, 2):
            down = k == -distance or (k != distance and reach[k - 1] < reach[k + 1])
            x = reach[k + 1] if down else reach[k - 1] + 1
            while x < n and 0 <= x - k < m and first[x] == second[x - k]:
                x += 1
            reach[k] = x
            if x >= n and x - k >= m:
                return _backwards(trace, n, m)
    return []


def _backwards(trace: list[dict[int, int]], n: int, m: int) -> Pairs:
    """Follow the shortest difference from its end to its beginning."""
    found: Pairs = []
    x, y = n, m
    for distance in range(len(trace) - 1, -1, -1):
        reach, k = trace[distance], x - y
        down = k == -distance or (k != distance and reach[k - 1] < reach[k + 1])
        before = k + 1 if down else k - 1
        from_x = reach[before] if distance else 0
        from_y = from_x - before if distance else 0
        while x > from_x and y > from_y:
            x, y = x - 1, y - 1
            found.append((x, y))
        x, y = from_x, from_y
    return found[::-1]


def _named(a: Sequence[Part], b: Sequence[Part]) -> Pairs:
    """Return the pairs of the same name that stand in the same order: a longest rising run of them."""
    places = {part.name: y for y, part in enumerate(b)}
    both = [(x, places[part.name]) for x, part in enumerate(a) if part.name in places]
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for n, (_, y) in enumerate(both):
        at = bisect_left(tails, y)
        before.append(ends[at - 1] if at else -1)
        if at == len(tails):
            tails.append(y)
            ends.append(n)
        else:
            tails[at], ends[at] = y, n
    found, n = [], ends[-1] if ends else -1
    while n >= 0:
        found.append(both[n])
        n = before[n]
    return found[::-1]
