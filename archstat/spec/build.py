"""Entries -> graph: blocks are called, repeats unrolled, expressions evaluated, and each layer is shaped as it
is added."""

from typing import NoReturn

import msgspec

from archstat.errors import Mark, SpecError, require
from archstat.graph import Builder
from archstat.ops import catalogue
from archstat.ops.base import Op
from archstat.ops.join import Join
from archstat.ops.options import Kind, Value, Word, show
from archstat.spec import expressions
from archstat.spec.document import Block
from archstat.spec.grammar import DEEPEST_BLOCK, Grammar
from archstat.spec.nodes import Scalar, Sequence, YamlNode, printable
from archstat.spec.outline import Outline
from archstat.spec.scope import Paths, Result, Scope
from archstat.spec.syntax import (
    Body,
    Branch,
    CallEntry,
    Entry,
    FromEntry,
    GroupEntry,
    Insert,
    JoinEntry,
    MapBody,
    OpEntry,
    Options,
)


class Frame(msgspec.Struct, frozen=True, eq=False):
    """What a block's body sees: names for expressions, its own path, and its input."""

    names: dict[str, Value]
    barrier: str
    input: int
    depth: int
    section: str = ""


class Expansion:
    """Builds one document's graph."""

    def __init__(
        self, grammar: Grammar, builder: Builder, variables: dict[str, Value], max_layers: int
    ) -> None:
        self.grammar = grammar
        self.builder = builder
        self.variables = variables
        self.max_layers = max_layers
        self.paths = Paths()
        self.steps = 0

    def network(self, body: Body, outline: Outline) -> int:
        """Build the layers and return the node of the result."""
        return self._body(body, 0, Scope(""), Frame(dict(self.variables), "", 0, 0), outline)

    def head(self, name: Scalar, body: Body, outline: Outline) -> None:
        """Build one auxiliary head, which begins with ``from:``."""
        frame = Frame(dict(self.variables), "", 0, 0, name.text)
        inner = body
        while isinstance(inner, MapBody):
            inner = inner.stages[0][1]
        first = inner.entries[0] if inner.entries else None
        if first is None or first.source is None:
            raise name.error(
                f"the head '{name.text}' must begin with 'from:', the layer it hangs on"
            )
        result = self._body(body, 0, Scope(name.text), frame, outline)
        self.paths.add(name.text, Result(result))

    def find(self, name: Scalar) -> Result:
        """Find a path from the top."""
        found = self.paths.find(name.text, "", "")
        if found is None:
            self._unknown(name, "", "")
        return found

    def _unknown(self, name: Scalar, scope: str, barrier: str) -> NoReturn:
        where = " in this block" if barrier else ""
        raise name.error(
            f"no earlier layer or stage is called '{printable(name.text)}'{where}",
            hint=self.paths.suggest(name.text, scope, barrier),
        )

    # Bodies

    def _body(self, body: Body, arriving: int, scope: Scope, frame: Frame, outline: Outline) -> int:
        if isinstance(body, MapBody):
            for key, inner in body.stages:
                self._count(key)
                path = scope.join(scope.take(key))
                stage = outline.stage(key.text)
                arriving = self._body(inner, arriving, Scope(path), frame, stage)
                self.paths.add(path, Result(arriving))
            return arriving
        alone = body.is_one_call
        for entry in body.entries:
            arriving = self._entry(entry, arriving, scope, frame, outline, alone=alone)
        return arriving

    def _entry(
        self,
        entry: Entry,
        arriving: int,
        scope: Scope,
        frame: Frame,
        outline: Outline,
        *,
        alone: bool,
    ) -> int:
        self._count(entry.key)
        if entry.when is not None and not self._condition(entry.when, frame, arriving):
            return arriving
        if entry.source is not None:
            arriving = self._source(entry.source, scope, frame)
            outline.reference(self._written(entry.source, arriving, frame))
        if isinstance(entry, FromEntry):
            return arriving
        copies = 1 if entry.repeat is None else self._repeat(entry.repeat, frame, arriving)
        for copy in range(copies):
            if copy:
                self._count(entry.key)
            arriving = self._copy(
                entry, arriving, scope, frame, outline, copy=copy + 1, copies=copies, alone=alone
            )
        return arriving

    def _copy(
        self,
        entry: Entry,
        arriving: int,
        scope: Scope,
        frame: Frame,
        outline: Outline,
        *,
        copy: int,
        copies: int,
        alone: bool,
    ) -> int:
        if isinstance(entry, GroupEntry):
            return self._body(entry.body, arriving, scope, frame, outline)
        if alone and isinstance(entry, CallEntry):
            return self._call(entry, arriving, scope, frame, outline)
        if entry.name is None:
            name = scope.number(entry.word)
        else:
            name = scope.take(
                entry.name, None if entry.repeat is None else f"{entry.name.text}{copy}"
            )
        path = scope.join(name)
        if isinstance(entry, CallEntry):
            result = self._call(entry, arriving, Scope(path), frame, outline.block(name))
            self.paths.add(path, Result(result))
            return result
        if isinstance(entry, JoinEntry):
            return self._join(
                entry,
                arriving,
                scope,
                path,
                frame,
                outline.join(name, entry.word, named=entry.name is not None),
            )
        assert isinstance(entry, OpEntry)
        first_copy = copy == 1 and copies > 1
        return self._layer(entry, arriving, scope, path, frame, outline, first_copy=first_copy)

    def _count(self, at: Scalar) -> None:
        self.steps += 1
        if self.steps > self.max_layers:
            raise at.error(
                f"the spec expands to more than {self.max_layers:,} layers",
                hint="--max-layers allows more",
            )

    # Layers

    def _layer(
        self,
        entry: OpEntry,
        arriving: int,
        scope: Scope,
        path: str,
        frame: Frame,
        outline: Outline,
        *,
        first_copy: bool,
    ) -> int:
        x = self.builder.nodes[arriving].output
        names = self._names(frame, arriving)
        defaults = self.grammar.defaults.get(entry.word)
        op = self._op(entry.op, entry.options, entry.key, names)
        owner = self._owner(entry, scope, frame, first_copy=first_copy)
        outline.layer(
            path,
            op,
            share=entry.share.text if entry.share else None,
            named=entry.name is not None,
        )
        try:
            split = op.split(x)
            if split is not None:
                pad, op = split
                arriving = self._add(f"{path}.pad", pad, arriving, frame, entry.key)
            layer = result = self._add(path, op, arriving, frame, entry.key, owner)
        except SpecError as error:
            raise error.at(_blame(error, entry)) from None
        for given, default, suffix in (
            (entry.norm, defaults and defaults.norm, "norm"),
            (entry.act, defaults and defaults.act, "act"),
        ):
            insert = given or default or None
            if insert is not None and insert.op is not None:
                result = self._insert(insert, f"{path}.{suffix}", result, frame, outline)
        self.paths.add(path, Result(result, layer))
        return result

    def _insert(
        self, insert: Insert, path: str, arriving: int, frame: Frame, outline: Outline
    ) -> int:
        assert insert.op is not None
        options = dict(insert.options)
        op = self._op(insert.op, options, insert.key, self._names(frame, arriving))
        if path.endswith(".act") and "inplace" in insert.op.options() and "inplace" not in options:
            op = msgspec.structs.replace(op, inplace=True)
        outline.insert(path, op)
        try:
            added = self._add(path, op, arriving, frame, insert.key)
        except SpecError as error:
            raise error.at(insert.key.mark) from None
        self.paths.add(path, Result(added, added))
        return added

    def _add(
        self,
        path: str,
        op: Op,
        arriving: int | tuple[int, ...],
        frame: Frame,
        key: Scalar,
        owner: int | None = None,
    ) -> int:
        inputs = (arriving,) if isinstance(arriving, int) else arriving
        return self.builder.add(path, op, inputs, owner=owner, section=frame.section, mark=key.mark)

    def _op(self, op: type[Op], options: Options, key: Scalar, names: dict[str, Value]) -> Op:
        """Evaluate the options over the defaults and make the op."""
        kinds = op.options()
        values: dict[str, object] = {}
        defaults = self.grammar.defaults.get(op.word)
        for name, (at, node) in ({**defaults.options, **options} if defaults else options).items():
            try:
                values[name] = kinds[name].read(name, self._value(node, kinds[name], names))
            except SpecError as error:
                raise error.at(node.mark if isinstance(node, Scalar) else at.mark) from None
        try:
            return op(**values)
        except TypeError:
            fields = msgspec.structs.fields(op)
            first = next(f.name for f in fields if f.required and f.name not in values)
            example = f"{op.word}: 64" if first == op.main else f"{{{op.word}: ..., {first}: ...}}"
            raise key.error(f"'{op.word}' needs '{first}'", hint=f"write {example}") from None

    def _owner(self, entry: OpEntry, scope: Scope, frame: Frame, *, first_copy: bool) -> int | None:
        share = entry.share
        if share is None:
            return None
        own = share.text in (entry.word, entry.name.text if entry.name else None)
        found = self.paths.find(f"{share.text}1", scope.path, frame.barrier) if own else None
        found = found or self.paths.find(share.text, scope.path, frame.barrier)
        if found is None:
            if own and first_copy:
                return None
            self._unknown(share, scope.path, frame.barrier)
        if found.layer is None:
            raise share.error(f"'{printable(share.text)}' is not a layer with weights")
        owner = self.builder.nodes[found.layer].owner
        require(bool(self.builder.nodes[owner].params()), f"'{share.text}' has no weights to share")
        return owner

    # Joins and calls

    def _join(
        self,
        entry: JoinEntry,
        arriving: int,
        scope: Scope,
        path: str,
        frame: Frame,
        outline: Outline,
    ) -> int:
        names = [b.name for b in entry.branches if b.name is not None]
        free = all(name.text not in scope.taken for name in names)
        if free:
            for name in names:
                scope.take(name)
        inputs: list[int] = []
        layers: list[dict[str, Result]] = []
        for number, branch in enumerate(entry.branches, 1):
            if branch.name is not None and free:
                branch_path = scope.join(branch.name.text)
            else:
                branch_path = f"{path}.{branch.name.text if branch.name else f'branch{number}'}"
            self.paths.push()
            inner = outline.branch(branch.name.text if branch.name else None)
            result = self._branch(branch, arriving, scope, branch_path, frame, inner)
            if branch.name is not None:
                self.paths.add(branch_path, Result(result))
            layers.append(self.paths.pop())
            inputs.append(result)
        for layer in layers:
            self.paths.merge(layer)
        op = self._op(entry.op, entry.options, entry.key, self._names(frame, arriving))
        outline.joined(op)
        try:
            self._agree(op, entry, inputs)
            result = self._add(path, op, tuple(inputs), frame, entry.key)
        except SpecError as error:
            raise error.at(_blame(error, entry)) from None
        self.paths.add(path, Result(result, result))
        return result

    def _branch(
        self, branch: Branch, arriving: int, scope: Scope, path: str, frame: Frame, outline: Outline
    ) -> int:
        if branch.body is not None:
            return self._body(branch.body, arriving, Scope(path), frame, outline)
        assert branch.reference is not None
        name = branch.reference
        self._count(name)
        found = name.text == "input" or self.paths.find(name.text, scope.path, frame.barrier)
        if name.text in catalogue.CATALOGUE:
            raise name.error(
                f"'{name.text}' is an op and an earlier stage here"
                if found
                else f"a branch is a list of layers, and '{name.text}' is a bare word",
                hint=f"write [{name.text}] for the op"
                + (", or the stage's full path" if found else ""),
            )
        node = self._source(name, scope, frame)
        outline.reference(self._written(name, node, frame))
        return node

    def _written(self, name: Scalar, node: int, frame: Frame) -> str:
        """Return a name that holds where blocks are written out: a block's own names need their full path."""
        return self.builder.nodes[node].path if frame.depth else name.text

    def _agree(self, op: Op, entry: JoinEntry, inputs: list[int]) -> None:
        """Refuse branches that don't fit together, by the names they have in the spec."""
        if isinstance(op, Join):
            names = tuple(
                branch.name.text if branch.name else str(number)
                for number, branch in enumerate(entry.branches, 1)
            )
            op.check(tuple(self.builder.nodes[i].output for i in inputs), names)

    def _call(
        self, entry: CallEntry, arriving: int, scope: Scope, frame: Frame, outline: Outline
    ) -> int:
        block = entry.block
        if frame.depth >= DEEPEST_BLOCK:
            raise entry.key.error(f"blocks nest deeper than {DEEPEST_BLOCK}")
        caller = self._names(frame, arriving)
        names: dict[str, Value] = {**self.variables, "channels": caller["channels"]}
        for param in block.params:
            given = entry.arguments.get(param)
            if given is None:
                names[param] = self._default(block, param, names)
            else:
                names[param] = self._value(given[1], None, caller)
        inner = Frame(names, scope.path, arriving, frame.depth + 1, frame.section)
        try:
            return self._body(
                self.grammar.block_bodies[block.name], arriving, scope, inner, outline
            )
        except SpecError as error:
            raise error.inside(f"in {block.name}, called at {_place(entry)}") from None

    @staticmethod
    def _default(block: Block, param: str, names: dict[str, Value]) -> Value:
        try:
            return expressions.evaluate_tree(block.defaults[param], names)
        except SpecError as error:
            raise error.at(block.key.mark) from None

    def _source(self, name: Scalar, scope: Scope, frame: Frame) -> int:
        if name.text == "input":
            return frame.input
        found = self.paths.find(name.text, scope.path, frame.barrier)
        if found is None:
            self._unknown(name, scope.path, frame.barrier)
        return found.node

    # Values

    def _names(self, frame: Frame, arriving: int) -> dict[str, Value]:
        frame.names["channels"] = self.builder.nodes[arriving].output.channels
        return frame.names

    def _value(self, node: YamlNode, kind: Kind | None, names: dict[str, Value]) -> Value:
        if isinstance(node, Sequence):
            return tuple(self._value(item, kind, names) for item in node.items)
        assert isinstance(node, Scalar)
        if isinstance(kind, Word) or (kind is not None and node.text in kind.words):
            return node.text
        try:
            return expressions.evaluate(node.text, names)
        except SpecError as error:
            raise error.at(node.mark) from None

    def _condition(self, node: YamlNode, frame: Frame, arriving: int) -> bool:
        value = self._value(node, None, self._names(frame, arriving))
        if not isinstance(value, bool):
            raise node.error(
                f"'when' needs a condition (true or false), not {show(value)}",
                hint="compare it: stride > 1",
            )
        return value

    def _repeat(self, node: YamlNode, frame: Frame, arriving: int) -> int:
        value = self._value(node, None, self._names(frame, arriving))
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            hint = "'when: false' leaves a layer out" if value == 0 else None
            raise node.error(
                f"'repeat' must be a positive whole number, not {show(value)}", hint=hint
            )
        return value


def _blame(error: SpecError, entry: OpEntry | JoinEntry) -> Mark:
    """Return the place of the option that a message begins with, else of the entry's word."""
    first = error.message.partition(" ")[0].strip("':")
    at = entry.options.get(first)
    return (at[0] if at else entry.key).mark


def _place(entry: Entry) -> str:
    return f"line {entry.key.line + 1} of {entry.key.origin.file}"
