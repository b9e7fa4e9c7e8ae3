"""Entries -> graph: blocks are called, repeats unrolled, expressions evaluated, and each layer is shaped as it
is added."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from archstat.errors import SpecError
from archstat.graph import Builder
from archstat.ops import catalogue
from archstat.ops.linear import Standing
from archstat.ops.options import Value, show
from archstat.spec.calls import DEEPEST_BLOCK, names_inside
from archstat.spec.copies import Copy, Key, key
from archstat.spec.grammar import Grammar
from archstat.spec.layers import Layers
from archstat.spec.nodes import Scalar
from archstat.spec.outline import Outline, Unwritten
from archstat.spec.places import Frame, Place, Tie
from archstat.spec.scope import Result, Scope
from archstat.spec.syntax import (
    Body,
    Branch,
    CallEntry,
    Entry,
    GroupEntry,
    JoinEntry,
    ListBody,
    MapBody,
    OpEntry,
)
from archstat.spec.values import Names, Written, weight

if TYPE_CHECKING:
    from archstat.spec.recording import Recording


class Expansion:
    """Builds one document's graph; ``heads`` are layers, by path, with another number of outputs. ``tape`` takes down
    what is done."""

    def __init__(
        self,
        grammar: Grammar,
        builder: Builder,
        variables: dict[str, Value],
        max_layers: int,
        heads: Mapping[str, int] = {},
        tape: "Recording | None" = None,
    ) -> None:
        self.grammar = grammar
        self.builder = builder
        self.variables = variables
        self.max_layers = max_layers
        self.heads = heads
        self.tape = tape
        self.layers = Layers(builder, heads, tape)
        self.paths, self.ties = self.layers.paths, self.layers.ties
        self.copies: dict[Key, Copy] = {}
        self.steps = 0

    def network(self, body: Body, outline: Outline) -> int:
        """Build the layers and return the node of the result."""
        frame = Frame(Names({}, self.variables))
        return self._body(body, 0, Place(Scope(), frame, outline), alone=True)

    def head(self, name: Scalar, body: Body, outline: Outline) -> None:
        """Build one auxiliary head, which begins with ``from:``."""
        if self.paths.get(name.text) is not None:
            raise name.error(f"there is a stage '{name.text}' already")
        inner = body
        while isinstance(inner, MapBody):
            inner = inner.stages[0][1]
        if not inner.entries or inner.entries[0].source is None:
            raise name.error(
                f"the head '{name.text}' must begin with 'from:', the layer it hangs on",
                hint=f"write {name.text}: [from: layer, ...]",
            )
        frame = Frame(Names({}, self.variables), section=name.text)
        result = self._body(body, 0, Place(Scope(name.text), frame, outline), alone=True)
        self.paths.add(name.text, Result(result))

    def find(self, name: Scalar) -> Result:
        """Find a path from the top."""
        return self.paths.find(name.text, "", "") or self.paths.unknown(name, "", "")

    # Bodies

    def _body(self, body: Body, arriving: int, place: Place, *, alone: bool) -> int:
        """Build a body; one that stands ``alone`` under its name gives it to a lone block call."""
        if isinstance(body, MapBody):
            for key, inner in body.stages:
                self._count(key)
                path = place.scope.join(place.scope.take(key))
                stage = place.within(path, key, place.outline.stage(key.text))
                arriving = self._body(inner, arriving, stage, alone=True)
                if not (isinstance(inner, ListBody) and self._stands_for(inner.one_layer, path)):
                    self.paths.add(path, Result(arriving))
            return arriving
        alone = alone and body.is_one_call
        for entry in body.entries:
            arriving = self._entry(entry, arriving, place, alone=alone)
        return arriving

    def _entry(self, entry: Entry, arriving: int, place: Place, *, alone: bool) -> int:
        self._count(entry.key)
        if entry.when is not None and not self._condition(entry.when, arriving, place):
            return arriving
        if entry.source is not None:
            arriving = self._source(entry.source, place)
        if isinstance(entry, GroupEntry):
            if not entry.body.entries:
                return arriving
            return self._body(entry.body, arriving, place.deeper(entry.key), alone=False)
        if alone and isinstance(entry, CallEntry):
            owner_path = self.ties.call(entry, "", "", place)
            return self._call(entry, arriving, place.deeper(entry.key), owner_path)
        copies = 1 if entry.repeat is None else self._repeat(entry.repeat, arriving, place)
        first: Result | None = None
        first_path = ""
        for copy in range(1, copies + 1):
            if copy > 1:
                self._count(entry.key)
            name = self._name(entry, place.scope, copy)
            path = place.scope.join(name)
            if isinstance(entry, OpEntry):
                self.steps += entry.recipe.weight
                owner = self.ties.owner(entry, name, first, place) if entry.share else None
                result = self.layers.layer(entry, path, arriving, place, owner)
                first = first or result
                arriving = result.node
            elif isinstance(entry, CallEntry):
                inside = place.within(path, entry.key, place.outline.block(name))
                owner_path = self.ties.call(entry, name, first_path, place)
                arriving = self._call(entry, arriving, inside, owner_path)
                self.paths.add(path, Result(arriving))
                first_path = first_path or path
            else:
                assert isinstance(entry, JoinEntry)
                arriving = self._join(entry, arriving, path, name, place)
        return arriving

    def _count(self, at: Scalar) -> None:
        self.steps += 1
        if self.steps > self.max_layers:
            raise at.error(
                f"the spec expands to more than {self.max_layers:,} layers",
                hint="--max-layers allows more",
            )

    @staticmethod
    def _name(entry: Entry, scope: Scope, copy: int) -> str:
        """Take the name of one copy: numbered by its word, or as the spec says."""
        if entry.name is None:
            return scope.number(entry.word)
        numbered = None if entry.repeat is None else f"{entry.name.text}{copy}"
        return scope.take(entry.name, numbered)

    def _stands_for(self, only: OpEntry | None, stage: str) -> bool:
        """Let a stage of one layer stand for it, and for what is inserted behind it; say whether it is one."""
        if only is None:
            return False
        path = f"{stage}.{only.name.text if only.name else f'{only.word}1'}"
        found = self.paths.get(path)
        if found is None:
            return False  # its ``when`` doesn't hold
        self.paths.add(stage, found)
        for insert in "norm", "act":
            inserted = self.paths.get(f"{path}.{insert}")
            if inserted is not None:
                self.paths.add(f"{stage}.{insert}", inserted)
        return True

    # Joins and calls

    def _join(self, entry: JoinEntry, arriving: int, path: str, name: str, place: Place) -> int:
        outline = place.outline.join(name, entry.word, named=entry.name is not None)
        scope = place.scope
        names = [b.name for b in entry.branches if b.name is not None]
        free = all(n.text not in scope.taken for n in names)
        for taken in names if free else ():
            scope.take(taken)
        inputs: list[int] = []
        hidden: list[dict[str, Result]] = []
        for number, branch in enumerate(entry.branches, 1):
            label = branch.name.text if branch.name else None
            branch_path = f"{path}.{label or f'branch{number}'}"
            if label is not None and free:
                branch_path = scope.join(label)
            inside = Place(scope.within(branch_path, entry.key), place.frame, outline.branch(label))
            self._count(branch.name or entry.key)
            self.paths.open()
            result = self._branch(branch, arriving, place.scope, inside)
            if label is not None:
                self.paths.add(branch_path, Result(result))
            hidden.append(self.paths.close())
            inputs.append(result)
        for paths in hidden:
            self.paths.reveal(paths)
        return self.layers.join(entry, path, arriving, inputs, Place(scope, place.frame, outline))

    def _branch(self, branch: Branch, arriving: int, around: Scope, inside: Place) -> int:
        """Build a branch: a body, or the name of an earlier output, which is looked up in the body around."""
        name = branch.reference
        if name is not None:
            barrier = inside.frame.barrier
            op = name.text in catalogue.CATALOGUE
            if self.paths.find_exactly(name.text, around.path, barrier) is not None:
                if op or branch.body is not None:
                    raise name.error(
                        f"'{name.text}' is {'an op' if op else 'a block'} and an earlier stage here",
                        hint=f"write [{name.text}] for the layer, or the stage's full path",
                    )
            elif op and branch.body is None:
                self.paths.unknown(name, around.path, barrier, f"write [{name.text}: ...]")
        if branch.body is not None:
            return self._body(branch.body, arriving, inside, alone=True)
        assert name is not None
        return self._source(name, Place(around, inside.frame, inside.outline))

    def _call(self, entry: CallEntry, arriving: int, place: Place, owner: str) -> int:
        """Call a block, whose layers have the weights of those below the path ``owner`` if one is given."""
        frame = place.frame
        if frame.depth >= DEEPEST_BLOCK:
            raise entry.key.error(f"blocks nest deeper than {DEEPEST_BLOCK}")
        self.steps += entry.weight
        names = names_inside(entry, self.layers.names(place, arriving))
        number = 0 if self.tape is None else self.tape.enter(entry, frame.number, arriving)
        tie = frame.tie
        if owner and entry.share is not None:
            tie = Tie(entry.share, place.scope.path, owner)
        path, depth = place.scope.path, frame.depth + 1
        inner = Frame(names, path, arriving, depth, frame.section, number, tie)
        inside = Place(place.scope, inner, place.outline)
        # A call with a new head in it is like no other, nor is one with another's weights.
        if isinstance(place.outline, Unwritten) and not self.heads and tie is None:
            return self._alike(entry, arriving, inside)
        return self._expand(entry, arriving, inside)

    def _alike(self, entry: CallEntry, arriving: int, inside: Place) -> int:
        """Add the layers of a call that was met before, or expand it and keep them."""
        frame, scope, nodes = inside.frame, inside.scope, self.builder.nodes
        # A learnable table is laid out as what stands beside it, so that it counts whether one arrives.
        table = isinstance(nodes[arriving].op, Standing)
        around = (entry.block.name, scope.level, frame.depth, not scope.path, table)
        params = entry.block.params
        alike = key(frame.names, params, nodes[arriving].io.y, around)
        copy = self.copies.get(alike)
        if copy is not None and not copy.fits(scope.path, self.max_layers - self.steps):
            copy = None
        if self.tape is not None:
            self.tape.alike(frame.number, params, arriving, around, copy)
        if copy is not None:
            self.steps += copy.steps
            return copy.add(self.builder, self.paths, scope.path, arriving, frame.section)
        first, steps = len(nodes), self.steps
        self.paths.open()
        result = self._expand(entry, arriving, inside)
        added, steps = self.paths.keep(), self.steps - steps
        cut = len(scope.path)
        added_nodes = tuple(nodes[first:])
        self.copies[alike] = Copy(added_nodes, added, first, cut, result, steps, frame.number)
        return result

    def _expand(self, entry: CallEntry, arriving: int, inside: Place) -> int:
        block = entry.block
        try:
            return self._body(self.grammar.block_bodies[block.name], arriving, inside, alone=True)
        except SpecError as error:
            raise error.inside(f"in {block.name}, called at {_place(entry, block.key)}") from None

    def _source(self, name: Scalar, place: Place) -> int:
        """Return the node that a name means, and note that it arrives from here on."""
        found = place.frame.input if name.text == "input" else None
        node = place.find(name, self.paths).node if found is None else found
        # A block's own names need their full path where the block is written out.
        place.outline.reference(self.builder.nodes[node].path if place.frame.depth else name.text)
        return node

    # Values

    def _condition(self, when: Written, arriving: int, place: Place) -> bool:
        self.steps += weight(when)
        value = when.value(self.layers.names(place, arriving))
        if not isinstance(value, bool):
            raise when.node.error(
                f"'when' needs a condition (true or false), not {show(value)}",
                hint="compare it: stride > 1",
            )
        if self.tape is not None:
            self.tape.asked(when, place.frame.names, place.frame.number, arriving, value)
        return value

    def _repeat(self, repeat: Written, arriving: int, place: Place) -> int:
        self.steps += weight(repeat)
        value = repeat.value(self.layers.names(place, arriving))
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            hint = "'when: false' leaves a layer out" if value == 0 else None
            raise repeat.node.error(
                f"'repeat' must be a positive whole number, not {show(value)}", hint=hint
            )
        if self.tape is not None:
            self.tape.asked(repeat, place.frame.names, place.frame.number, arriving, value)
        return value


def _place(entry: Entry, block: Scalar) -> str:
    """Return the line of a call, and its file if the block is in another."""
    at = entry.key
    here = at.origin is block.origin
    return f"line {at.line + 1}" if here else f"line {at.line + 1} of {at.origin.file}"
