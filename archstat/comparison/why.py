"""What differs between two layers that correspond, in a few words."""

from collections.abc import Iterator, Mapping, Sequence

from archstat.comparison.side import Layer
from archstat.ops import catalogue
from archstat.ops.written import default
from archstat.tensor import Shape


class Why:
    """Compares layers of two sides; ``partner`` says which old layer corresponds to which new one."""

    def __init__(
        self, old: Sequence[Layer], new: Sequence[Layer], partner: Mapping[int, int]
    ) -> None:
        self._old, self._new, self._partner = old, new, partner
        self._kept = set(partner.values())

    def differs(self, old: int, new: int, costs: bool) -> Iterator[str]:
        """Yield what differs: ``kernel 5 -> 3``.

        Another shape arrives at all layers behind a change; it is said where it ``costs`` something.
        """
        a, b = self._old[old], self._new[new]
        said = False
        if a.op != b.op:
            said = True
            yield f"{a.op} -> {b.op}"
        elif a.options != b.options:
            said = True
            yield from _options(a, b)
        if a.frozen != b.frozen:
            said = True
            yield "frozen" if b.frozen else "no longer frozen"
        if (a.owner != old) != (b.owner != new):
            said = True
            yield "shares weights" if b.owner != new else "weights of its own"
        yield from self._reads(old, new)
        if not costs:
            return
        before, after = self._arriving(self._old, a), self._arriving(self._new, b)
        if before != after and len(before) == len(after) == 1:
            yield f"input {_shape(before[0])} -> {_shape(after[0])}"
        elif a.output != b.output and not said:
            yield f"output {_shape(a.output)} -> {_shape(b.output)}"

    def _reads(self, old: int, new: int) -> Iterator[str]:
        """Say that a layer reads another one than before, unless that was added or removed."""
        before, after = self._old[old].inputs, self._new[new].inputs
        if len(before) != len(after):
            yield f"{len(before)} -> {len(after)} inputs"
            return
        for x, y in zip(before, after, strict=True):
            if x in self._partner and y in self._kept and self._partner[x] != y:
                yield f"reads {self._new[y].path}, was {self._old[x].path}"

    def _arriving(self, layers: Sequence[Layer], layer: Layer) -> tuple[Shape, ...]:
        return tuple(layers[i].output for i in layer.inputs)


def _options(a: Layer, b: Layer) -> Iterator[str]:
    """Say which options differ; the one that an entry's word gives goes by that word: ``conv 64 -> 128``."""
    before, after = dict(a.options), dict(b.options)
    kind = catalogue.CATALOGUE.get(a.op)
    for name in dict.fromkeys([*before, *after]):
        if before.get(name) == after.get(name):
            continue
        unset = default(kind, name) if kind else ""
        shown = a.op if kind is not None and kind.main == name else name
        yield f"{shown} {before.get(name, unset) or 'unset'} -> {after.get(name, unset) or 'unset'}"


def _shape(sizes: Shape) -> str:
    return "x".join(map(str, sizes)) or "1"
