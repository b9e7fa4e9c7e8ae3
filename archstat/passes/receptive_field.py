"""The receptive field: which input positions one unit of a layer depends on."""

from collections.abc import Iterable
from fractions import Fraction

import msgspec

from archstat.graph import Graph
from archstat.passes.lattice import Lattice
from archstat.passes.paths import Paths
from archstat.passes.remember import remembered
from archstat.passes.views import View, axes, views

Measure = int | Fraction | tuple[int | Fraction, ...]
"""One number for all axes of the input, or one for each where they differ."""


class Field(msgspec.Struct, frozen=True, gc=False):
    """The receptive field of a layer's units along one input axis, in input positions.

    ``size`` is the largest path's and ``smallest`` the smallest one's, both as if the input had no ends; ``whole``
    says that a path sees the whole input, whose length ``size`` then is. ``jump`` is how far the field moves from
    unit to unit, 0 where all see the same. ``padding`` is how far the field of the first unit begins before the
    input, ``centre`` its middle, the first position being 0: both are the largest path's among those that move.
    ``aligned`` says that all paths have one jump and the same centres. ``None`` is unknown.
    """

    size: int | None
    smallest: int | None
    jump: Fraction | None
    padding: int | None
    centre: Fraction | None
    aligned: bool | None
    whole: bool


Rows = tuple[tuple[Field, ...], ...]


@remembered
def fields(graph: Graph) -> Rows:
    """Follow every path from the input to each node: a Field for each axis of the input.

    Counts:  all paths over branches; dilation; transposed convolutions phase by phase; of a resize the positions
             that weigh; as the whole input: what global pools, attention, linear layers over flattened maps, softmax
             over positions, and norms by statistics of the map see
    Ignores: the input's ends, but where a layer sees all that arrives; which channels of a position are read;
             a causal mask: it is the last token that sees all; what a padding mode repeats at a border
    Unit:    input positions (pixels, samples, tokens) along one axis
    Source:  Araujo et al. 2019, Computing Receptive Fields of Convolutional Neural Networks, distill.pub
    """
    lengths = _lengths(graph)
    return tuple(tuple(map(_field, lengths, row)) for row in views(graph))


def output_fields(graph: Graph) -> tuple[Field, ...]:
    """Return those of the first output alone."""
    return tuple(map(_field, _lengths(graph), views(graph)[graph.outputs[0]]))


def _lengths(graph: Graph) -> list[int]:
    return [graph.input.shape[d] for d in axes(graph)]


def receptive_field(graph: Graph) -> tuple[Measure | None, ...]:
    """Measure the receptive field of one unit: the largest path's.

    Counts:  as ``fields``
    Ignores: as ``fields``
    Unit:    input positions on a side
    Source:  Araujo et al. 2019, eq. 2 and 4
    """
    return tuple(measure(field.size for field in row) for row in fields(graph))


def smallest_receptive_field(graph: Graph) -> tuple[Measure | None, ...]:
    """Measure the receptive field along the smallest path: shortcuts, 1x1 branches.

    Counts:  as ``fields``
    Ignores: as ``fields``
    Unit:    input positions on a side
    Source:  Araujo et al. 2019, "Arbitrary computation graphs"
    """
    return tuple(measure(field.smallest for field in row) for row in fields(graph))


def jump(graph: Graph) -> tuple[Measure | None, ...]:
    """Measure the effective stride: how far the field moves from unit to unit; 0 where all see the same.

    Counts:  as ``fields``; a fraction after an upsampling to more than the input
    Ignores: as ``fields``
    Unit:    input positions
    Source:  Araujo et al. 2019, eq. 3
    """
    return tuple(measure(field.jump for field in row) for row in fields(graph))


def effective_padding(graph: Graph) -> tuple[Measure | None, ...]:
    """Measure how far the first unit's field begins before the input; negative where it begins inside.

    Counts:  as ``fields``
    Ignores: as ``fields``
    Unit:    input positions
    Source:  Araujo et al. 2019, eq. 5
    """
    return tuple(measure(field.padding for field in row) for row in fields(graph))


def field_centre(graph: Graph) -> tuple[Measure | None, ...]:
    """Measure the middle of the first unit's field, the first input position being 0.

    Counts:  as ``fields``
    Ignores: as ``fields``
    Unit:    input positions
    Source:  Araujo et al. 2019, eq. 7
    """
    return tuple(measure(field.centre for field in row) for row in fields(graph))


def field_notes(graph: Graph) -> tuple[str, ...]:
    """Say of each node what its numbers don't: that it sees everything, or that its branches aren't aligned."""
    return tuple(_note(row) for row in fields(graph))


def field_kept(graph: Graph) -> tuple[bool, ...]:
    """Say of each node whether it has one input, and sees what that does."""
    found = fields(graph)
    return tuple(
        len(node.inputs) == 1 and found[node.inputs[0]] == row
        for node, row in zip(graph.nodes, found, strict=True)
    )


def measure(values: Iterable[int | Fraction | None]) -> Measure | None:
    """Return one number where all axes agree, one for each where they don't; ``None`` if one is unknown."""
    found: list[int | Fraction] = []
    for value in values:
        if value is None:
            return None
        found.append(int(value) if value.denominator == 1 else value)
    return found[0] if len(set(found)) == 1 else tuple(found)


def _note(row: tuple[Field, ...]) -> str:
    if all(field.whole for field in row):
        return "the whole input"
    said = []
    if any(field.whole for field in row):
        axes = [str(k) for k, field in enumerate(row) if field.whole]
        said.append(f"the whole input along axis {', '.join(axes)}")
    if any(field.aligned is False for field in row):
        said.append("branches not aligned")
    if any(field.aligned is None for field in row):
        said.append("positions merged or moved")
    if all(field.size == 0 for field in row):
        said.append("doesn't read the input")
    return "; ".join(said)


def _field(length: int, view: View) -> Field:
    moving, same, blurred = view.moving, view.same, view.blurred
    paths = (*moving, *([same] if same else []))
    sizes: list[tuple[int, int] | None] = [(p.smallest.least, p.largest.size) for p in paths]
    if blurred is not None:
        sizes.append(blurred.sizes)
    known = [pair for pair in sizes if pair is not None]
    complete = len(known) == len(sizes)
    whole = same is not None and same.together.spans[0] == (0, length - 1)
    largest = max((high for _, high in known), default=0)
    first = _largest(moving) or (same.largest if same else None)
    if blurred and first and (blurred.sizes is None or blurred.sizes[1] > first.size):
        span = None  # the largest path has lost its order
    else:
        span = first.at(0) if first else None
    return Field(
        size=length if whole else largest if complete else None,
        smallest=min((low for low, _ in known), default=0) if complete else None,
        jump=_jump(view),
        padding=-span[0] if span else None if blurred or first else 0,
        centre=Fraction(sum(span), 2) if span else None,
        aligned=None if blurred else len(moving) < 2 and all(p.aligned for p in moving),
        whole=whole,
    )


def _jump(view: View) -> Fraction | None:
    if not view.moving:
        # What all units see alike doesn't move, whatever else they see.
        return None if view.blurred and not view.same else Fraction(0)
    alone = view.blurred is None and len(view.moving) == 1
    return view.moving[0].together.jump if alone else None


def _largest(moving: tuple[Paths, ...]) -> Lattice | None:
    return max((p.largest for p in moving), key=lambda lattice: lattice.size, default=None)
