"""The loss behind a network: cross_entropy of each output, added up."""

from archstat.graph import Graph
from archstat.ops.gradient import CAST, RESHAPED, SAME, ZEROS
from archstat.ops.tape import INPUT, RESULT, Mode, Step, extra
from archstat.passes.trace import Tracing, Value
from archstat.tensor import HALVES, Tensor

NO_NODE = -1
"""The node of the loss: no layer of the network."""


def ends(graph: Graph) -> tuple[int, ...]:
    """Return the layers that have a loss: the outputs, and those of the auxiliary heads."""
    read = {i for node in graph.nodes for i in node.inputs}
    aux = (i for i, node in enumerate(graph.nodes) if node.section and i not in read)
    return tuple(dict.fromkeys((*graph.outputs, *aux)))


def classes(y: Tensor) -> int:
    """Return how many classes an output tells apart: the last axis of a sequence, else the second."""
    return y.channels if y.is_sequence else y.shape[1]


def add_losses(tracing: Tracing, outputs: list[Value], mode: Mode) -> Value:
    """Run cross_entropy on each output, and add what they give.

    Autocast raises what is in half precision to single: on the CPU what cross_entropy is called with, on CUDA the
    logarithms.
    """
    total: Value | None = None
    begin = len(tracing.ran)
    for y in outputs:
        x = y.tensor
        rows = y
        if x.is_sequence:
            flat = x.with_shape(x.numel // x.channels, x.channels, channel_dim=1)
            rows = tracing.run(NO_NODE, 0, Step((0,), flat, 0, gradients=(RESHAPED,)), (y,), False)
        low = bool(mode.autocast) and x.dtype in HALVES
        if low and mode.device == "cpu":
            # Held until the loss is there, two steps on.
            until = len(tracing.ran) - begin + 2
            single = rows.tensor.fresh().with_dtype("float32")
            wide = Step((0,), single, until=until, gradients=(CAST,))
            rows = tracing.run(NO_NODE, 0, wide, (rows,), False)
        row_major = rows.tensor.with_shape(*rows.tensor.shape)
        log_softmax = Step((0,), row_major, saves=RESULT, gradients=(ZEROS,))
        logs = tracing.run(NO_NODE, 0, log_softmax, (rows,), False)
        if low and mode.device == "cuda":
            single = logs.tensor.fresh().with_dtype("float32")
            logs = tracing.run(NO_NODE, 0, Step((0,), single, gradients=(CAST,)), (logs,), False)
        scalar = Tensor((), logs.tensor.dtype)
        weight = extra("total weight", dtype=scalar.dtype)
        step = Step((0,), scalar, saves=(*INPUT, weight))
        loss = tracing.run(NO_NODE, 0, step, (logs,), False)
        if total is not None:
            loss = tracing.run(
                NO_NODE, 0, Step((0, 1), scalar, gradients=(SAME, SAME)), (total, loss), False
            )
        total = loss
    assert total is not None
    return total
