"""Builds a graph node by node; each op's own rule gives the shape as the node is added."""

import msgspec

from archstat.errors import Mark, require
from archstat.graph.graph import Graph, Input, Node
from archstat.ops.base import IO, Op
from archstat.tensor import Tensor


class Shapes:
    """Asks ops what they give, each behind the same tensors once; equal outputs are one object."""

    def __init__(self, dtype: str) -> None:
        self.dtype = dtype
        self._known: dict[tuple[int, ...], IO] = {}
        self._asked: list[Op] = []  # kept, so that their ids are theirs alone
        self._tensors: dict[Tensor, Tensor] = {}

    def of(self, op: Op, arriving: tuple[Tensor, ...]) -> IO:
        """Return the tensors at the sides of ``op``. Raises a SpecError if it doesn't fit what arrives."""
        key = (id(op), *map(id, arriving))
        io = self._known.get(key)
        if io is None:
            y = op.output(*arriving)
            if op.from_weights and y.is_floating:
                y = y.with_dtype(self.dtype)
            self._asked.append(op)
            io = self._known[key] = IO(arriving, self._tensors.setdefault(y, y))
        return io


class Builder:
    """Add nodes, then freeze with :meth:`build`.

    >>> from archstat.ops.conv import Conv
    >>> builder = Builder("two layers", Tensor((1, 3, 224, 224)))
    >>> first = builder.add("conv1", Conv(channels=64, kernel=3, padding="same"), (0,))
    >>> builder.nodes[first].output.sample
    (64, 224, 224)
    """

    def __init__(self, name: str, arriving: Tensor, *, dtype: str = "float32") -> None:
        self.name = name
        self.dtype = dtype
        self.nodes: list[Node] = [Node("input", Input(), (), IO((), arriving), 0)]
        self._shapes = Shapes(dtype)

    def add(
        self,
        path: str,
        op: Op,
        inputs: tuple[int, ...],
        *,
        owner: int | None = None,
        section: str = "",
        mark: Mark | None = None,
    ) -> int:
        """Add ``op`` behind the nodes ``inputs`` and return its index. Raises a SpecError if it doesn't fit."""
        nodes = self.nodes
        io = self._shapes.of(op, tuple([nodes[i].io.y for i in inputs]))
        index = len(nodes)
        if owner is not None:
            theirs, mine = nodes[owner].params(), op.params(io)
            require(
                theirs == mine,
                f"'{path}' can't share the weights of '{nodes[owner].path}': "
                f"it needs {_shapes(mine)}, they are {_shapes(theirs)}",
            )
        nodes.append(
            Node(path, op, inputs, io, index if owner is None else owner, section, False, mark)
        )
        return index

    def build(self, outputs: tuple[int, ...], *, frozen: frozenset[int] = frozenset()) -> Graph:
        """Freeze the graph; ``frozen`` are the nodes whose params are not trained."""
        nodes = tuple(self.nodes)
        if frozen:
            nodes = tuple(
                msgspec.structs.replace(node, frozen=True) if i in frozen else node
                for i, node in enumerate(nodes)
            )
        return Graph(self.name, nodes, outputs, self.dtype)


def _shapes(params: dict[str, tuple[int, ...]]) -> str:
    return ", ".join(f"{name} {'×'.join(map(str, shape))}" for name, shape in params.items())
