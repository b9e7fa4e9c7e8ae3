"""YAML bodies -> entries. Every word, option, name and expression is checked here, reached or not;
shapes and values are the builder's."""

from collections.abc import Collection
from typing import Any

from archstat.errors import SpecError
from archstat.ops import catalogue
from archstat.ops.base import Op
from archstat.spec.calls import arguments, refuse_recursion
from archstat.spec.document import Document, check_name, earlier
from archstat.spec.expressions import check_names
from archstat.spec.heading import Block
from archstat.spec.heads import Words
from archstat.spec.nodes import (
    Mapping,
    Scalar,
    Sequence,
    YamlNode,
    expect,
    is_empty,
    kind_of,
    printable,
    refuse_empty,
)
from archstat.spec.options import Options, share_of, unknown_layer, with_main
from archstat.spec.syntax import (
    Body,
    Branch,
    CallEntry,
    Entry,
    Given,
    GroupEntry,
    JoinEntry,
    ListBody,
    MapBody,
    OpEntry,
)
from archstat.spec.values import CHARACTERS_PER_STEP, Known, weight, written
from archstat.spec.words import BESIDE


class Grammar:
    """Parses the bodies of one document; blocks are parsed once each. ``most`` limits the entries written."""

    def __init__(self, document: Document, most: int) -> None:
        self.blocks = document.blocks
        self._variables = document.vars
        self._known = Known(document.vars)
        self._options = Options(document.defaults, document.vars)
        self._most = most
        self._entries = 0
        self._words = Words(self.blocks)
        self.block_bodies: dict[str, Body] = {}
        for block in self.blocks.values():
            self.block_bodies[block.name] = self._block(block)
        refuse_recursion(self.blocks, self.block_bodies)

    def body(self, node: YamlNode, params: Collection[str] = ()) -> Body:
        """Parse a body in which expressions may use the variables and ``params``."""
        self._known = Known(self._variables, params)
        return self._body(node)

    def _block(self, block: Block) -> Body:
        for number, param in enumerate(block.params):
            if param in block.defaults:
                before = Known(self._variables, block.params[:number])
                try:
                    check_names(block.defaults[param], before)
                except SpecError as error:
                    raise error.at(block.key.mark) from None
        try:
            return self.body(block.body, block.params)
        except SpecError as error:
            raise error.inside(f"in block {block.name}") from None

    # Bodies

    def _body(self, node: YamlNode, stage: Scalar | None = None) -> Body:
        """Parse a body; ``stage`` is the name it has, for messages."""
        if isinstance(node, Scalar):
            if node.text == "identity":
                return ListBody(())
            raise node.error(
                f"a body is a list of layers, not {kind_of(node)}",
                hint=f"write [{printable(node.text)}]"
                if node.text
                else "write identity for nothing",
            )
        if is_empty(node):
            raise node.error("the body is empty", hint="write identity for nothing")
        if isinstance(node, Sequence):
            return ListBody(tuple(self._entry(item) for item in node.items))
        mapping = expect(node, Mapping, "a body is a list of layers")
        for key, value in mapping.entries:
            if isinstance(value, Scalar) and value.text != "identity":
                raise self._words.no_body(key, value, mapping, stage)
            refuse_empty(key, value)
            check_name(key, "a stage")
        return MapBody(tuple((key, self._body(value, key)) for key, value in mapping.entries))

    def _entry(self, node: YamlNode) -> Entry:
        self._entries += 1
        if self._entries > self._most:
            raise node.error(
                f"the spec has more than {self._most:,} layers", hint="--max-layers allows more"
            )
        if isinstance(node, Sequence):
            body = self._body(node)
            assert isinstance(body, ListBody)
            key = Scalar(node.origin, node.line, node.column, "")
            return GroupEntry(key=key, mark=key.mark, body=body)
        if isinstance(node, Scalar):
            if node.empty:
                raise node.error("the entry is empty", hint="remove the '-', or write identity")
            return self._named(node, Scalar(node.origin, node.line, node.column, ""), {})
        mapping = expect(node, Mapping, "a layer is a word or a mapping")
        if not mapping.entries:
            raise node.error("the entry is empty", hint="remove it, or write identity")
        key, main = self._words.head(mapping)
        beside: Given = {}
        for other, value in mapping.entries:
            if other is not key:
                refuse_empty(other, value)
                beside[other.text] = (other, value)
        return self._named(key, main, beside)

    def _named(self, key: Scalar, main: YamlNode, beside: Given) -> Entry:
        entry = self._common(key, beside)
        if key.text == "from":
            entry["source"] = earlier(main, "'from'")
            _refuse(beside, entry, key, "repeat", "name")
            return GroupEntry(**entry, body=ListBody(()))
        if key.text == "identity":
            _refuse(beside, entry, key, "repeat", "name")
            if not is_empty(main):
                raise key.error("'identity' takes no value", hint="write it as a bare word")
            return GroupEntry(**entry, body=ListBody(()))
        if key.text in self.blocks:
            block = self.blocks[key.text]
            shared = beside.pop("share", None)
            matched = arguments(block, key, main, beside, self._known)
            steps = weight(*matched.values())
            if block.defaults:
                steps += len(block.key.text) // CHARACTERS_PER_STEP
            owner = None if shared is None else earlier(shared[1], "'share'")
            return CallEntry(**entry, block=block, arguments=matched, share=owner, weight=steps)
        op = catalogue.CATALOGUE.get(key.text)
        if op is None:
            raise unknown_layer(key, self._words.known, bare=True)
        if op.arity is None:
            branches = self._branches(op, key, main)
            recipe = self._options.recipe(op, key, beside, self._known)
            labels = tuple(_label(b, n) for n, b in enumerate(branches, 1))
            return JoinEntry(**entry, recipe=recipe, given=beside, branches=branches, labels=labels)
        given = with_main(op, key, main, beside)
        inserts = self._options.inserts(op, given, self._known)
        share = share_of(op, given)
        recipe = self._options.recipe(op, key, given, self._known)
        return OpEntry(
            **entry,
            recipe=recipe,
            given=given,
            share=share,
            norm=inserts["norm"],
            act=inserts["act"],
        )

    def _common(self, key: Scalar, beside: Given) -> dict[str, Any]:
        """Take what may stand beside any layer out of the options."""
        entry: dict[str, Any] = {"key": key, "mark": key.mark}
        taken = {word: beside.pop(word) for word in BESIDE if word in beside}
        for word in "repeat", "when":
            if word in taken:
                node = expect(taken[word][1], Scalar, f"'{word}' is an expression")
                entry[word] = written(node, self._known)
        if "name" in taken:
            entry["name"] = expect(taken["name"][1], Scalar, "'name' is a word")
            check_name(entry["name"], "a layer")
        if "from" in taken:
            entry["source"] = earlier(taken["from"][1], "'from'")
            if "repeat" in taken:
                raise taken["from"][0].error("'from' can't be repeated")
        return entry

    # Joins

    def _branches(self, op: type[Op], key: Scalar, main: YamlNode) -> tuple[Branch, ...]:
        if isinstance(main, Mapping):
            found = tuple(self._branch(k, v) for k, v in main.entries)
        elif isinstance(main, Sequence):
            found = tuple(self._branch(None, item) for item in main.items)
        else:
            raise key.error(
                f"'{op.word}' joins branches, but this is {kind_of(main)}",
                hint=f"write {op.word}: [name, identity], or a mapping of names to bodies",
            )
        if op.roles:
            given = [b.name.text for b in found if b.name is not None]
            if sorted(given) != sorted(op.roles) or len(given) != len(found):
                raise key.error(f"'{op.word}' needs the branches {', '.join(op.roles)}")
            found = tuple(
                sorted(found, key=lambda b: op.roles.index(b.name.text if b.name else ""))
            )
        if len(found) < 2:
            raise key.error(f"'{op.word}' needs at least two branches, not {len(found)}")
        return found

    def _branch(self, name: Scalar | None, node: YamlNode) -> Branch:
        if name is not None:
            check_name(name, "a branch")
        if not isinstance(node, Scalar) or node.text == "identity":
            return Branch(name, self._body(node, name), None)
        if node.empty:
            raise (name or node).error("the branch is empty", hint="write identity for nothing")
        # A bare word is a layer, or the name of an earlier output; which is known when it is built.
        body = ListBody((self._entry(node),)) if self._words.stand_alone(node.text) else None
        return Branch(name, body, earlier(node, "a branch"))


def _label(branch: Branch, number: int) -> str:
    """Return what a branch is called in a message."""
    name = branch.name or (None if branch.body else branch.reference)
    return printable(name.text) if name else str(number)


def _refuse(beside: Given, entry: dict[str, Any], key: Scalar, *common: str) -> None:
    """Raise if something stands beside a word that is no layer."""
    for option, _ in beside.values():
        raise option.error(f"'{key.text}' has no option '{printable(option.text)}'")
    for word in common:
        if word in entry:
            raise key.error(f"'{key.text}' is no layer and takes no '{word}'")
