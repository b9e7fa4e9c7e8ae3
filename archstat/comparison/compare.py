"""A comparison of two architectures: totals, rows of what differs, and the figures printed of both."""

import os
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from archstat.comparison.changes import Change, Rows
from archstat.comparison.match import Pair, match
from archstat.comparison.side import Side, side_of
from archstat.comparison.tree import Looks, Part, joins_again
from archstat.errors import UsageError
from archstat.passes.optimizers import Name
from archstat.report.columns import BY_KEY, READING_BY_KEY, Column
from archstat.report.report import PublishedLine
from archstat.report.wholes import WHOLE_BY_KEY, Whole
from archstat.spec.words import nearest

if TYPE_CHECKING:
    from archstat.report.architecture import Architecture

METRICS = ("params", "macs", "activations", "activation_bytes")
"""What is compared unless asked otherwise."""

KNOWN = (*BY_KEY, *WHOLE_BY_KEY)
"""Every metric that two networks can be compared in."""


class Total(msgspec.Struct, frozen=True):
    """A column's totals, or numbers of the whole network.

    ``None`` is a side that isn't there; a total of which it is ``least`` misses an unknown layer, or is unknown.
    """

    column: Column | Whole
    old: int | None
    new: int | None
    least: bool = False

    @property
    def change(self) -> int | None:
        """New less old; ``None`` where a layer is unknown."""
        return None if self.least else (self.new or 0) - (self.old or 0)


class Comparison(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """Two sides and what differs between them. A side that is ``None`` isn't there: the spec is new, or was removed.

    ``rows`` hold one row for each layer, but one only for what was added, removed or renamed whole; ``layers``
    a row for every layer. The changes of either add up to those of ``totals``.
    """

    old: Side | None
    new: Side | None
    columns: tuple[Column, ...]
    wholes: tuple[Whole, ...] = ()

    @cached_property
    def totals(self) -> tuple[Total, ...]:
        found = []
        for column in self.columns:
            old, new = (
                None if side is None else side.total(column.key) for side in (self.old, self.new)
            )
            least = any(one is not None and not one[1] for one in (old, new))
            found.append(Total(column, old and old[0], new and new[0], least))
        for whole in self.wholes:
            numbers = [
                None if side is None else side.wholes[whole.key] for side in (self.old, self.new)
            ]
            sides = (side for side in (self.old, self.new) if side is not None)
            unknown = any(side.wholes[whole.key] is None for side in sides)
            found.append(Total(whole, numbers[0], numbers[1], unknown))
        return tuple(found)

    @cached_property
    def rows(self) -> tuple[Change, ...]:
        return self._rows.folded()

    @cached_property
    def layers(self) -> tuple[Change, ...]:
        return self._rows.every_layer()

    @cached_property
    def same(self) -> bool:
        """Whether nothing differs: neither a layer nor what arrives, the type or the batch."""
        if self.old is None or self.new is None:
            return False
        settings = self.old.conditions == self.new.conditions
        return settings and all(row.mark == "=" for row in self.rows)

    @property
    def renamed(self) -> bool:
        """Whether both sides are there, and one is called otherwise than the other."""
        both = self.old is not None and self.new is not None
        return both and self.side.reference != (self.old or self.side).reference

    @property
    def side(self) -> Side:
        """The new side, or the old one of what was removed."""
        side = self.new or self.old
        assert side is not None
        return side

    @property
    def published(self) -> tuple[tuple[Side, PublishedLine], ...]:
        """The printed figures of both sides, of quantities that both have one of.

        What is said of a figure on both sides alike is said once, of the new side.
        """
        old, new = self.old, self.new
        if old is None or new is None:
            return ()
        both = {line.quantity for line in old.published}
        both &= {line.quantity for line in new.published}
        found = [(old, line) for line in old.published if line not in new.published]
        found += [(new, line) for line in new.published]
        return tuple((side, line) for side, line in found if line.quantity in both)

    def change(self, key: str) -> int | None:
        """Return what a metric changes by; ``None`` where it is unknown.

        Raises a UsageError for one that isn't compared.
        """
        for total in self.totals:
            if total.column.key == key:
                return total.change
        known = ", ".join(total.column.key for total in self.totals)
        raise UsageError(f"'{key}' was not compared", hint=f"{known} were")

    @cached_property
    def _rows(self) -> Rows:
        looks = Looks()
        gather = any(joins_again(side.layers) for side in (self.old, self.new) if side)
        old, new = (
            looks.grow(side.layers, gather=gather) if side else None
            for side in (self.old, self.new)
        )
        return Rows(self.old, self.new, _paired(old, new, self.old, self.new, looks))


def compare_sides(old: Side | None, new: Side | None) -> Comparison:
    """Compare two sides of the same columns; ``None`` is one that isn't there."""
    side = new or old
    assert side is not None
    columns = tuple(BY_KEY[key] for key in side.keys)
    wholes = tuple(WHOLE_BY_KEY[key] for key in side.wholes)
    return Comparison(old=old, new=new, columns=columns, wholes=wholes)


def compare(
    old: "Architecture | str | os.PathLike[str]",
    new: "Architecture | str | os.PathLike[str]",
    metrics: Sequence[str] = METRICS,
) -> Comparison:
    """Compare two architectures, given as such or as what ``load`` takes. ``metrics`` are keys of columns,
    or of numbers of the whole network such as ``training_peak_bytes``.

    Layers correspond by their path where that agrees, else by their order, ops and options, as lines in a diff.
    Raises what ``load`` raises, and a UsageError for an unknown metric.
    """
    from archstat.report.architecture import Architecture, load

    keys = known_metrics(metrics)
    sides = []
    for one in (old, new):
        net = one if isinstance(one, Architecture) else load(one)
        sides.append(side_of(net.spec, keys, aux=net.aux, settings=net.settings))
    return compare_sides(*sides)


def known_metrics(asked: Sequence[str]) -> tuple[str, ...]:
    """Return the keys of metrics, each once. Raises a UsageError for one that there isn't."""
    for key in asked:
        if key in READING_BY_KEY:
            raise UsageError(
                f"'{key}' can't be compared in: it may differ from axis to axis",
                hint="the totals show the receptive field; 'archstat check --max receptive_field=200' limits it",
            )
        if key not in KNOWN:
            raise UsageError(
                f"no metric '{key[:60]}'",
                hint=nearest(key, KNOWN) or f"there are {', '.join(KNOWN)}",
            )
    return tuple(dict.fromkeys(asked))


def of_training(optimizer: Name) -> tuple[str, ...]:
    """Return the metrics of what training takes: params and MACs, memory by kind, and the most of it at once.

    AdamW has Adam's: it decays weights in place.
    """
    word = "adam" if optimizer == "adamw" else optimizer
    state = () if word == "sgd" else (f"{word}_bytes",)
    peak = "training_peak_bytes" if word == "sgd" else f"{word}_peak_bytes"
    return ("trainable_params", "backward_macs", "saved_bytes", "gradient_bytes", *state, peak)


def _paired(
    old: Part | None, new: Part | None, a: Side | None, b: Side | None, looks: Looks
) -> Pair:
    """Pair the roots, in one direction always: what corresponds doesn't depend on which side is the new one."""
    if old is None or new is None or a is None or b is None:
        side = new or old
        assert side is not None
        alone = [Pair(old and part, new and part, []) for part in side.inside]
        return Pair(old, new, alone)
    if _order(b) < _order(a):
        return match(new, old, looks).turned()
    return match(old, new, looks)


def _order(side: Side) -> tuple[object, ...]:
    return (len(side.layers), [(layer.path, layer.op, layer.options) for layer in side.layers])
