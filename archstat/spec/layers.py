"""Adds layers to the graph: the op with an explicit pad before it where it needs one, its norm and act behind."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from archstat.errors import Mark, SpecError
from archstat.graph import Builder
from archstat.ops.base import Op
from archstat.ops.checks import check_layouts
from archstat.ops.linear import Standing
from archstat.spec.places import Place
from archstat.spec.scope import Paths, Result
from archstat.spec.syntax import Insert, JoinEntry, OpEntry
from archstat.spec.ties import Ties
from archstat.spec.values import Names

if TYPE_CHECKING:
    from archstat.spec.recording import Recording


class Layers:
    """The layers of one graph, and the paths by which later ones name them.

    ``heads`` are layers, by path, that get another number of outputs than the spec says. ``tape`` takes down what is
    added.
    """

    def __init__(
        self, builder: Builder, heads: Mapping[str, int], tape: "Recording | None" = None
    ) -> None:
        self.builder = builder
        self.tape = tape
        self.paths = Paths()
        self.ties = Ties(builder, self.paths, tape)
        self._heads = heads

    def names(self, place: Place, arriving: int) -> Names:
        """Return the names of a place, ``channels`` being what arrives."""
        names = place.frame.names
        names["channels"] = self.builder.nodes[arriving].io.y.channels
        return names

    def layer(
        self, entry: OpEntry, path: str, arriving: int, place: Place, owner: Result | None
    ) -> Result:
        """Add an entry's layer, with the weights of ``owner`` if one is given."""
        op = entry.recipe.make(self.names(place, arriving))
        if path in self._heads:
            from archstat.spec.new_heads import with_outputs

            op = with_outputs(op, self._heads[path])
        weights = None
        if owner is None:
            weights = self.ties.tied(op, path, place)
        share = entry.share.text if entry.share else self._path(weights)
        place.outline.layer(path, op, share=share, named=entry.name is not None)
        try:
            split = op.split(self.builder.nodes[arriving].output)
            if self.tape is not None:
                self.tape.split(op, entry.recipe, place.frame.number, arriving, split)
            if split is not None:
                pad, op = split
                arriving = self._add(f"{path}.pad", pad, (arriving,), place, entry.mark)
            if owner is not None and entry.share is not None:
                weights = self.ties.weights(op, owner, entry.share)
            layer = result = self._add(path, op, (arriving,), place, entry.mark, weights)
            if self.tape is not None and split is not None:
                self.tape.behind_pad(arriving, weights)
                self.ties.held(layer, weights, place)
            elif self.tape is not None:
                self.tape.layer(entry.recipe, place.frame.number, arriving, weights)
                self.ties.held(layer, weights, place)
        except SpecError as error:
            raise error.at(_blame(error, entry)) from None
        if entry.norm is not None:
            result = self._insert(entry, entry.norm, f"{path}.norm", result, place)
        if entry.act is not None:
            result = self._insert(entry, entry.act, f"{path}.act", result, place)
        found = Result(result, layer)
        self.paths.add(path, found)
        return found

    def _insert(
        self, entry: OpEntry, insert: Insert, path: str, arriving: int, place: Place
    ) -> int:
        # What `defaults:` inserts doesn't fit because of the layer, not because of the default.
        mark = entry.mark if insert.default else insert.mark
        try:
            op = insert.recipe.make(self.names(place, arriving))
            if insert.share is not None:
                weights: int | None = self.ties.weights(
                    op, place.find(insert.share, self.paths), insert.share
                )
            else:
                weights = self.ties.tied(op, path, place)
            share = insert.share.text if insert.share else self._path(weights)
            place.outline.insert(path, op, share=share)
            added = self._add(path, op, (arriving,), place, mark, weights)
            if self.tape is not None:
                self.tape.layer(insert.recipe, place.frame.number, arriving, weights)
                self.ties.held(added, weights, place)
        except SpecError as error:
            if insert.default:
                what = path.rpartition(".")[2]
                error.inside(f"in the {what} that the default at line {insert.mark.line} adds")
            raise error.at(mark) from None
        self.paths.add(path, Result(added, added))
        return added

    def join(
        self, entry: JoinEntry, path: str, arriving: int, inputs: Sequence[int], place: Place
    ) -> int:
        """Add the op that joins the branches' outputs ``inputs``."""
        from archstat.ops.join import Add, Concat, Div, Join, Mul, Sub

        op = entry.recipe.make(self.names(place, arriving))
        try:
            nodes = [self.builder.nodes[i] for i in inputs]
            if isinstance(op, Join):
                op.check(tuple([node.output for node in nodes]), entry.labels)
            # These have their channels in the same place; a table is laid out as what stands beside it.
            alike = isinstance(op, (Add, Concat, Div, Mul, Sub))
            laid = [
                at for at, node in enumerate(nodes) if alike and not isinstance(node.op, Standing)
            ]
            check_layouts(op.word, [(entry.labels[at], nodes[at].output) for at in laid])
            added = self._add(path, op, tuple(inputs), place, entry.mark)
            if self.tape is not None:
                same = tuple([inputs[at] for at in laid])
                self.tape.join(entry.recipe, place.frame.number, arriving, tuple(inputs), same)
        except SpecError as error:
            raise error.at(_blame(error, entry)) from None
        place.outline.joined(op)
        self.paths.add(path, Result(added, added))
        return added

    def _path(self, index: int | None) -> str | None:
        return None if index is None else self.builder.nodes[index].path

    def _add(
        self,
        path: str,
        op: Op,
        inputs: tuple[int, ...],
        place: Place,
        mark: Mark,
        owner: int | None = None,
    ) -> int:
        section = place.frame.section
        added = self.builder.add(path, op, inputs, owner=owner, section=section, mark=mark)
        self.ties.check(added, path, place, owner)
        return added


def _blame(error: SpecError, entry: OpEntry | JoinEntry) -> Mark:
    """Return the place of the option that a message is about, else of the entry.

    It is the option that the message begins with, or the main value where that comes behind the word.
    """
    words = [word.strip("':") for word in error.message.split(maxsplit=2)[:2]]
    first, second = (*words, "", "")[:2]
    about = second if first == entry.word and second == entry.recipe.op.main else first
    if about not in entry.given:
        return entry.mark
    key, value = entry.given[about]
    return value.mark if key is entry.key else key.mark
