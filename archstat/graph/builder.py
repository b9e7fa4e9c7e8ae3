"""Builds a graph node by node; each op's own rule gives the shape as the node is added."""

import msgspec

from archstat.errors import Mark, require
from archstat.graph.graph import Graph, Input, Node
from archstat.ops.base import IO, Op
from archstat.tensor import Tensor


class Shapes:
    """The kinds of node in a network: an op between its tensors, of which the op is asked once.

    Equal outputs are one object, so that an op and what arrives are known by their ids.
    """

    def __init__(self, arriving: Tensor, dtype: str) -> None:
        self.dtype = dtype
        self.ops: list[Op] = [Input()]
        self.ios = [IO((), arriving)]
        self.known: dict[tuple[int, ...], int] = {}
        self._tensors = {arriving: arriving}

    def kind(self, op: Op, arriving: tuple[Tensor, ...]) -> int:
        """Return the number of the kind. Raises a SpecError if the op doesn't fit what arrives."""
        key = (id(op), *map(id, arriving))
        found = self.known.get(key)
        return self.ask(key, op, arriving) if found is None else found

    def ask(self, key: tuple[int, ...], op: Op, arriving: tuple[Tensor, ...]) -> int:
        """Ask for a kind that isn't ``known`` under the ids of the op and of what arrives."""
        y = op.output(*arriving)
        if op.from_weights and y.is_floating:
            y = y.with_dtype(self.dtype)
        io = IO(arriving, self._tensors.setdefault(y, y))
        if arriving and arriving[0].is_floating and arriving[0].dtype != self.dtype:
            self._check_type(op, io)
        kind = self.known[key] = len(self.ops)
        self.ops.append(op)
        self.ios.append(io)
        return kind

    def _check_type(self, op: Op, io: IO) -> None:
        """Refuse a product with weights of another type than what arrives, as PyTorch does."""
        require(
            not (op.params(io) and op.macs(io)),
            f"'{op.word}' has weights in {self.dtype}, but its input is in {io.x.dtype}: PyTorch refuses that",
            hint=f"give both one type with --dtype {io.x.dtype}, or leave out the input's dtype",
        )


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
        self._shapes = Shapes(arriving, dtype)
        self.nodes = [Node("input", self._shapes.ops[0], (), self._shapes.ios[0], 0)]

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
        io = self._shapes.ios[self._shapes.kind(op, tuple([nodes[i].io.y for i in inputs]))]
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
