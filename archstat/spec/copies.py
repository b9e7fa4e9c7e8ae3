"""Blocks called alike: what a call added to the graph is kept, and added again where the next one is the same.

A block sees its arguments, the spec's variables and what arrives, nothing else. The variables stay the same throughout
a build, so that calls that agree in the others give the same layers under other paths.
"""

from collections.abc import Sequence

import msgspec

from archstat.graph import Builder, Node
from archstat.spec.scope import LONGEST_PATH, Paths, Result
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


def key(names: Names, params: Sequence[str], arriving: Tensor, place: tuple[object, ...]) -> Key:
    """Return what the layers of a call depend on: two calls of one key, in one build, add the same.

    ``place`` is the block, and what else the limits, paths and layouts at its place depend on.
    """
    values = [names[param] for param in params]
    # True and 1 are equal, and not the same value of an option.
    return (place, arriving, *values, *map(type, values))
