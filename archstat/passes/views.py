"""How the units of each layer see one axis of the input: the paths from it, followed through every op's routes."""

from collections.abc import Sequence

import msgspec

from archstat.graph import Graph, Node
from archstat.ops.reach import ITSELF, All, Along, Fixed, Route, Scattered
from archstat.passes.lattice import ONE, Lattice, Span, hull
from archstat.passes.paths import Paths
from archstat.passes.remember import remembered

MOST_JUMPS = 8
"""Paths of different jumps that are followed side by side; more are unknown."""


class Blurred(msgspec.Struct, frozen=True, gc=False):
    """Paths that have lost their order: axes were merged or split, or rolled.

    What a unit sees depends on its position along ``axes``. ``sizes`` are the smallest and the largest, ``all`` is
    what all units see together; ``None`` is unknown.
    """

    axes: frozenset[int]
    sizes: tuple[int, int] | None = None
    all: Span | None = None


class View(msgspec.Struct, frozen=True, gc=False):
    """How a layer's units see one axis of the input.

    ``moving`` paths follow the layer's axis ``axis``, an entry for each jump; along ``same`` ones all units see the
    same. Without any, the layer doesn't depend on the input.
    """

    axis: int = 0
    moving: tuple[Paths, ...] = ()
    same: Paths | None = None
    blurred: Blurred | None = None


def axes(graph: Graph) -> tuple[int, ...]:
    """Return the input's axes that have positions: all but the channels', unless it has no other, or is ids."""
    x = graph.input
    every = range(1, len(x.shape))
    if len(x.shape) == 2 or not x.is_floating:
        return tuple(every)
    return tuple(d for d in every if d != x.channel_dim)


Rows = tuple[tuple["View", ...], ...]


@remembered
def views(graph: Graph) -> Rows:
    """Return how each node's units see each of the input's axes: ``views(graph)[node][axis]``."""
    arriving = axes(graph)
    ends = [(0, graph.input.shape[d] - 1) for d in arriving]
    found: list[tuple[View, ...]] = [
        tuple(
            View(d, (Paths(ONE, ONE, ONE, all_of_it, all_of_it[1] + 1),))
            for d, all_of_it in zip(arriving, ends, strict=True)
        )
    ]
    for node in graph.nodes[1:]:
        routes = node.op.reach(node.io)
        found.append(
            tuple(
                _joined([_through(found[node.inputs[r.input]][k], r, node) for r in routes])
                for k in range(len(arriving))
            )
        )
    return tuple(found)


def _through(view: View, route: Route, node: Node) -> View:
    """Follow one route of an op."""
    left = View(same=view.same)
    if view.blurred is not None:
        left = _blurred(view.blurred, left, route, node)
    if not view.moving:
        return left
    match route.reads[view.axis]:
        case Along(axis=axis, taps=taps):
            units = node.output.shape[axis]
            if taps == ITSELF and units == view.moving[0].units:
                return _beside(left, View(axis, view.moving))
            moved = [paths.through(taps, units) for paths in view.moving]
            known = [paths for paths in moved if paths is not None]
            if len(known) < len(moved):
                return _beside(left, View(blurred=Blurred(frozenset({axis}))))
            left = _beside(left, View(axis, tuple(p for p in known if p.together.shift)))
            made = [paths for paths in known if not paths.together.shift]
        case All():
            made = [paths.everything() for paths in view.moving]
        case Fixed(index=index):
            made = [paths.alone(index) for paths in view.moving]
        case Scattered(axes=over):
            sizes = (
                min(paths.smallest.least for paths in view.moving),
                max(paths.largest.size for paths in view.moving),
            )
            return _beside(left, View(blurred=Blurred(frozenset(over), sizes, _extent(view))))
        case _:
            return _beside(left, View(blurred=Blurred(_every(node))))
    for paths in made:
        left = _beside(left, View(same=paths))
    return left


def _blurred(lost: Blurred, left: View, route: Route, node: Node) -> View:
    """Follow a route with paths that have lost their order, beside ``left``."""
    over: set[int] = set()
    sizes, everything, reduced = lost.sizes, lost.all, False
    for d in lost.axes:
        match route.reads[d]:
            case Along(axis=axis, taps=taps):
                over.add(axis)
                if taps != ITSELF:
                    sizes = everything = None
            case All():
                reduced = True
            case Fixed():
                everything = None
            case Scattered(axes=axes):
                over |= set(axes)
            case _:
                over |= _every(node)
                sizes = everything = None
    if not reduced:
        return View(same=left.same, blurred=Blurred(frozenset(over), sizes, everything))
    if over or everything is None:
        return View(same=left.same, blurred=Blurred(frozenset(over), None, everything))
    seen = Lattice(0, (everything,))
    return _beside(View(same=left.same), View(same=Paths(seen, seen, seen, everything, 1)))


def _joined(branches: Sequence[View]) -> View:
    made, *others = branches or [View()]
    for branch in others:
        made = _beside(made, branch)
    return made


def _beside(a: View, b: View) -> View:
    """Return what a unit sees that sees both."""
    if not (a.moving or a.same or a.blurred):
        return b
    if a.moving and b.moving and a.axis != b.axis:
        # Each unit sees two places: what lies between them depends on both.
        lost = Blurred(frozenset({a.axis, b.axis}), None, hull([_extent(a), _extent(b)]))
        a, b = (View(same=view.same, blurred=view.blurred) for view in (a, b))
        return _beside(_beside(a, b), View(blurred=lost))
    axis = a.axis if a.moving else b.axis
    same = a.same.beside(b.same) if a.same and b.same else a.same or b.same
    blurred = _both(a.blurred, b.blurred) if a.blurred and b.blurred else a.blurred or b.blurred
    by_jump = {paths.together.jump: paths for paths in a.moving}
    for paths in b.moving:
        held = by_jump.get(paths.together.jump)
        met = paths if held is None else held.beside(paths)
        if met is None or (held is None and len(by_jump) == MOST_JUMPS):
            lost = Blurred(frozenset({axis}))
            return View(same=same, blurred=_both(blurred, lost) if blurred else lost)
        by_jump[paths.together.jump] = met
    return View(axis, tuple(by_jump.values()), same, blurred)


def _both(a: Blurred, b: Blurred) -> Blurred:
    sizes = None
    if a.sizes and b.sizes:
        sizes = min(a.sizes[0], b.sizes[0]), max(a.sizes[1], b.sizes[1])
    everything = hull([a.all, b.all]) if a.all and b.all else None
    return Blurred(a.axes | b.axes, sizes, everything)


def _extent(view: View) -> Span | None:
    """Return what all units see together along the paths that move."""
    return hull([paths.extent for paths in view.moving])


def _every(node: Node) -> frozenset[int]:
    return frozenset(range(1, len(node.output.shape)))
