"""What autograd keeps for the backward pass."""

import msgspec

from archstat.graph import Graph
from archstat.ops.tape import OUTPUT, WEIGHT, Mode, Save, Step
from archstat.tensor import Tensor

TRAIN = Mode()


class Value(msgspec.Struct, frozen=True):
    """A tensor of the run. ``storage`` tells memory apart, and is negative where it is a parameter."""

    storage: int
    nbytes: int
    needs_grad: bool


class Kept(msgspec.Struct, frozen=True):
    """One storage that a layer is the first to make autograd keep."""

    node: int
    word: str
    storage: int
    nbytes: int


def kept(graph: Graph, mode: Mode = TRAIN, *, input_grad: bool = False) -> tuple[Kept, ...]:
    """Return the distinct storages that autograd keeps, each at the layer that is the first to keep it."""
    found: dict[int, Kept] = {}
    sizes: dict[int, int] = {}
    trained = _trained(graph)
    values: list[Value] = []
    for index, node in enumerate(graph.nodes):
        if not node.inputs:
            sizes[len(sizes)] = node.output.nbytes
            needs = input_grad and node.output.is_floating
            values.append(Value(len(sizes) - 1, node.output.nbytes, needs))
            continue
        local = [values[i] for i in node.inputs]
        weight = trained[node.owner]
        for step in node.op.tape(node.io, mode):
            held = [local[i] for i in step.inputs]
            needs = any(value.needs_grad for value in held) or (step.learns and weight)
            y = _made(step, held, needs, sizes, node.owner)
            local.append(y)
            if not needs:
                continue
            for save in step.saves:
                if not _wanted(save, held, weight):
                    continue
                storage = _storage(save, held, y, sizes)
                if storage >= 0 and storage not in found:
                    found[storage] = Kept(index, save.word, storage, sizes[storage])
        values.append(local[-1])
    return tuple(found.values())


def saved_bytes(graph: Graph, mode: Mode = TRAIN, *, input_grad: bool = False) -> tuple[int, ...]:
    """Measure what autograd keeps for the backward pass, at the layer that is the first to keep it.

    Counts:  distinct storages among the saved tensors, whole where a view of one is kept; the input too
    Ignores: parameters and buffers; the loss and its labels; gradients; what only lives inside a kernel
    Unit:    bytes
    Source:  torch.autograd.graph.saved_tensors_hooks
    """
    sums = [0] * len(graph.nodes)
    for one in kept(graph, mode, input_grad=input_grad):
        sums[one.node] += one.nbytes
    return tuple(sums)


def saved_what(graph: Graph, mode: Mode = TRAIN, *, input_grad: bool = False) -> tuple[str, ...]:
    """Say what each layer is the first to keep: ``input, indices``; nothing where it is empty."""
    words: list[dict[str, None]] = [{} for _ in graph.nodes]
    for one in kept(graph, mode, input_grad=input_grad):
        words[one.node][one.word] = None
    return tuple(", ".join(w) for w in words)


def _trained(graph: Graph) -> list[bool]:
    """Say of each node whether its weights are trained; ``freeze:`` at one who shares them holds for all."""
    trained = [True] * len(graph.nodes)
    for node in graph.nodes:
        if node.frozen:
            trained[node.owner] = False
    return trained


def _made(step: Step, held: list[Value], needs: bool, sizes: dict[int, int], owner: int) -> Value:
    if step.shares is None:
        storage = len(sizes)
        sizes[storage] = step.y.nbytes
        return Value(storage, step.y.nbytes, needs)
    storage = -owner if step.shares < 0 else held[step.shares].storage
    return Value(storage, step.y.nbytes, needs)


def _wanted(save: Save, held: list[Value], weight: bool) -> bool:
    if save.given is None:
        return True
    return weight if save.given == WEIGHT else held[save.given].needs_grad


def _storage(save: Save, held: list[Value], y: Value, sizes: dict[int, int]) -> int:
    if isinstance(save.of, Tensor):
        storage = len(sizes)
        sizes[storage] = save.of.nbytes
        return storage
    return y.storage if save.of == OUTPUT else held[save.of].storage
