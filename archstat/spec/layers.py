"""Adds layers to the graph: the op with an explicit pad before it where it needs one, its norm and act behind."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from archstat.errors import Mark, SpecError
from archstat.graph import Builder
from archstat.ops.base import Op
from archstat.ops.checks import check_layouts
from archstat.ops.linear import Standing
from archstat.spec.nodes import Scalar, printable
from archstat.spec.outline import Outline
from archstat.spec.scope import Paths, Result, Scope
from archstat.spec.syntax import Insert, JoinEntry, OpEntry
from archstat.spec.values import Names

if TYPE_CHECKING:
    from archstat.spec.recording import Recording


class Tie(msgspec.Struct, frozen=True, eq=False):
    """A call whose layers, below the path ``mine``, use the weights of those below ``theirs``."""

    share: Scalar
    mine: str
    theirs: str

    def owner(self, path: str) -> str:
        """Return the path of the layer whose weights the one at ``path`` uses."""
        return self.theirs + path[len(self.mine) :]


class Frame(msgspec.Struct, frozen=True, eq=False):
    """What the body of a block sees: names for expressions, its own path, and its input. ``number`` is its own in the
    recording."""

    names: Names
    barrier: str = ""
    input: int = 0
    depth: int = 0
    section: str = ""
    number: int = 0
    tie: Tie | None = None


class Place(msgspec.Struct, frozen=True, eq=False):
    """Where a layer is built: the names in its body, what it sees, and where it is written out."""

    scope: Scope
    frame: Frame
    outline: Outline

    def within(self, path: str, at: Scalar, outline: Outline) -> "Place":
        """Return the place of a named body inside this one."""
        return Place(self.scope.within(path, at), self.frame, outline)

    def deeper(self, at: Scalar) -> "Place":
        """Return the place of a body that shares this one's names."""
        return Place(self.scope.deeper(at), self.frame, self.outline)


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
        self._heads = heads

    def names(self, place: Place, arriving: int) -> Names:
        """Return the names of a place, ``channels`` being what arrives."""
        names = place.frame.names
        names["channels"] = self.builder.nodes[arriving].io.y.channels
        return names

    def find(self, name: Scalar, place: Place) -> Result:
        """Find an earlier layer or stage, from the innermost body outwards; raise if there is none."""
        found = self.paths.find(name.text, place.scope.path, place.frame.barrier)
        return found or self.paths.unknown(name, place.scope.path, place.frame.barrier)

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
            weights = self._tied(op, path, place)
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
                weights = self._weights(op, owner, entry.share)
            layer = result = self._add(path, op, (arriving,), place, entry.mark, weights)
            if self.tape is not None and split is not None:
                self.tape.behind_pad(arriving, weights)
                self._held(layer, weights, place)
            elif self.tape is not None:
                self.tape.layer(entry.recipe, place.frame.number, arriving, weights)
                self._held(layer, weights, place)
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
                weights: int | None = self._weights(
                    op, self.find(insert.share, place), insert.share
                )
            else:
                weights = self._tied(op, path, place)
            share = insert.share.text if insert.share else self._path(weights)
            place.outline.insert(path, op, share=share)
            added = self._add(path, op, (arriving,), place, mark, weights)
            if self.tape is not None:
                self.tape.layer(insert.recipe, place.frame.number, arriving, weights)
                self._held(added, weights, place)
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

    def _weights(self, op: Op, owner: Result, share: Scalar) -> int:
        """Return the node whose weights an op uses."""
        name = printable(share.text)
        if owner.layer is None:
            raise share.error(f"'{name}' is not a layer with weights")
        node = self.builder.nodes[owner.layer]
        if not node.params():
            raise share.error(f"'{name}' has no weights to share")
        mine, theirs = groups(op), groups(node.op)
        if mine != theirs:
            raise share.error(f"groups {mine} can't share the weights of groups {theirs}")
        return node.owner

    def _tied(self, op: Op, path: str, place: Place) -> int | None:
        """Return the node whose weights a layer uses because its block's call shares them; ``None`` if it has none."""
        tie = place.frame.tie
        if tie is None:
            return None
        theirs = tie.owner(path)
        found = self.paths.get(theirs)
        node = None if found is None or found.layer is None else self.builder.nodes[found.layer]
        if node is None or type(node.op) is not type(op):
            raise tie.share.error(
                f"'{printable(tie.share.text)}' has no {op.word} at '{theirs}' for '{path}' to share",
                hint="share an earlier call of the same block",
            )
        held = bool(node.params())
        if self.tape is not None:
            self.tape.holds(node.owner, held)
        return node.owner if held else None

    def _held(self, added: int, owner: int | None, place: Place) -> None:
        """Take down that a layer of a call that shares weights has none."""
        if self.tape is not None and place.frame.tie is not None and owner is None:
            self.tape.holds(added, False)

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
        section, tie = place.frame.section, place.frame.tie
        added = self.builder.add(path, op, inputs, owner=owner, section=section, mark=mark)
        if owner is None and tie is not None and self.builder.nodes[added].params():
            raise tie.share.error(f"'{tie.owner(path)}' has no weights for '{path}' to share")
        return added


def groups(op: Op) -> int:
    """Return into how many groups an op's weights fall."""
    found: int = getattr(op, "groups", 1)
    return found


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
