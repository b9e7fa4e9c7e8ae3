"""PyTorch's own answers about memory: what its hooks are handed, and what is alive while it runs."""

import weakref
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec
import torch
from torch import fx, nn
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from archstat.graph import Graph
from archstat.ops.tape import Mode
from archstat.passes.loss import ends
from archstat.pytorch.checkpointed import Checkpointed, checkpointed, item
from archstat.pytorch.kernels import autocast, tensors
from archstat.pytorch.lowering import lower
from archstat.pytorch.release import Fake

TRAIN = Mode()


class Tracker(TorchDispatchMode):
    """Follows every storage from the op that makes it to its end; ``peak`` is the most that was alive, in bytes."""

    def __init__(self, *held: Any) -> None:
        super().__init__()
        self.live: dict[int, int] = {}
        self.total = self.peak = self.ops = 0
        self.refs: dict[int, Any] = {}
        for t in held:
            self.add(t)
        self.peak = self.total

    def add(self, t: Any) -> None:
        storage = t.untyped_storage()
        key = storage._cdata
        if key in self.live:
            return
        self.live[key] = storage.nbytes()
        self.total += self.live[key]

        def gone(_: Any) -> None:
            self.total -= self.live.pop(key)
            self.refs.pop(key)

        self.refs[key] = weakref.ref(storage, gone)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        self.ops += 1
        for t in tree_leaves(out):
            if isinstance(t, torch.Tensor):
                self.add(t)
        self.peak = max(self.peak, self.total)
        return out


def saved_for_backward(graph: Graph, *, training: bool = True, input_grad: bool = False) -> int:
    """Sum the distinct storages that reach saved_tensors_hooks, without parameters and buffers."""
    module = lower(graph).train(training)
    with Fake():
        materialise(module)
        return saved(module, (arriving(graph, input_grad),))


def saved_by_node(
    graph: Graph, mode: Mode, stretches: Sequence[range] = (), *, input_grad: bool = False
) -> tuple[int, ...]:
    """Return the bytes of the storages that each node is the first to hand to saved_tensors_hooks.

    Of a stretch of nodes behind a checkpoint these are one number: what enters it, if it is kept.
    """
    module = checkpointed(learner(graph), stretches).train(mode.training)
    with tensors(mode), autocast(mode):
        materialise(module)
        walk = Saving(module)
        walk.run(arriving(graph, input_grad))
    return tuple(walk.kept.sums)


class Kept:
    """Notes the storages that are handed to saved_tensors_hooks, without those of a module's own tensors.

    In place of a tensor nothing is kept: there is no backward pass, and an output that its own op keeps would never be
    freed.
    """

    def __init__(self, own: Iterable[Any]) -> None:
        self.excluded = {t.untyped_storage()._cdata for t in own}
        self.storages: dict[int, Any] = {}
        self.sums: list[int] = []

    def hooks(self) -> Any:
        """Return a context in which autograd hands over what it keeps, and add it up apart."""
        self.sums.append(0)
        return torch.autograd.graph.saved_tensors_hooks(
            lambda t: self.note(t.untyped_storage()), lambda _: None
        )

    def note(self, storage: Any) -> None:
        """Add a storage, if it is new, to the last sum."""
        if storage._cdata not in self.excluded and storage._cdata not in self.storages:
            self.storages[storage._cdata] = storage
            self.sums[-1] += storage.nbytes()


class _Box:
    """What a hook gives in the place of a tensor: as long as it lives, the tensor is kept."""

    def __init__(self, storage: Any) -> None:
        self.storage = storage


class Saving(fx.Interpreter):
    """Runs a lowered graph node by node and notes what each hands to the hooks."""

    def __init__(self, module: Any) -> None:
        super().__init__(module)
        self.kept = Kept((*module.parameters(), *module.buffers()))

    def run_node(self, n: Any) -> Any:
        if n.op == "output" or n.target is item:
            return super().run_node(n)
        if n.op == "call_module" and isinstance(self.fetch_attr(n.target), Checkpointed):
            return self._run_stretch(n)
        with self.kept.hooks():
            return super().run_node(n)

    def _run_stretch(self, n: Any) -> Any:
        """Run what is behind a checkpoint, which lets go of what entered where nothing is to run again."""
        boxes: list[Any] = []

        def pack(t: Any) -> _Box:
            box = _Box(t.untyped_storage())
            boxes.append(weakref.ref(box))
            return box

        self.kept.sums.append(0)
        with torch.autograd.graph.saved_tensors_hooks(pack, lambda box: box):
            y = super().run_node(n)
        for box in [ref() for ref in boxes]:
            if box is not None:
                self.kept.note(box.storage)
        return y


def inference_peak(graph: Graph, mode: Mode = TRAIN) -> int:
    """Return the most that was alive in a forward pass in eval mode, without gradients, parameters and buffers."""
    module = lower(graph).eval()
    with tensors(mode), autocast(mode):
        materialise(module)
        return peak_of(module, (arriving(graph),), module)


