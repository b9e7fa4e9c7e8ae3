"""The columns of tables as PyTorch and fvcore measure them, walking the lowered graph.

``values`` has what a column's own rule gives: a number for each node, ``None`` where the engine has none to give;
``shapes`` the tensors that there are, ``notes`` what is to be said of the numbers.
"""

from collections.abc import Callable
from functools import lru_cache
from math import prod
from typing import Any

from archstat.errors import MissingPartError
from archstat.graph import Graph, Node
from archstat.ops.base import Terms, total
from archstat.pytorch import INSTALL, require_torch
from archstat.pytorch.identity import ById
from archstat.pytorch.references import PRODUCTS, counted, reason
from archstat.tensor import Shape

Values = tuple[int | None, ...]

ENGINES = ("torch", "fvcore")


def values(graph: Graph, engine: str, key: str) -> Values:
    """Return the column ``key`` of the tables, measured by ``engine``."""
    require_torch()
    measure = _MEASURES[engine].get(key)
    return measure(graph) if measure is not None else (None,) * len(graph.nodes)


def shapes(graph: Graph) -> tuple[tuple[Shape, Terms], ...]:
    """Return each node's output shape, and its learnable tensors by name, as PyTorch has them on fake tensors."""
    require_torch()
    from archstat.pytorch.checks import with_tensors

    subject = _subject(ById(graph))
    terms: list[Terms] = [{}]
    for _, tensors in with_tensors(subject, "named_parameters"):
        terms.append({name: tuple(t.shape) for name, t in tensors.items()})
    return tuple((shape, held) for (shape, _), held in zip(subject.outputs, terms, strict=True))


def notes(graph: Graph, engine: str, key: str) -> tuple[str, ...]:
    """Say where fvcore's own total of ``key`` is less than there is, and why."""
    if engine != "fvcore" or key != "macs":
        return ()
    found = _counted(graph, "flops")
    unseen = [node for node, n in zip(graph.nodes, found, strict=True) if _unseen(node, "flops", n)]
    if not unseen:
        return ()
    why = dict.fromkeys(
        reason("fvcore", "flops", node, counted("fvcore", "flops", node)) for node in unseen
    )
    layers = f"{len(unseen):,} layer{'s' if len(unseen) > 1 else ''}"
    said = "; ".join(filter(None, why))
    return (
        f"fvcore sees {layers} in part or not at all{f': {said}' if said else ''}",
        f"fvcore's own total is {sum(found):,}",
    )


@lru_cache(maxsize=2)
def _subject(graph: ById) -> Any:
    from archstat.pytorch.subject import Subject

    return Subject(graph.graph)


def _tensors(graph: Graph, method: str) -> list[dict[str, Any]]:
    from archstat.pytorch.checks import with_tensors

    subject = _subject(ById(graph))
    found: list[dict[str, Any]] = [{}]
    seen: set[int] = set()
    for _, tensors in with_tensors(subject, method):
        # A shared tensor counts once, at its first owner.
        found.append({name: t for name, t in tensors.items() if id(t) not in seen})
        seen.update(map(id, tensors.values()))
    return found


def _params(
    chosen: Callable[[str, Any], bool], size: Callable[[Any], int]
) -> Callable[[Graph], Values]:
    return lambda graph: tuple(
        sum(size(t) for name, t in tensors.items() if chosen(name, t))
        for tensors in _tensors(graph, "named_parameters")
    )


def _buffers(size: Callable[[Any], int]) -> Callable[[Graph], Values]:
    return lambda graph: tuple(
        sum(map(size, tensors.values())) for tensors in _tensors(graph, "named_buffers")
    )


def _macs(graph: Graph) -> Values:
    return tuple(flops // 2 for _, _, flops in _subject(ById(graph)).flops)


def _activations(in_bytes: bool, times: int = 1) -> Callable[[Graph], Values]:
    def measure(graph: Graph) -> Values:
        import torch

        subject = _subject(ById(graph))
        sizes = [
            prod(shape) * (getattr(torch, dtype).itemsize if in_bytes else 1)
            for shape, dtype, _ in subject.flops
        ]
        owners = [theirs is None for theirs, _ in subject.storages(training=False)]
        return tuple(times * n if owns else 0 for n, owns in zip(sizes, owners, strict=True))

    return measure


def _fvcore(quantity: str) -> Callable[[Graph], Values]:
    def measure(graph: Graph) -> Values:
        return tuple(
            None if _unseen(node, quantity, n) else n
            for node, n in zip(graph.nodes, _counted(graph, quantity), strict=True)
        )

    return measure


def _counted(graph: Graph, quantity: str) -> list[int]:
    subject = _subject(ById(graph))
    if not hasattr(subject, "fvcore"):
        from archstat.pytorch.fvcore_counts import counts

        try:
            subject.fvcore = counts(subject)
        except ImportError:
            raise MissingPartError(
                f"this needs fvcore, which is not installed: {INSTALL}"
            ) from None
    found: list[int] = getattr(subject.fvcore, quantity)
    return found


def _unseen(node: Node, quantity: str, n: int) -> bool:
    """Say whether ``n`` misses operations that fvcore doesn't know: it takes them for 0."""
    if quantity == "flops":
        return n < total(node.op.macs(node.io))
    return not n and node.op.word not in PRODUCTS and node.op.storage(node.io) is None


def _elements(t: Any) -> int:
    return int(t.numel())


def _bytes(t: Any) -> int:
    return int(t.nbytes)


_MEASURES: dict[str, dict[str, Callable[[Graph], Values]]] = {
    "torch": {
        "params": _params(lambda name, t: True, _elements),
        "weights": _params(lambda name, t: not name.endswith("bias"), _elements),
        "biases": _params(lambda name, t: name.endswith("bias"), _elements),
        "trainable_params": _params(lambda name, t: t.requires_grad, _elements),
        "param_bytes": _params(lambda name, t: True, _bytes),
        "buffers": _buffers(_elements),
        "buffer_bytes": _buffers(_bytes),
        "macs": _macs,
        "activations": _activations(in_bytes=False),
        "activation_bytes": _activations(in_bytes=True),
        "forward_backward_bytes": _activations(in_bytes=True, times=2),
    },
    "fvcore": {
        "params": _params(lambda name, t: True, _elements),
        "macs": _fvcore("flops"),
        "activations": _fvcore("activations"),
    },
}
"""What each engine can give. fvcore's params are PyTorch's own, as fvcore's parameter_count takes them."""
