"""What is left of an expansion once its names and places are known: ops are made and shaped, one after another.

Each method does, or asks, what the expansion did or asked at one point, with the values of this run. ``frame`` is the
number of the frame whose names hold there, ``arriving`` the node that arrives.
"""

from collections.abc import Sequence

from archstat.errors import require
from archstat.graph.builder import Shapes
from archstat.ops.base import Op
from archstat.ops.options import Value
from archstat.spec.calls import names_inside
from archstat.spec.copies import Key, key
from archstat.spec.recipe import Recipe
from archstat.spec.syntax import CallEntry
from archstat.spec.ties import groups
from archstat.spec.values import Names, Written
from archstat.tensor import Tensor


class Run:
    """One build: the names of each frame, each node's kind and what it gives, in the order in which they come."""

    __slots__ = ("answers", "frames", "kinds", "seen", "shapes", "split", "tensors")

    def __init__(self, variables: dict[str, Value], arriving: Tensor, dtype: str) -> None:
        self.frames = [Names({}, variables)]
        self.shapes = Shapes(arriving, dtype)
        self.kinds = [0]
        self.tensors = [arriving]
        self.seen: dict[Key, int] = {}
        self.answers: dict[Written, bool | int | None] = {}
        self.split: tuple[Op, Op] | None = None

    def enter(self, entry: CallEntry, frame: int, arriving: int) -> None:
        """Call a block: a frame more."""
        self.frames.append(names_inside(entry, self.names(frame, arriving)))

    def make(self, recipe: Recipe, frame: int, arriving: int, owner: int | None) -> None:
        """Add a layer, made with the names of its place."""
        self.put(recipe.make(self.names(frame, arriving)), arriving, owner)

    def put(self, op: Op, arriving: int, owner: int | None) -> None:
        """Add a layer that is the same whatever the names are."""
        shapes, x = self.shapes, self.tensors[arriving]
        ids = (id(op), id(x))
        kind = shapes.known.get(ids)
        if kind is None:
            kind = shapes.ask(ids, op, (x,))
        io = shapes.ios[kind]
        if owner is not None:
            first = shapes.ops[self.kinds[owner]]
            theirs = first.params(shapes.ios[self.kinds[owner]])
            alike = groups(op) == groups(first) and op.params(io) == theirs
            require(alike and bool(theirs), "weights can't be shared")
        self.kinds.append(kind)
        self.tensors.append(io.y)

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
        laid: tuple[int, ...],
    ) -> None:
        """Add an op that joins branches; the channels of ``laid`` must be in the same place."""
        op, tensors = recipe.make(self.names(frame, arriving)), self.tensors
        require(len({tensors[i].channel_dim for i in laid}) < 2, "layouts differ")
        kind = self.shapes.kind(op, tuple([tensors[i] for i in inputs]))
        self.kinds.append(kind)
        tensors.append(self.shapes.ios[kind].y)

    def again(self, first: int, end: int) -> None:
        """Add the nodes from ``first`` to before ``end`` once more, behind something equal."""
        self.kinds += self.kinds[first:end]
        self.tensors += self.tensors[first:end]

    def value(
        self, written: Written, frame: int, arriving: int, kind: type[bool] | type[int]
    ) -> bool | int | None:
        """Evaluate a ``when`` or a ``repeat``; ``None`` where it isn't of this type."""
        found = written.code(self.names(frame, arriving))
        return found if isinstance(found, int) and type(found) is kind else None

    def settled(self, written: Written, kind: type[bool] | type[int]) -> bool | int | None:
        """Evaluate what depends on the spec's variables alone, so that it is the same wherever it is asked."""
        if written not in self.answers:
            self.answers[written] = self.value(written, 0, 0, kind)
        return self.answers[written]

    def like(
        self, frame: int, params: Sequence[str], arriving: int, place: tuple[object, ...]
    ) -> int | None:
        """Say which earlier call this one is like: the frame of that one."""
        alike = key(self.frames[frame], params, self.tensors[arriving], place)
        earlier = self.seen.setdefault(alike, frame)
        return None if earlier == frame else earlier

    def splits(self, recipe: Recipe, frame: int, arriving: int) -> bool:
        """Say whether a layer's padding needs a layer of its own."""
        op = recipe.make(self.names(frame, arriving))
        self.split = op.split(self.tensors[arriving])
        return self.split is not None

    def holds(self, node: int) -> bool:
        """Say whether a node has weights."""
        kind = self.kinds[node]
        return bool(self.shapes.ops[kind].params(self.shapes.ios[kind]))

    def names(self, frame: int, arriving: int) -> Names:
        """Return the names of a frame, ``channels`` being what arrives."""
        names = self.frames[frame]
        names["channels"] = self.tensors[arriving].channels
        return names
