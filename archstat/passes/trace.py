"""A run of the graph, step by step, with every tensor resolved to the storage it lives in."""

import msgspec

from archstat.graph import Graph, Node
from archstat.ops.tape import OUTPUT, WEIGHT, Mode, Save, Step
from archstat.passes.alike import each
from archstat.tensor import Tensor


class Value(msgspec.Struct, frozen=True):
    """A tensor of the run, and its number. ``storage`` tells memory apart; it is negative where it is a parameter's."""

    number: int
    tensor: Tensor
    storage: int
    needs_grad: bool


class Ran(msgspec.Struct, frozen=True):
    """One step that ran.

    ``fresh`` says that ``y`` is memory of its own. ``extras`` are storages that the step made beside it, ``ahead``
    those of them that it made before its output, ``kept`` what autograd keeps: a word and a storage. ``trained`` says
    that the step's own parameters have gradients. ``keeps`` says that autograd keeps something, be it a parameter,
    ``behind`` that the last of it is only there when the step has run.
    """

    node: int
    step: Step
    inputs: tuple[Value, ...]
    y: Value
    fresh: bool
    extras: tuple[int, ...]
    ahead: tuple[int, ...]
    kept: tuple[tuple[str, int], ...]
    trained: bool
    keeps: bool
    behind: bool


class Trace(msgspec.Struct, frozen=True):
    """``values[i]`` is the output of node i, ``sizes[s]`` the bytes of storage s, ``cached`` as in :class:`Tracing`."""

    steps: tuple[Ran, ...]
    values: tuple[Value, ...]
    sizes: tuple[int, ...]
    cached: frozenset[int]


class Tracing:
    """Runs steps on names alone.

    Of autocast ``copies`` are the storages of the copies of weights, ``cached`` those that it holds to its end.
    """

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.ran: list[Ran] = []
        self.copies: set[int] = set()
        self.cached: set[int] = set()
        self._numbered = 0

    def value(self, tensor: Tensor, storage: int | None, needs_grad: bool) -> Value:
        """Return a tensor in ``storage``, or in memory of its own."""
        if storage is None:
            storage = len(self.sizes)
            self.sizes.append(tensor.nbytes)
        self._numbered += 1
        return Value(self._numbered - 1, tensor, storage, needs_grad)

    def run(
        self, index: int, owner: int, step: Step, held: tuple[Value, ...], weight: bool
    ) -> Value:
        """Run one step of node ``index``, whose weights belong to node ``owner`` and are trained or not."""
        trained = weight and bool(step.learns)
        needs = trained or any(value.needs_grad for value in held)
        shared = None
        if step.shares is not None:
            shared = -owner if step.shares < 0 else held[step.shares].storage
        y = self.value(step.y, shared, needs)
        extras: list[int] = []
        ahead: list[int] = []
        kept: list[tuple[str, int]] = []
        # Of a product with a weight, the weight is kept for the input's gradient.
        keeps = bool(step.learns) and any(value.needs_grad for value in held)
        behind = False
        for save in step.saves:
            wanted = needs and _wanted(save, held, weight)
            keeps = keeps or wanted
            behind = behind or (wanted and save.behind)
            if isinstance(save.of, Tensor):
                if not wanted and shared is not None and save.word == "copy":
                    continue  # in place, the clone is made only to be kept
                storage = self._beside(save.of, extras)
                if save.ahead:
                    ahead.append(storage)
            elif save.of == WEIGHT:
                storage = -owner
            else:
                storage = y.storage if save.of == OUTPUT else held[save.of].storage
            if wanted and storage >= 0:
                kept.append((save.word, storage))
        for scratch in step.scratch:
            self._beside(scratch, extras)
        fresh = shared is None
        made = tuple(extras), tuple(ahead), tuple(kept)
        self.ran.append(Ran(index, step, held, y, fresh, *made, trained, keeps, behind))
        return y

    def _beside(self, tensor: Tensor, extras: list[int]) -> int:
        extras.append(len(self.sizes))
        self.sizes.append(tensor.nbytes)
        return extras[-1]


def trace(graph: Graph, mode: Mode, *, input_grad: bool = False) -> Trace:
    """Run the graph."""
    tracing, values = traced(graph, mode, input_grad=input_grad)
    return Trace(tuple(tracing.ran), tuple(values), tuple(tracing.sizes), frozenset(tracing.cached))


def traced(graph: Graph, mode: Mode, *, input_grad: bool = False) -> tuple[Tracing, list[Value]]:
    """Run the graph; return what can run more behind it, and the nodes' outputs."""
    if mode.autocast:
        from archstat.passes.autocast import Autocasting

        casting = Autocasting(graph, mode)
        return casting, casting.nodes(input_grad=input_grad)
    tracing = Tracing()
    return tracing, trace_nodes(tracing, graph, mode, input_grad=input_grad)


def trace_nodes(
    tracing: Tracing, graph: Graph, mode: Mode, *, input_grad: bool = False
) -> list[Value]:
    """Run the graph's nodes; return their outputs."""
    values: list[Value] = []
    trained = trained_nodes(graph)
    tapes = each(graph, lambda op, io: op.tape(io, mode))
    for index, node in enumerate(graph.nodes):
        if not node.inputs:
            values.append(tracing.value(node.output, None, input_grad and node.output.is_floating))
            continue
        held = [values[i] for i in node.inputs]
        y = run_node(tracing, index, node, tapes[index], list(held), trained[node.owner])
        if getattr(node.op, "inplace", False) and y.storage == held[0].storage:
            overwrite(values, node.inputs[0], y)
        values.append(y)
    return values


def overwrite(values: list[Value], index: int, y: Value) -> None:
    """Let later readers of ``index`` find what was written over it; with a gradient, all of its memory has one."""
    if y.needs_grad and not values[index].needs_grad:
        for i, value in enumerate(values):
            if value.storage == y.storage:
                values[i] = msgspec.structs.replace(value, needs_grad=True)
    values[index] = y


def run_node(
    tracing: Tracing,
    index: int,
    node: Node,
    tape: tuple[Step, ...],
    local: list[Value],
    trained: bool,
) -> Value:
    """Run the steps of one node on its inputs, to which ``local`` adds what they make; return the last."""
    for step in tape:
        held = tuple(local[i] for i in step.inputs)
        local.append(tracing.run(index, node.owner, step, held, trained))
    return local[-1]


def _wanted(save: Save, held: tuple[Value, ...], weight: bool) -> bool:
    if save.given is None:
        return True
    return weight if save.given == WEIGHT else held[save.given].needs_grad


def trained_nodes(graph: Graph) -> list[bool]:
    """Say of each node whether the weights it owns are trained; ``freeze:`` at one who shares them holds for all."""
    trained = [True] * len(graph.nodes)
    for node in graph.nodes:
        if node.frozen:
            trained[node.owner] = False
    return trained
