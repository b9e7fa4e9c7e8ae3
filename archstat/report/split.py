"""The table of a network whose channels are divided over devices."""

from collections.abc import Callable, Iterable

from archstat import passes
from archstat.graph import Graph, Node
from archstat.ops.tape import Mode
from archstat.passes.optimizers import Optimizer, gradient_bytes, state_bytes
from archstat.passes.reached import reached_layers
from archstat.passes.remember import remembered
from archstat.passes.split import Part, split
from archstat.passes.split_saved import split_saved_bytes
from archstat.passes.trace import trace
from archstat.report.columns import Column
from archstat.report.devices import Devices, Line
from archstat.report.kinds import Kind, kept_where
from archstat.report.pieces import piece_numel, pieces
from archstat.tensor import BYTES, Shape, Tensor

Parts = Callable[[Graph], tuple[Part, ...]]
Bytes = Callable[[Tensor], int]


def divided(
    devices: int, *, backward: Mode | None = None, optimizer: Optimizer | None = None
) -> Kind:
    """Return the table of what one of ``devices`` holds, and what crosses between them in a forward pass.

    ``backward`` adds what autograd keeps in that mode, and the gradients that cross; ``optimizer`` the gradients of the
    params, and its state. Its numbers raise what :func:`archstat.passes.split.split` raises.
    """
    parts = remembered(lambda graph: split(graph, devices, _needs(graph, backward)))
    shown, aside = list(_forward(parts)), list(_held(parts))
    crosses = shown.pop()
    if backward is not None:
        shown += [_saved(devices, backward), crosses, _back(parts)]
    else:
        shown.append(crosses)
    if optimizer is not None:
        aside += _states(parts, optimizer)
    return Kind(
        "split",
        tuple(column.key for column in shown),
        tuple(column.key for column in aside),
        "with nothing to hold or read",
        with_input=True,
        labels=("output", "note"),
        own=(*shown, *aside),
        outputs=lambda graph: tuple(
            _output(node.output, part) for node, part in zip(graph.nodes, parts(graph), strict=True)
        ),
        tensors=lambda graph: tuple(
            pieces(node, part) for node, part in zip(graph.nodes, parts(graph), strict=True)
        ),
        notes=lambda graph: tuple(
            _note(node, part) for node, part in zip(graph.nodes, parts(graph), strict=True)
        ),
        devices=Devices(devices, "channels"),
        lines=_begun((*shown, *aside)) if backward is not None else None,
    )


def _forward(parts: Parts) -> tuple[Column, ...]:
    return (
        Column(
            "params",
            "params",
            "elements",
            "learnable numbers on each device",
            lambda graph: _of_params(graph, parts, lambda tensor: tensor.numel),
        ),
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
    )


def _held(parts: Parts) -> tuple[Column, ...]:
    return (
        Column(
            "param_bytes",
            "params",
            "bytes",
            "params on each device x bytes per element",
            lambda graph: _of_params(graph, parts, lambda tensor: tensor.nbytes),
        ),
        Column(
            "buffer_bytes",
            "buffers",
            "bytes",
            "buffers on each device x bytes per element",
            lambda graph: _buffers(graph, parts(graph)),
        ),
    )


def _saved(devices: int, mode: Mode) -> Column:
    return Column(
        "saved_bytes",
        "saved",
        "bytes",
        f"what PyTorch keeps for backward on the device that keeps most, {kept_where(mode)}",
        lambda graph: split_saved_bytes(graph, devices, mode),
    )


def _back(parts: Parts) -> Column:
    return Column(
        "crossing_back_bytes",
        "crosses back",
        "bytes",
        "the gradients of what crossed, which go back in the backward pass",
        lambda graph: tuple(part.back for part in parts(graph)),
    )


def _states(parts: Parts, optimizer: Optimizer) -> tuple[Column, ...]:
    return (
        Column(
            "gradient_bytes",
            "gradients",
            "bytes",
            "one for each param that is trained, on each device",
            lambda graph: _of_params(graph, parts, lambda tensor: tensor.nbytes, trained=True),
        ),
        Column(
            "optimizer_bytes",
            "optimizer state",
            "bytes",
            f"what {optimizer.name} keeps from step to step, on each device",
            lambda graph: _of_params(
                graph, parts, lambda tensor: sum(state_bytes(optimizer, tensor)), trained=True
            ),
        ),
    )


def _begun(columns: Iterable[Column]) -> Callable[[Graph], tuple[Line, ...]]:
    """Return what gives a graph's line: all that a device holds when the backward pass begins."""
    by_key = {column.key: column for column in columns}
    held = ("param_bytes", "buffer_bytes", "optimizer_bytes", "saved_bytes")

    def lines(graph: Graph) -> tuple[Line, ...]:
        sums = {
            by_key[key].title: sum(n or 0 for n in by_key[key].values(graph))
            for key in held
            if key in by_key
        }
        held_then = " + ".join(title for title, nbytes in sums.items() if nbytes)
        about = f"{held_then} of that device; gradients come while what is saved goes"
        return (Line("backward_begins_bytes", "backward begins", sum(sums.values()), about),)

    return lines


def _needs(graph: Graph, backward: Mode | None) -> tuple[bool, ...]:
    if backward is None:
        return ()
    reached = reached_layers(graph)
    values = trace(graph, backward).values
    return tuple(value.needs_grad and i in reached for i, value in enumerate(values))


def _of_params(
    graph: Graph, parts: Parts, measure: Bytes, *, trained: bool = False
) -> tuple[int, ...]:
    """Measure the tensors that one device holds of the params, or of those that are trained."""
    wanted = [bool(n) for n in gradient_bytes(graph)] if trained else [True] * len(graph.nodes)
    return tuple(
        sum(
            measure(Tensor((piece_numel(shape, node, part),), graph.dtype))
            for shape in node.params().values()
        )
        if node.owner == i and wanted[i]
        else 0
        for i, (node, part) in enumerate(zip(graph.nodes, parts(graph), strict=True))
    )


def _buffers(graph: Graph, parts: tuple[Part, ...]) -> tuple[int, ...]:
    return tuple(
        sum(
            BYTES[node.op.buffer_type(name, graph.dtype)]
            * (piece_numel(shape, node, part) if shape else 1)
            for name, shape in node.op.buffers(node.io).items()
        )
        for node, part in zip(graph.nodes, parts, strict=True)
    )


def _memory(graph: Graph, parts: tuple[Part, ...]) -> tuple[int, ...]:
    """Measure what one device holds of each layer's output."""
    whole = zip(graph.nodes, parts, passes.activation_bytes(graph), strict=True)
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
