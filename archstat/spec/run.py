"""What is left of an expansion once its names and places are known: ops are made and shaped, one after another.

Each method does, or asks, what the expansion did or asked at one point, with the values of this run. ``frame`` is the
number of the frame whose names hold there, ``arriving`` the node that arrives.
"""

from archstat.errors import require
from archstat.graph import Input
from archstat.graph.builder import Shapes
from archstat.ops.base import IO, Op
from archstat.ops.options import Value
from archstat.spec.calls import names_inside
from archstat.spec.copies import Alike, Key
from archstat.spec.heading import Block
from archstat.spec.layers import check_branches, groups
from archstat.spec.recipe import Recipe
from archstat.spec.syntax import CallEntry
from archstat.spec.values import Names, Written
from archstat.tensor import Tensor


class Run:
    """One build: the names of each frame, and each node's op and tensors, in the order in which they come."""

    __slots__ = ("frames", "ios", "ops", "seen", "shapes", "split")

    def __init__(self, variables: dict[str, Value], arriving: Tensor, dtype: str) -> None:
        self.frames = [Names({}, variables)]
        self.ops: list[Op] = [Input()]
        self.ios = [IO((), arriving)]
        self.shapes = Shapes(dtype)
        self.seen: dict[Key, int] = {}
        self.split: tuple[Op, Op] | None = None

    def enter(self, entry: CallEntry, frame: int, arriving: int) -> None:
        """Call a block: a frame more."""
        self.frames.append(names_inside(entry, self.names(frame, arriving)))

    def make(self, recipe: Recipe, frame: int, arriving: int, owner: int | None) -> None:
        """Add a layer, made with the names of its place."""
        self.put(recipe.make(self.names(frame, arriving)), arriving, owner)

    def put(self, op: Op, arriving: int, owner: int | None) -> None:
        """Add a layer that is the same whatever the names are."""
        io = self.shapes.of(op, (self.ios[arriving].y,))
        if owner is not None:
            theirs = self.ops[owner].params(self.ios[owner])
            alike = groups(op) == groups(self.ops[owner]) and op.params(io) == theirs
            require(alike and bool(theirs), "weights can't be shared")
        self.ops.append(op)
        self.ios.append(io)

    def put_part(self, part: int, arriving: int, owner: int | None) -> None:
        """Add the explicit pad that was split off a layer, or what stands behind it."""
        assert self.split is not None
        self.put(self.split[part], arriving, owner)

    def join(
        self,
        recipe: Recipe,
        frame: int,
        arriving: int,
        inputs: tuple[int, ...],
        labels: tuple[str, ...],
    ) -> None:
        """Add an op that joins branches."""
        op, ios = recipe.make(self.names(frame, arriving)), self.ios
        tensors = tuple([ios[i].y for i in inputs])
        check_branches(op, labels, tensors, [self.ops[i] for i in inputs])
        io = self.shapes.of(op, tensors)
        self.ops.append(op)
        ios.append(io)

    def again(self, first: int, end: int) -> None:
        """Add the nodes from ``first`` to before ``end`` once more, behind something equal."""
        self.ops += self.ops[first:end]
        self.ios += self.ios[first:end]

    def value(
        self, written: Written, frame: int, arriving: int, kind: type[bool] | type[int]
    ) -> bool | int | None:
        """Evaluate a ``when`` or a ``repeat``; ``None`` where it isn't of this type."""
        found = written.value(self.names(frame, arriving))
        return found if isinstance(found, int) and type(found) is kind else None

    def like(
        self, alike: Alike, block: Block, frame: int, arriving: int, place: tuple[object, ...]
    ) -> int | None:
        """Say which earlier call this one is like: the frame of that one."""
        last, x = self.ops[arriving], self.ios[arriving].y
        key = alike.key(block, self.frames[frame], last, x, place)
        earlier = self.seen.setdefault(key, frame)
        return None if earlier == frame else earlier

    def splits(self, recipe: Recipe, frame: int, arriving: int) -> bool:
        """Say whether a layer's padding needs a layer of its own."""
        op = recipe.make(self.names(frame, arriving))
        self.split = op.split(self.ios[arriving].y)
        return self.split is not None

    def names(self, frame: int, arriving: int) -> Names:
        """Return the names of a frame, ``channels`` being what arrives."""
        names = self.frames[frame]
        names["channels"] = self.ios[arriving].y.channels
        return names
