"""A graph's nodes as the tree of their dotted paths, and the values that go in and out of each part."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from archstat.graph import Graph, Node
from archstat.ops.linear import Standing


class Part(msgspec.Struct, frozen=True):
    """Consecutive nodes under one path: a single node, or parts of parts.

    ``inputs`` are nodes outside that the part reads, in the order of reading; ``outputs`` nodes inside that
    something outside reads.
    """

    path: str
    nodes: tuple[int, ...]
    children: tuple["Part", ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    @property
    def name(self) -> str:
        return self.path.rpartition(".")[2]

    @property
    def node(self) -> int | None:
        """The node that the part is, if it is one."""
        return self.nodes[0] if not self.children else None


def outline(graph: Graph) -> Part:
    """Return the whole network as one part whose children are its stages."""
    readers: dict[int, set[int]] = {}
    for index, node in enumerate(graph.nodes):
        for source in node.inputs:
            readers.setdefault(source, set()).add(index)
    for index in graph.outputs:
        readers.setdefault(index, set()).add(len(graph.nodes))
    layers = {node.path for node in graph.nodes if stateful(node)}
    return _part(Reading(graph, readers, layers), "", list(range(1, len(graph.nodes))))


class Reading(NamedTuple):
    """The graph, who reads each node, and the paths of the layers with params or buffers."""

    graph: Graph
    readers: dict[int, set[int]]
    layers: set[str]


def stateful(node: Node) -> bool:
    """Whether a layer has entries in the state dict, so that its place in the tree matters."""
    return bool(node.params() or node.op.buffers(node.io))


def batches(graph: Graph) -> list[bool]:
    """Say for each node whether its output has the input's batch; a parameter's and a buffer's is one."""
    found = [True]
    for node in graph.nodes[1:]:
        found.append(not isinstance(node.op, Standing) and any(found[i] for i in node.inputs))
    return found


def _part(reading: Reading, path: str, nodes: list[int]) -> Part:
    graph, readers = reading.graph, reading.readers
    inside = set(nodes)
    inputs = dict.fromkeys(
        source for i in nodes for source in graph.nodes[i].inputs if source not in inside
    )
    outputs = tuple(i for i in nodes if readers.get(i, set()) - inside)
    single = len(nodes) == 1 and graph.nodes[nodes[0]].path == path
    children = () if single else tuple(_children(reading, path, nodes))
    return Part(path, tuple(nodes), children, tuple(inputs), outputs)


def _children(reading: Reading, path: str, nodes: Sequence[int]) -> Iterator[Part]:
    """Split nodes by the next word of their paths; a layer with params, and what is below it, stands alone."""
    depth = path.count(".") + 1 if path else 0

    def below(index: int) -> str:
        own = reading.graph.nodes[index].path
        prefix = ".".join(own.split(".")[: depth + 1])
        # What stands under a layer with params (its norm, act or pad) is the layer's sibling here.
        return own if prefix in reading.layers else prefix

    start = 0
    for at in range(1, len(nodes) + 1):
        if at == len(nodes) or below(nodes[at]) != below(nodes[start]):
            yield _part(reading, below(nodes[start]), list(nodes[start:at]))
            start = at
