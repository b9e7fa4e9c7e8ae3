"""What training takes, as PyTorch has it on fake tensors: what autograd keeps of each layer, peaks, optimizer state."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, NamedTuple

import torch

from archstat.errors import UsageError
from archstat.graph import Graph
from archstat.ops.tape import Mode
from archstat.passes.optimizers import Optimizer
from archstat.passes.refused import refusals
from archstat.pytorch import watch
from archstat.pytorch.checks import with_tensors
from archstat.pytorch.identity import ById
from archstat.pytorch.subject import Subject

LR, MOMENTUM, DECAY = 0.1, 0.9, 0.1
"""Any would do: no number of bytes depends on them."""


class Step(NamedTuple):
    """A step of training: the most that was alive, and of each node its gradients and optimizer state, in bytes."""

    peak: int
    gradients: tuple[int, ...]
    state: tuple[int, ...]


def saved(graph: Graph, mode: Mode, *, input_grad: bool = False) -> tuple[int, ...]:
    """Return the bytes of the storages that each node is the first to hand to saved_tensors_hooks.

    Raises a UsageError where PyTorch doesn't run the network.
    """
    with _refusing(graph, mode, input_grad):
        return watch.saved_by_node(graph, mode, input_grad=input_grad)


def inference_peak(graph: Graph, mode: Mode) -> int:
    """Return the most that was alive in a forward pass without gradients, parameters and buffers aside."""
    with _refusing(graph, mode, False):
        return watch.inference_peak(graph, mode)


def step(
    graph: Graph, mode: Mode, optimizer: Optimizer, *, input_grad: bool = False
) -> Step | None:
    """Take a step of training, the second where the optimizer has state by then; ``None`` where nothing is trained.

    Raises a UsageError where PyTorch refuses.
    """
    return _step(ById(graph), mode, optimizer, input_grad)


@lru_cache(maxsize=2)
def _step(held: ById, mode: Mode, optimizer: Optimizer, input_grad: bool) -> Step | None:
    graph = held.graph
    steps = 1 if optimizer.name == "sgd" else 2
    with _refusing(graph, mode, input_grad):
        try:
            done = watch.train(
                graph, _made(optimizer), mode=mode, steps=steps, input_grad=input_grad
            )
        except watch.NothingTrained:
            return None
    kept = done.optimizer.state if done.optimizer is not None else {}

    subject = Subject(graph)
    subject.module = done.module

    def of_each(size: Callable[[Any], int]) -> tuple[int, ...]:
        # A shared tensor counts once, at its first owner.
        seen: set[int] = set()
        sums = [0]
        for _, tensors in with_tensors(subject, "named_parameters"):
            own = [t for t in tensors.values() if id(t) not in seen]
            seen.update(map(id, own))
            sums.append(sum(map(size, own)))
        return tuple(sums)

    return Step(
        done.peak,
        of_each(lambda p: 0 if p.grad is None else int(p.grad.nbytes)),
        of_each(lambda p: sum(t.nbytes for t in kept.get(p, {}).values() if torch.is_tensor(t))),
    )


def _made(optimizer: Optimizer) -> Callable[[list[Any]], Any]:
    """Return what makes the torch.optim.Optimizer."""
    options: dict[str, Any] = {
        "lr": LR,
        "foreach": optimizer.implementation == "foreach",
        "fused": optimizer.implementation == "fused",
    }
    if optimizer.weight_decay:
        options["weight_decay"] = DECAY
    if optimizer.name == "momentum":
        options["momentum"] = MOMENTUM
    kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}.get(
        optimizer.name, torch.optim.SGD
    )
    return lambda parameters: kind(parameters, **options)


@contextmanager
def _refusing(graph: Graph, mode: Mode, input_grad: bool) -> Iterator[None]:
    """Say in one line why PyTorch doesn't run or train a network."""
    try:
        yield
    except (RuntimeError, ValueError) as error:
        known = refusals(graph, mode, input_grad=input_grad)
        why = known[0] if known else str(error).partition("\n")[0]
        raise UsageError(
            f"PyTorch refuses to train it: {why}", hint="--engine static says what it would take"
        ) from error
