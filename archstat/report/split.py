"""The table of a network whose channels are divided over devices."""

from math import prod

from archstat.graph import Graph, Node
from archstat.passes import activation_bytes
from archstat.passes.remember import remembered
from archstat.passes.split import Part, split
from archstat.report.columns import Column
from archstat.report.devices import Devices
from archstat.report.kinds import Kind
from archstat.tensor import BYTES, Shape, Tensor


def divided(devices: int) -> Kind:
    """Return the table of what one of ``devices`` holds, and what crosses between them in a forward pass.

    Its numbers raise what :func:`archstat.passes.split.split` raises.
    """
    parts = remembered(lambda graph: split(graph, devices))

    def params(graph: Graph) -> tuple[int, ...]:
        return _params(graph, parts(graph))

    return Kind(
        "split",
        ("params", "activation_bytes", "crossing_bytes"),
        ("param_bytes",),
        "with nothing to hold or read",
        with_input=True,
        labels=("output", "note"),
        own=(
            Column("params", "params", "elements", "learnable numbers on each device", params),
            Column(
                "activation_bytes",
                "memory",
                "bytes",
                "activations on each device x bytes per element",
                lambda graph: _memory(graph, parts(graph)),
            ),
            Column(
                "crossing_bytes",
                "crosses",
                "bytes",
                "others' channels that are read in a forward pass, by all devices together",
                lambda graph: tuple(part.crossing for part in parts(graph)),
            ),
            Column(
                "param_bytes",
                "params",
                "bytes",
                "params on each device x bytes per element",
                lambda graph: tuple(BYTES[graph.dtype] * n for n in params(graph)),
            ),
        ),
        outputs=lambda graph: tuple(
            _output(node.output, part) for node, part in zip(graph.nodes, parts(graph), strict=True)
        ),
        notes=lambda graph: tuple(
            _note(node, part) for node, part in zip(graph.nodes, parts(graph), strict=True)
        ),
        devices=Devices(devices, "channels"),
    )


def _params(graph: Graph, parts: tuple[Part, ...]) -> tuple[int, ...]:
    """Count what one device holds: its channels of each tensor, or the whole of one without, as prelu's one number."""
    found = []
    for i, (node, part) in enumerate(zip(graph.nodes, parts, strict=True)):
        channels = node.output.channels
        counts = [prod(shape) for shape in node.params().values()] if node.owner == i else []
        found.append(sum(n if n % channels else n * part.channels // channels for n in counts))
    return tuple(found)


def _memory(graph: Graph, parts: tuple[Part, ...]) -> tuple[int, ...]:
    """Measure what one device holds of each layer's output."""
    whole = zip(graph.nodes, parts, activation_bytes(graph), strict=True)
    return tuple(n * part.channels // node.output.channels for node, part, n in whole)


def _output(y: Tensor, part: Part) -> Shape:
    """Return the shape of one sample on one device."""
    at = y.channel_dim
    return (*y.shape[1:at], part.channels, *y.shape[at + 1 :])


def _note(node: Node, part: Part) -> str:
    """Say which channels the layer reads: ``reads all 256``, or beside its device's own ``reads 2 more``."""
    if part.everything:
        return f"reads all {node.io.x.channels:,}"
    return f"reads {part.reads:,} more" if part.reads else ""
