"""A run under torch.autocast: what is cast, and which copies of weights autograd keeps."""

from archstat.errors import UsageError
from archstat.graph import Graph, Node
from archstat.ops.base import IO, Autocast
from archstat.ops.tape import Mode, Step
from archstat.passes.trace import Trace, Tracing, Value, overwrite, trained_nodes
from archstat.tensor import HALVES, Tensor

UNKNOWN = ("rms_norm",)
"""Ops whose casts inside are not known."""

STEPWISE = ("mul", "div")
"""Ops that keep what they make on their way through several branches."""


class Autocasting(Tracing):
    """Runs a graph in single precision as on the CPU under ``torch.autocast``, on names alone.

    A product casts its inputs and weights down. The copy of a trained weight is made once; that of a frozen one, or of
    an input, each time.
    """

    def __init__(self, graph: Graph, mode: Mode) -> None:
        super().__init__()
        self.graph, self.mode = graph, mode
        self.trained = trained_nodes(graph)
        self._lowered = False
        self._copies: dict[tuple[int, str], int] = {}
        if mode.device != "cpu" or graph.dtype != "float32":
            raise UsageError(
                "what autocast does is known on the CPU alone, and of networks in float32",
                hint="leave out --amp, --device or --dtype",
            )

    def trace(self, *, input_grad: bool) -> Trace:
        """Run the graph."""
        values: list[Value] = []
        for index, node in enumerate(self.graph.nodes):
            if not node.inputs:
                needs = input_grad and node.output.is_floating
                values.append(self.value(node.output, None, needs))
                continue
            held = [values[i] for i in node.inputs]
            y = self._node(index, node, held)
            if getattr(node.op, "inplace", False) and y.storage == held[0].storage:
                overwrite(values, node.inputs[0], y)
            values.append(y)
        return Trace(tuple(self.ran), tuple(values), tuple(self.sizes))

    def weight(self, owner: int, step: Step) -> int:
        if not self._lowered:
            return super().weight(owner, step)
        name = step.learns[0].name
        copy = self._copies.get((owner, name))
        if copy is None:
            shape = self.graph.nodes[owner].params()[name]
            copy = self.value(Tensor(shape, self.mode.autocast), None, False).storage
            if self.trained[owner]:
                self._copies[owner, name] = copy
        return copy

    def _node(self, index: int, node: Node, held: list[Value]) -> Value:
        if node.op.word in UNKNOWN:
            raise _unknown(node)
        does = node.op.autocast(node.io.x)
        self._lowered = does == "lowers"
        local = [self._cast(index, value, does) for value in held]
        for step in node.op.tape(_io(node, tuple(value.tensor for value in local)), self.mode):
            inputs = tuple(local[i] for i in step.inputs)
            local.append(self.run(index, node.owner, step, inputs, self.trained[node.owner]))
        return local[-1]

    def _cast(self, index: int, value: Value, does: Autocast) -> Value:
        x = value.tensor
        to = {"lowers": self.mode.autocast, "raises": "float32", "leaves": x.dtype}[does]
        if x.dtype == to or x.dtype not in (*HALVES, "float32"):
            return value
        return self.run(index, 0, Step((0,), x.fresh().with_dtype(to)), (value,), False)


def _io(node: Node, inputs: tuple[Tensor, ...]) -> IO:
    """Return the node's tensors with the types that arrive; of several types the output has the widest."""
    if inputs == node.io.inputs:
        return node.io
    if len({x.dtype for x in inputs}) == 1:
        return IO(inputs, node.op.output(*inputs))
    if len(inputs) > 2 and node.op.word in STEPWISE:
        raise _unknown(node, "of more than two branches of several types")
    wide = node.op.output(*(x.with_dtype("float32") for x in inputs))
    in_place = getattr(node.op, "inplace", False)
    return IO(inputs, wide.with_dtype(inputs[0].dtype) if in_place else wide)


def _unknown(node: Node, which: str = "") -> UsageError:
    what = f"'{node.op.word}' {which}".rstrip()
    return UsageError(f"what autocast does to {what} is not known", hint=f"'{node.path}' is one")
