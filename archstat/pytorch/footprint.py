"""Which input positions the gradient of one unit reaches: a receptive field, measured."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch

from archstat.passes.lattice import Span, hull
from archstat.passes.views import View
from archstat.pytorch.subject import Subject

FAINT = 1e-9
"""Of a layer's largest gradient: what is less is what rounding leaves of a zero."""


def footprint(subject: Subject, index: int, unit: dict[int, int]) -> torch.Tensor:
    """Return where the gradient of a unit of node ``index`` reaches the input: true or false for each element.

    ``unit`` gives its place along some axes; along the others all are taken together. The gradient is followed
    layer by layer, through PyTorch's own kernels and from positive weights, and only where it is not zero is kept:
    so it neither cancels nor vanishes on its way.
    """
    graph = subject.graph
    start = torch.zeros(graph.nodes[index].output.shape, dtype=torch.bool)
    start[tuple(unit.get(d, slice(None)) for d in range(start.ndim))] = True
    reached = {index: start}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for i in range(index, 0, -1):
            if i not in reached:
                continue
            inputs = graph.nodes[i].inputs
            for j, found in zip(inputs, _back(subject, i, reached.pop(i)), strict=True):
                reached[j] = reached[j] | found if j in reached else found
    return reached.get(0, torch.zeros(graph.input.shape, dtype=torch.bool))


def span_of(reached: torch.Tensor, axis: int) -> Span | None:
    """Return the first and the last position that is reached along an axis."""
    others = [d for d in range(reached.ndim) if d != axis]
    at = reached.any(dim=others).nonzero().flatten().tolist() if others else []
    return (at[0], at[-1]) if at else None


def expected(view: View, unit: int) -> Span | None:
    """Return what a unit sees by the rules, up to the ends of the input."""
    moving = [paths.seen(unit) for paths in view.moving]
    return hull([*moving, view.same.seen(0) if view.same else None])


def _back(subject: Subject, index: int, reached: torch.Tensor) -> Iterator[torch.Tensor]:
    """Yield where the gradient reaches each input of a node."""
    node = subject.graph.nodes[index]
    arriving = node.io.inputs
    if node.op.word == "embedding":
        # Ids have no gradient: the rows of the table that are taken have.
        yield reached.any(dim=-1)
        return
    # Nor have ids that are moved, but they move as numbers do.
    moved = all(not x.is_floating for x in (*arriving, node.output))
    given = [_positive(x.shape, "float64" if moved else x.dtype) for x in arriving]
    given = [x.requires_grad_(x.is_floating_point()) for x in given]
    y = subject.run(index, [x.clone() for x in given], _filled)
    pull = torch.where(reached, _positive(y.shape, str(y.dtype).removeprefix("torch.")), 0)
    asked = [x for x in given if x.requires_grad]
    if asked and y.requires_grad:
        grads = iter(torch.autograd.grad(y, asked, pull, allow_unused=True))
    else:
        grads = iter([None] * len(asked))
    for x in given:
        grad = next(grads) if x.requires_grad else None
        if grad is None:
            yield torch.zeros(x.shape, dtype=torch.bool)
        else:
            strength = grad.abs()
            yield strength > FAINT * strength.max()


def _filled(t: Any) -> torch.Tensor:
    return _positive(t.shape, str(t.dtype).removeprefix("torch."))


def _positive(shape: Sequence[int], dtype: str) -> torch.Tensor:
    """Return numbers where every activation has a slope; whole numbers are zeros."""
    kind = getattr(torch, dtype)
    if not kind.is_floating_point:
        return torch.zeros(tuple(shape), dtype=kind)
    return torch.rand(tuple(shape), dtype=kind) * 0.6 + 0.2
