"""Blocks called alike: what a call added to the graph is kept, and added again where the next one is the same.

A block sees its arguments, the spec's variables and what arrives, nothing else, so that calls that agree in those
give the same layers under other paths.
"""

import msgspec

from archstat.graph import Builder, Node
from archstat.spec.heading import Block
from archstat.spec.scope import LONGEST_PATH, Paths, Result
from archstat.spec.syntax import Body, CallEntry, Entry, GroupEntry, JoinEntry, MapBody, OpEntry
from archstat.spec.values import Names
from archstat.tensor import Tensor

Key = tuple[object, ...]


class Copy(msgspec.Struct, frozen=True, gc=False):
    """The layers of one call as it added them: ``first`` is the index of the first of ``nodes``, ``cut`` the length
    of the call's own path. An index below ``first`` is what arrived. ``frame`` is the call's in the recording."""

    nodes: tuple[Node, ...]
    paths: dict[str, Result]
    first: int
    cut: int
    result: int
    steps: int
    frame: int

    def fits(self, path: str, steps: int) -> bool:
        """Say whether the limits allow it at this path, with so many steps left; else expanding says what is too
        long or too much."""
        longest = max([len(node.path) for node in self.nodes], default=0)
        return self.steps <= steps and len(path) + longest - self.cut <= LONGEST_PATH

    def add(self, builder: Builder, paths: Paths, path: str, arriving: int, section: str) -> int:
        """Add the layers once more, behind ``arriving``, and return the node of the result."""
        nodes, first, cut = builder.nodes, self.first, self.cut
        further = len(nodes) - first

        def moved(i: int) -> int:
            return i + further if i >= first else arriving

        for node in self.nodes:
            end, inputs = node.path[cut:], tuple([moved(i) for i in node.inputs])
            owner = node.owner + further
            nodes.append(
                Node(path + end, node.op, inputs, node.io, owner, section, False, node.mark)
            )
        for full, result in self.paths.items():
            layer = None if result.layer is None else moved(result.layer)
            paths.add(path + full[cut:], Result(moved(result.node), layer))
        return moved(self.result)


class Alike:
    """Says which calls are alike. ``bodies`` are the blocks', by name."""

    def __init__(self, bodies: dict[str, Body], blocks: dict[str, Block]) -> None:
        self._bodies = bodies
        self._blocks = blocks
        self._uses: dict[str, tuple[str, ...]] = {}

    def key(self, block: Block, names: Names, arriving: Tensor, place: tuple[object, ...]) -> Key:
        """Return what the layers of a call depend on: two calls of one key add the same.

        ``place`` is what else the limits, paths and layouts at its place depend on.
        """
        uses = self._uses.get(block.name)
        if uses is None:
            found = _names(block, self._bodies, self._blocks)
            uses = self._uses[block.name] = tuple(n for n in found if n in names.variables)
        values = [names[param] for param in block.params]
        values += [names.variables[name] for name in uses]
        # True and 1 are equal, and not the same value of an option.
        return (block.name, arriving, *place, *values, *map(type, values))


def _names(block: Block, bodies: dict[str, Body], blocks: dict[str, Block]) -> dict[str, None]:
    """Return the names that a block's layers depend on, and those of the blocks that it calls."""
    found: dict[str, None] = {}
    todo, seen = [block], {block.name}
    while todo:
        one = todo.pop()
        for default in one.defaults.values():
            found.update(dict.fromkeys(default.names))
        open_bodies = [bodies[one.name]]
        while open_bodies:
            body = open_bodies.pop()
            if isinstance(body, MapBody):
                open_bodies += [inner for _, inner in body.stages]
                continue
            for entry in body.entries:
                found.update(dict.fromkeys(_used(entry)))
                if isinstance(entry, GroupEntry):
                    open_bodies.append(entry.body)
                elif isinstance(entry, JoinEntry):
                    open_bodies += [b.body for b in entry.branches if b.body is not None]
                elif isinstance(entry, CallEntry) and entry.block.name not in seen:
                    seen.add(entry.block.name)
                    todo.append(entry.block)
    return found


def _used(entry: Entry) -> list[str]:
    """Return the names in an entry's own values."""
    written = [entry.when, entry.repeat]
    recipes = []
    if isinstance(entry, CallEntry):
        written += entry.arguments.values()
    elif isinstance(entry, OpEntry):
        inserted = [i.recipe for i in (entry.norm, entry.act) if i is not None]
        recipes += [entry.recipe, *inserted]
    elif isinstance(entry, JoinEntry):
        recipes.append(entry.recipe)
    names = [name for value in written if value is not None for name in value.uses]
    return [*names, *(name for recipe in recipes for name in recipe.uses)]
