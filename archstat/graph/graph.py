"""Node and Graph. A graph that exists is shaped: every node holds its output tensor."""

from collections.abc import Sequence
from functools import cached_property
from typing import ClassVar

import msgspec

from archstat.errors import Mark
from archstat.ops.base import IO, Op, Terms, View
from archstat.ops.reach import Routes
from archstat.tensor import Tensor


class Input(View, frozen=True, kw_only=True):
    """The network's input: a tensor that arrives, at a cost of nothing but its own memory."""

    word: ClassVar[str] = "input"
    arity: ClassVar[int | None] = 0

    def storage(self, io: IO, *, training: bool = False) -> int | None:
        return None

    def reach(self, io: IO) -> Routes:
        return ()


class Node(msgspec.Struct, frozen=True, gc=False):
    """One operator in its place.

    ``inputs`` index into the graph's nodes. ``owner`` is the node whose weights this one uses, itself
    unless the spec says ``share:``. ``section`` is "" for the network, or the auxiliary head's name.
    """

    path: str
    op: Op
    inputs: tuple[int, ...]
    io: IO
    owner: int
    section: str = ""
    frozen: bool = False
    mark: Mark | None = None

    @property
    def output(self) -> Tensor:
        return self.io.y

    @property
    def stage(self) -> str:
        """The first part of the path: the row in a table by stage."""
        return self.path.partition(".")[0]

    def params(self) -> Terms:
        """Return the learnable tensors that this node uses, shared ones included: name -> shape."""
        return self.op.params(self.io)


Kinds = tuple[Sequence[Op], Sequence[IO], Sequence[int]]
"""Ops and their tensors, each pair of them once, and for each node which of the pairs it has."""


class Graph(msgspec.Struct, frozen=True, dict=True):
    """Nodes in topological order, node 0 the input."""

    name: str
    nodes: tuple[Node, ...]
    outputs: tuple[int, ...]
    dtype: str = "float32"
    """The element type of weights and activations."""

    @cached_property
    def kinds(self) -> Kinds:
        """The nodes by what they have in common: the same op between the same tensors."""
        # The builder gives layers alike the same objects, which tells them apart sooner than comparing would.
        both = [(node.op, node.io) for node in self.nodes]
        ids = [(id(op), id(io)) for op, io in both]
        kinds = dict(zip(ids, both, strict=True))
        numbers = dict(zip(kinds, range(len(kinds)), strict=True))
        ops, ios = zip(*kinds.values(), strict=True)
        return ops, ios, list(map(numbers.__getitem__, ids))

    def with_kinds(self, kinds: Kinds) -> "Graph":
        """Return this graph, which then needn't look for the kinds: whoever made the nodes of them knows them."""
        msgspec.structs.force_setattr(self, "kinds", kinds)
        return self

    @property
    def input(self) -> Tensor:
        return self.nodes[0].output

    @property
    def output(self) -> Tensor:
        """The first output."""
        return self.nodes[self.outputs[0]].output

    def select(self, *, aux: bool) -> "Graph":
        """Return this graph with or without its auxiliary heads."""
        if aux or {node.section for node in self.nodes} == {""}:
            return self
        kept = [i for i, node in enumerate(self.nodes) if not node.section]
        moved = {old: new for new, old in enumerate(kept)}
        nodes = tuple(
            msgspec.structs.replace(
                self.nodes[i],
                inputs=tuple(moved[j] for j in self.nodes[i].inputs),
                owner=moved[self.nodes[i].owner],
            )
            for i in kept
        )
        return Graph(self.name, nodes, tuple(moved[i] for i in self.outputs), self.dtype)
