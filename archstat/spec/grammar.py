"""YAML bodies -> entries. Every word, option, name and expression is checked here, reached or not;
shapes and values are the builder's."""

from collections.abc import Collection
from typing import Any

from archstat.errors import SpecError
from archstat.ops import aliases, catalogue
from archstat.ops.base import Op
from archstat.ops.options import Kind, Word
from archstat.spec import expressions
from archstat.spec.document import Block, Document, check_name, expect, refuse_empty
from archstat.spec.nodes import Mapping, Scalar, Sequence, YamlNode, kind_of, printable
from archstat.spec.syntax import (
    Body,
    Branch,
    CallEntry,
    Entry,
    FromEntry,
    GroupEntry,
    Insert,
    JoinEntry,
    ListBody,
    MapBody,
    OpEntry,
    Options,
)
from archstat.spec.words import nearest

_EVERYWHERE = ("repeat", "when", "name", "from")


class Grammar:
    """Parses the bodies of one document; blocks are parsed once each."""

    def __init__(self, document: Document) -> None:
        self.vars = tuple(document.vars)
        self.blocks = document.blocks
        self.names: Collection[str] = ()
        self.defaults = {
            word: self._op_defaults(key, node) for word, (key, node) in document.defaults.items()
        }
        self.block_bodies: dict[str, Body] = {}
        for block in self.blocks.values():
            self.block_bodies[block.name] = self._block(block)
        self._refuse_recursion()

    def body(self, node: YamlNode, names: Collection[str] | None = None) -> Body:
        """Parse a body in which expressions may use ``names`` (the variables, unless said otherwise)."""
        self.names = {*(self.vars if names is None else names), "channels"}
        return self._body(node)

    def _block(self, block: Block) -> Body:
        names = {*self.vars, "channels"}
        for param in block.params:
            if param in block.defaults:
                try:
                    expressions.check_names(block.defaults[param], names)
                except SpecError as error:
                    raise error.at(block.key.mark) from None
            names.add(param)
        try:
            return self.body(block.body, names)
        except SpecError as error:
            raise error.inside(f"in block {block.name}") from None

    def _body(self, node: YamlNode) -> Body:
        if isinstance(node, Scalar):
            if node.text == "identity":
                return ListBody(())
            raise node.error(
                f"a body is a list of layers, not {kind_of(node)}",
                hint=f"write [{printable(node.text)}]"
                if node.text
                else "write identity for nothing",
            )
        if isinstance(node, Sequence):
            if not node.items:
                raise node.error("the list of layers is empty", hint="write identity for nothing")
            return ListBody(tuple(self._entry(item) for item in node.items))
        mapping = expect(node, Mapping, "a body is a list of layers")
        if not mapping.entries:
            raise node.error("the body is empty", hint="write identity for nothing")
        for key, value in mapping.entries:
            if isinstance(value, Scalar) and value.text != "identity" and not value.empty:
                known = key.text in catalogue.CATALOGUE or key.text in self.blocks
                raise key.error(
                    f"'{printable(key.text)}: {printable(value.text)}' is not a body",
                    hint="a body is a list: write "
                    + (f"[{key.text}: {value.text}]" if known else f"{key.text}: [{value.text}]"),
                )
            refuse_empty(key, value)
        return MapBody(tuple((_stage(key), self._body(value)) for key, value in mapping.entries))

    def _entry(self, node: YamlNode) -> Entry:
        if isinstance(node, Sequence):
            body = self._body(node)
            assert isinstance(body, ListBody)
            return GroupEntry(key=Scalar(node.origin, node.line, node.column, "group"), body=body)
        if isinstance(node, Scalar):
            if node.empty:
                raise node.error("an empty entry", hint="remove the '-', or write identity")
            return self._named(node, Scalar(node.origin, node.line, node.column, ""), ())
        mapping = expect(node, Mapping, "a layer is a word or a mapping")
        if not mapping.entries:
            raise node.error("an empty entry")
        heads = [
            (key, value)
            for key, value in mapping.entries
            if key.text in catalogue.CATALOGUE or key.text in self.blocks or key.text == "identity"
        ]
        if not heads and mapping.get("from") is not None:
            heads = [(mapping.key("from"), mapping.get("from") or node)]
        if not heads:
            raise self._unknown(*mapping.entries[0])
        first_op = catalogue.CATALOGUE.get(heads[0][0].text)
        if first_op is not None:
            # An option may be called like an op: interpolate's scale.
            known = first_op.options()
            heads = [heads[0], *(h for h in heads[1:] if h[0].text not in known)]
        if len(heads) > 1:
            first, second = heads[0][0], heads[1][0]
            raise second.error(
                f"'{second.text}' beside '{first.text}': an entry names one layer",
                hint="is a '- ' missing before it?",
            )
        (key, main), rest = heads[0], [e for e in mapping.entries if e[0] is not heads[0][0]]
        return self._named(key, main, rest)

    def _unknown(self, key: Scalar, value: YamlNode | None = None) -> SpecError:
        word = key.text
        known = [*catalogue.CATALOGUE, *self.blocks]
        right = aliases.right_word(word, catalogue.CATALOGUE)
        options = {*_EVERYWHERE, "act", "norm", "share"}.union(
            *(op.options() for op in catalogue.CATALOGUE.values())
        )
        if value is not None and word in options:
            # [conv: 64, kernel: 3] is a list of two layers.
            hint: str | None = (
                f"'{word}' is an option: write {{layer: ..., {word}: ...}} with braces"
            )
        elif right is not None:
            hint = f"archstat says '{right}'"
        else:
            hint = nearest(word, known)
        return key.error(f"no layer or block is called '{printable(word)}'", hint=hint)

    def _named(
        self, key: Scalar, main: YamlNode, rest: Collection[tuple[Scalar, YamlNode]]
    ) -> Entry:
        common, options = self._common(rest)
        source = common.pop("from")
        entry: dict[str, Any] = {"key": key, **common}
        entry["source"] = self._reference(source) if source else None
        if key.text == "from":
            if options:
                raise next(iter(options.values()))[0].error("'from' takes no options")
            if common["repeat"] is not None:
                raise key.error("'from' can't be repeated")
            entry["source"] = self._reference(main)
            return FromEntry(**entry)
        if source is not None and common["repeat"] is not None:
            raise key.error("'from' can't be repeated")
        if key.text == "identity":
            if options or not (isinstance(main, Scalar) and main.empty):
                raise key.error("'identity' takes no options")
            return GroupEntry(**entry, body=ListBody(()))
        if key.text in self.blocks:
            block = self.blocks[key.text]
            return CallEntry(
                **entry, block=block, arguments=self._arguments(block, key, main, options)
            )
        op = catalogue.CATALOGUE.get(key.text)
        if op is None:
            raise self._unknown(key)
        if op.arity is None:
            branches = self._branches(op, key, main)
            return JoinEntry(**entry, op=op, branches=branches, options=self._options(op, options))
        act, norm, share = (options.pop(word, None) for word in ("act", "norm", "share"))
        self._refuse_unfit(op, act, norm, share)
        return OpEntry(
            **entry,
            op=op,
            options=self._options(op, {**self._main(op, key, main), **options}),
            act=act and self._insert(*act, ACTIVATIONS),
            norm=norm and self._insert(*norm, NORMS),
            share=share and expect(share[1], Scalar, "'share' names an earlier layer"),
        )

    def _common(
        self, rest: Collection[tuple[Scalar, YamlNode]]
    ) -> tuple[dict[str, YamlNode | Scalar | None], Options]:
        common: dict[str, YamlNode | Scalar | None] = dict.fromkeys(_EVERYWHERE)
        options: Options = {}
        for key, value in rest:
            refuse_empty(key, value)
            if key.text in _EVERYWHERE:
                common[key.text] = value
            else:
                options[key.text] = (key, value)
        for word in "repeat", "when":
            if (node := common[word]) is not None:
                self._check(expect(node, Scalar, f"'{word}' is an expression"))
        if (name := common["name"]) is not None:
            check_name(expect(name, Scalar, "'name' is a word"), "a layer")
        return common, options

    def _refuse_unfit(self, op: type[Op], act: object, norm: object, share: object) -> None:
        for given, word in (act, "act"), (norm, "norm"):
            if isinstance(given, tuple) and not op.finishes:
                raise given[0].error(
                    f"'{op.word}' has no option '{word}'",
                    hint=f"write the {word} as a layer of its own",
                )
        if isinstance(share, tuple) and not op.shareable:
            raise share[0].error(f"'{op.word}' has no weights to share")

    def _main(self, op: type[Op], key: Scalar, main: YamlNode) -> Options:
        """Return the main value as options: a mapping in its place is a mapping of options."""
        if isinstance(main, Scalar) and main.empty:
            return {}
        if isinstance(main, Mapping):
            for option, value in main.entries:
                refuse_empty(option, value)
            return {option.text: (option, value) for option, value in main.entries}
        if op.main is None:
            raise key.error(
                f"'{op.word}' takes no main value", hint=f"write it as a bare word: {op.word}"
            )
        refuse_empty(key, main)
        return {op.main: (key, main)}

    def _options(self, op: type[Op], options: Options, *, what: str = "") -> Options:
        kinds = op.options()
        for name, (key, value) in options.items():
            kind = kinds.get(name)
            if kind is None:
                raise _no_option(what or op.word, name, key, kinds)
            self._check_value(value, kind)
        return options

    def _check_value(self, node: YamlNode, kind: Kind) -> None:
        if isinstance(node, Sequence):
            for item in node.items:
                self._check_value(item, kind)
        elif isinstance(node, Scalar):
            if node.text not in kind.words and not isinstance(kind, Word):
                self._check(node)
        else:
            raise node.error(f"a value is expected here, not {kind_of(node)}")

    def _check(self, node: Scalar) -> None:
        """Check an expression's form and names."""
        if expressions.WHOLE.match(node.text):
            return
        try:
            expressions.check_names(expressions.parse(node.text), self.names)
        except SpecError as error:
            raise error.at(node.mark) from None

    def _insert(self, key: Scalar, node: YamlNode, known: dict[str, str]) -> Insert:
        """Parse the value of ``act:`` or ``norm:``: a word, or a mapping from the word to its options."""
        options: Options = {}
        word = node
        if isinstance(node, Mapping):
            word, main = node.entries[0]
            if word.text in known:
                op = catalogue.CATALOGUE[known[word.text]]
                options = self._main(op, word, main)
                options |= {k.text: (k, v) for k, v in node.entries[1:]}
        word = expect(word, Scalar, f"'{key.text}' is a word")
        if word.text == "none":
            return Insert(None, key, {})
        if word.text not in known:
            raise word.error(
                f"'{printable(word.text)}' is no {key.text}",
                hint=nearest(word.text, [*known, "none"]),
            )
        op = catalogue.CATALOGUE[known[word.text]]
        return Insert(op, key, self._options(op, options))

    def _op_defaults(self, key: Scalar, node: Mapping) -> OpEntry:
        op = catalogue.CATALOGUE.get(key.text)
        if op is None:
            raise self._unknown(key)
        self.names = {*self.vars, "channels"}
        options: Options = {}
        for option, value in node.entries:
            refuse_empty(option, value)
            options[option.text] = (option, value)
        act, norm = options.pop("act", None), options.pop("norm", None)
        self._refuse_unfit(op, act, norm, None)
        return OpEntry(
            key=key,
            op=op,
            options=self._options(op, options),
            act=act and self._insert(*act, ACTIVATIONS),
            norm=norm and self._insert(*norm, NORMS),
        )

    def _branches(self, op: type[Op], key: Scalar, main: YamlNode) -> tuple[Branch, ...]:
        if isinstance(main, Mapping):
            found = tuple(self._branch(_stage(k), v) for k, v in main.entries)
        elif isinstance(main, Sequence):
            found = tuple(self._branch(None, item) for item in main.items)
        else:
            raise key.error(
                f"'{op.word}' joins branches, but this is {kind_of(main)}",
                hint=f"write {op.word}: [name, identity] or a mapping of names to bodies",
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
        if isinstance(node, Scalar) and node.text != "identity":
            if node.empty:
                raise (name or node).error("an empty branch", hint="write identity for nothing")
            return Branch(name, None, node)
        if isinstance(node, Mapping) and any(
            key.text in catalogue.CATALOGUE and not isinstance(value, Sequence | Mapping)
            for key, value in node.entries
        ):
            raise node.error("a branch is a list of layers", hint="put [ ] around it")
        return Branch(name, self._body(node), None)

    def _reference(self, node: YamlNode) -> Scalar:
        name = expect(node, Scalar, "'from' names an earlier layer or stage")
        if name.empty:
            raise name.error("'from' names an earlier layer or stage")
        return name

    def _arguments(self, block: Block, key: Scalar, main: YamlNode, options: Options) -> Options:
        """Match a call's values to the block's parameters as Python does."""
        positional: tuple[YamlNode, ...] = ()
        keywords = dict(options)
        if isinstance(main, Sequence):
            positional = main.items
        elif isinstance(main, Mapping):
            keywords = {k.text: (k, v) for k, v in main.entries} | keywords
        elif isinstance(main, Scalar) and not main.empty:
            positional = (main,)
        signature = f"{block.name}({', '.join(block.params)})"
        if len(positional) > len(block.params):
            raise key.error(
                f"block {signature} takes {len(block.params)} values, not {len(positional)}"
            )
        given: Options = {
            param: (key, value) for param, value in zip(block.params, positional, strict=False)
        }
        for word, (option, value) in keywords.items():
            if word not in block.params:
                raise option.error(
                    f"block {signature} has no parameter '{printable(word)}'",
                    hint=nearest(word, block.params),
                )
            if word in given:
                raise option.error(f"block {signature} gets '{word}' twice")
            given[word] = (option, value)
        for param in block.params:
            if param not in given and param not in block.defaults:
                raise key.error(f"block {signature} needs '{param}'")
        for _, value in given.values():
            self._check(expect(value, Scalar, "an argument is a number or an expression"))
        return given

    def _refuse_recursion(self) -> None:
        calls = {name: set(_calls(body)) for name, body in self.block_bodies.items()}
        done: set[str] = set()

        def visit(name: str, above: tuple[str, ...]) -> None:
            if name in above:
                circle = " -> ".join((*above[above.index(name) :], name))
                raise self.blocks[name].key.error(f"blocks call one another in a circle: {circle}")
            if len(above) >= DEEPEST_BLOCK:
                raise self.blocks[name].key.error(f"blocks nest deeper than {DEEPEST_BLOCK}")
            if name not in done:
                for inner in sorted(calls[name]):
                    visit(inner, (*above, name))
                done.add(name)

        for name in self.blocks:
            visit(name, ())


DEEPEST_BLOCK = 60
ACTIVATIONS = {word: word for word in catalogue.ACTIVATIONS}
NORMS = dict(catalogue.NORMS)


def _stage(key: Scalar) -> Scalar:
    check_name(key, "a stage")
    return key


def _no_option(word: str, name: str, key: Scalar, kinds: Collection[str]) -> SpecError:
    right = aliases.right_option(name, kinds)
    if right is not None:
        hint: str | None = f"did you mean '{right}'?"
    elif aliases.OPTION_ALIASES.get(name) == aliases.ARRIVES:
        hint = aliases.ARRIVES
    else:
        hint = nearest(name, [*kinds, *_EVERYWHERE])
    return key.error(f"'{word}' has no option '{printable(name)}'", hint=hint)


def _calls(body: Body) -> set[str]:
    """Return the names of the blocks that a body calls, directly or in its branches."""
    if isinstance(body, MapBody):
        return {name for _, inner in body.stages for name in _calls(inner)}
    found: set[str] = set()
    for entry in body.entries:
        if isinstance(entry, CallEntry):
            found.add(entry.block.name)
        elif isinstance(entry, GroupEntry):
            found |= _calls(entry.body)
        elif isinstance(entry, JoinEntry):
            for branch in entry.branches:
                found |= _calls(branch.body) if branch.body is not None else set()
    return found