def training_peak(
    graph: Graph,
    optimizer: Any = None,
    *,
    mode: Mode = TRAIN,
    steps: int = 1,
    stretches: Sequence[range] = (),
) -> int:
    """Return the most that was alive in the last of ``steps`` steps of training, as :func:`train` takes them."""
    return train(graph, optimizer, mode=mode, steps=steps, stretches=stretches).peak


class Trained(NamedTuple):
    """A network behind its last step: the most that was alive in it, with everything, and what is left of it."""

    peak: int
    module: Any
    optimizer: Any


def train(
    graph: Graph,
    optimizer: Any = None,
    *,
    mode: Mode = TRAIN,
    steps: int = 1,
    input_grad: bool = False,
    stretches: Sequence[range] = (),
) -> Trained:
    """Take ``steps`` steps of training.

    ``optimizer`` makes a torch.optim.Optimizer of the parameters; none steps nothing. ``stretches`` of nodes are each
    behind a checkpoint. Raises NothingTrained.
    """
    module = checkpointed(learner(graph), stretches).train(mode.training)
    with tensors(mode):
        x, labels = ready(module, graph, input_grad)
        trained = [p for p in module.parameters() if p.requires_grad]
        steps_with = optimizer(trained) if optimizer is not None and trained else None
        with Tracker(x, *labels, *module.parameters(), *module.buffers()) as tracker:
            for _ in range(steps):
                module.zero_grad(set_to_none=True)
                x.grad = None
                tracker.peak = tracker.total
                step(module, x, labels, graph, steps_with, mode)
    return Trained(tracker.peak, module, steps_with)


def learner(graph: Graph, training: bool = True) -> Any:
    """Lower a graph to a module that gives what the loss is taken of, auxiliary heads too."""
    return lower(msgspec.structs.replace(graph, outputs=ends(graph))).train(training)


def ready(module: Any, graph: Graph, input_grad: bool = False) -> tuple[Any, list[Any]]:
    """Give a module memory, and return an input and labels for it."""
    materialise(module)
    return arriving(graph, input_grad), [_labels(graph.nodes[i].output) for i in ends(graph)]


class NothingTrained(Exception):
    """The loss has no gradient to take."""


def step(
    module: Any,
    x: Any,
    labels: list[Any],
    graph: Graph,
    optimizer: Any,
    mode: Mode = TRAIN,
) -> None:
    """Run a step of training; ``optimizer`` may be ``None``. Raises NothingTrained."""
    with autocast(mode):
        y = module(x)
        loss = _loss(y if isinstance(y, tuple) else (y,), labels, graph)
    if not loss.requires_grad:
        raise NothingTrained
    loss.backward()
    if optimizer is not None:
        optimizer.step()


def _loss(outputs: tuple[Any, ...], labels: list[Any], graph: Graph) -> Any:
    total = None
    for i, y, label in zip(ends(graph), outputs, labels, strict=True):
        if graph.nodes[i].output.is_sequence:
            y, label = y.flatten(0, -2), label.flatten()
        one = F.cross_entropy(y, label)
        total = one if total is None else total + one
    return total


def _labels(y: Any) -> Any:
    shape = y.shape[:-1] if y.is_sequence or y.is_vector else (y.shape[0], *y.shape[2:])
    return torch.zeros(shape, dtype=torch.int64)


def arriving(graph: Graph, input_grad: bool = False) -> Any:
    x = torch.zeros(graph.input.shape, dtype=getattr(torch, graph.input.dtype))
    return x.requires_grad_(input_grad and x.is_floating_point())


def materialise(module: nn.Module) -> None:
    """Put tensors with memory in place of the meta ones, shared where those are."""
    made: dict[int, Any] = {}
    for part in module.modules():
        for name, p in part._parameters.items():
            if p is not None:
                if id(p) not in made:
                    made[id(p)] = nn.Parameter(torch.empty(p.shape, dtype=p.dtype), p.requires_grad)
                part._parameters[name] = made[id(p)]
        for name, b in part._buffers.items():
            if b is not None:
                part._buffers[name] = torch.zeros(b.shape, dtype=b.dtype)


def saved(run: Any, inputs: tuple[Any, ...], own: Any = None) -> int:
    """Run and sum what the hooks are handed."""
    own = own if own is not None else run
    kept = Kept([*own.parameters(), *own.buffers()] if isinstance(own, nn.Module) else [])
    with kept.hooks():
        run(*inputs)
    return kept.sums[0]


def peak_of(run: Any, inputs: tuple[Any, ...], own: Any) -> int:
    """Run without gradients and return the most that was alive, without parameters and buffers."""
    static = [*own.parameters(), *own.buffers()]
    sizes = {t.untyped_storage()._cdata: t.untyped_storage().nbytes() for t in static}
    with torch.no_grad(), Tracker(*inputs, *static) as tracker:
        y = run(*inputs)
    del y
    return tracker.peak - sum(sizes.values())
