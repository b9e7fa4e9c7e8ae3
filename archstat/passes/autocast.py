"""A run under torch.autocast: what is cast, and which copies of weights are cached and kept."""

from collections.abc import Sequence

from msgspec.structs import replace

from archstat.errors import UsageError
from archstat.graph import Graph, Node
from archstat.ops.base import IO, Autocast
from archstat.ops.gradient import ADDED, CAST, NEW, VIEWED, Gradient, Made
from archstat.ops.tape import WEIGHT, Learned, Mode, Step
from archstat.passes.trace import Tracing, Value, overwrite, trained_nodes
from archstat.tensor import HALVES, Tensor

STEPWISE = ("mul", "div")
"""Ops that keep what they make on their way through several branches."""


class Autocasting(Tracing):
    """Runs a graph in single precision under ``torch.autocast``, on names alone.

    A product casts its inputs and weights down. The copy of a leaf that has a gradient, which a trained weight is, is
    made once and cached until the context ends; that of a frozen weight, or of a layer's output, is made each time.
    """

    def __init__(self, graph: Graph, mode: Mode) -> None:
        super().__init__()
        self.graph, self.mode = graph, mode
        self.trained = trained_nodes(graph)
        self._leaves: dict[int, int] = {}
        self._copies: dict[tuple[int, str], Value] = {}
        if graph.dtype != "float32":
            raise UsageError(
                "what autocast does is known of networks in float32 alone",
                hint="leave out --amp or --dtype",
            )

    def nodes(self, *, input_grad: bool) -> list[Value]:
        """Run the graph's nodes; return their outputs."""
        values: list[Value] = []
        for index, node in enumerate(self.graph.nodes):
            if not node.inputs:
                needs = input_grad and node.output.is_floating
                values.append(self.value(node.output, None, needs))
                if needs:
                    self._leaves[values[-1].number] = index
                continue
            held = [values[i] for i in node.inputs]
            y = self._node(index, node, held)
            if getattr(node.op, "inplace", False) and y.storage == held[0].storage:
                overwrite(values, node.inputs[0], y)
            values.append(y)
        return values

    def _node(self, index: int, node: Node, held: list[Value]) -> Value:
        """Run the steps of one node, the casts of what they are called with before them."""
        does = node.op.autocast(node.io.x, self.mode)
        to = self._type(does, held)
        arriving = tuple(_as(value.tensor, to) for value in held)
        tape = node.op.tape(_io(node, arriving, widens=does == "widens"), self.mode)
        learning = [j for j, step in enumerate(tape) if step.learns] if does == "lowers" else []
        # What is cast for a call lives until it returns: so do the values that it holds.
        returns = max(step.until for step in tape) or len(tape) - 1
        first = learning[0] if learning else returns
        begin, trained = len(self.ran), self.trained[node.owner]
        own = self._weights(index, node, tape[first]) if learning else ()
        # A call's arguments are cast from the last to the first, those of a list in order.
        order = range(len(held)) if does == "promotes" else reversed(range(len(held)))
        casts = {i: self._cast(index, held[i], arriving[i]) for i in order}
        local = [casts[i] for i in range(len(held))]
        ends, until = [], dict.fromkeys(range(begin, len(self.ran)), first)
        for j, step in enumerate(tape):
            if j in learning[1:]:
                before = len(self.ran)
                own = self._weights(index, node, step)
                until |= dict.fromkeys(range(before, len(self.ran)), j)
            inputs = tuple(local[i] for i in step.inputs)
            if step.until:
                until[len(self.ran)] = step.until
            ends.append(len(self.ran))
            if j in learning:
                step, inputs = _with_weights(step), (*inputs, *own)
            local.append(self.run(index, node.owner, step, inputs, trained))
        for moment, j in until.items():
            ran = self.ran[moment]
            self.ran[moment] = replace(ran, step=replace(ran.step, until=ends[j] - begin))
        return local[-1]

    def _type(self, does: Autocast, held: Sequence[Value]) -> str:
        """Return the type to which inputs are cast, or nothing."""
        if does == "lowers":
            return self.mode.autocast
        mixed = len({value.tensor.dtype for value in held}) > 1
        return "float32" if does == "raises" or (does == "promotes" and mixed) else ""

    def _weights(self, index: int, node: Node, step: Step) -> tuple[Value, ...]:
        """Return the copies of what a step learns."""
        found = {}
        for one in reversed(step.learns):
            copy = self._copies.get((node.owner, one.name))
            if copy is None:
                shape = self.graph.nodes[node.owner].params()[one.name]
                low = Tensor(shape, self.mode.autocast)
                made = Step((), low, learns=(Learned(one.name, cast=True),))
                copy = self.run(index, node.owner, made, (), self.trained[node.owner])
                self.copies.add(copy.storage)
                if copy.needs_grad:
                    self._cache((node.owner, one.name), copy)
            found[one.name] = copy
        return tuple(found[one.name] for one in step.learns)

    def _cast(self, index: int, value: Value, to: Tensor) -> Value:
        if value.tensor.dtype == to.dtype:
            return value
        leaf = self._leaves.get(value.number)
        if leaf is not None and (leaf, "") in self._copies:
            return self._copies[leaf, ""]
        copy = self.run(index, 0, Step((0,), to, gradients=(CAST,)), (value,), False)
        if leaf is not None:
            self._cache((leaf, ""), copy)
        return copy

    def _cache(self, key: tuple[int, str], copy: Value) -> None:
        self._copies[key] = copy
        self.cached.add(copy.storage)


def _as(x: Tensor, to: str) -> Tensor:
    """Return what a cast makes of a tensor; integers stay as they are."""
    if not to or x.dtype == to or x.dtype not in (*HALVES, "float32"):
        return x
    return x.fresh().with_dtype(to)


def _with_weights(step: Step) -> Step:
    """Return the step with copies in place of the parameters: as inputs behind its own."""
    at = len(step.inputs)
    saves = tuple(
        replace(
            save,
            of=at if save.of == WEIGHT else save.of,
            given=at if save.given == WEIGHT else save.given,
        )
        for save in step.saves
    )
    flows = (*(step.gradients or (NEW,) * at), *map(_flow, step.learns))
    return replace(step, saves=saves, learns=(), gradients=flows)


def _flow(one: Learned) -> Gradient:
    if one.added:
        return ADDED
    if one.made:
        return Made(like=one.made, viewed=one.viewed)
    return VIEWED if one.viewed else NEW


def _io(node: Node, inputs: tuple[Tensor, ...], *, widens: bool = False) -> IO:
    """Return the node's tensors with the types that arrive; of several types the output has the widest."""
    if inputs == node.io.inputs:
        return node.io
    if widens:
        return IO(inputs, _as(node.op.output(*inputs), "float32"))
    if len({x.dtype for x in inputs}) == 1:
        return IO(inputs, node.op.output(*inputs))
    if len(inputs) > 2 and node.op.word in STEPWISE:
        raise _unknown(node, "of more than two branches of several types")
    wide = node.op.output(*(x.with_dtype("float32") for x in inputs))
    in_place = getattr(node.op, "inplace", False)
    return IO(inputs, wide.with_dtype(inputs[0].dtype) if in_place else wide)


def _unknown(node: Node, which: str) -> UsageError:
    what = f"'{node.op.word}' {which}"
    return UsageError(f"what autocast does to {what} is not known", hint=f"'{node.path}' is one")
