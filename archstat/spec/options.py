"""What stands beside a layer's word: its options, ``norm:`` and ``act:``, over the spec's ``defaults:``."""

import re
from collections.abc import Collection

from archstat.errors import SpecError
from archstat.ops import catalogue
from archstat.ops.base import Op
from archstat.spec.document import earlier
from archstat.spec.nodes import (
    Mapping,
    Scalar,
    YamlNode,
    expect,
    is_empty,
    kind_of,
    printable,
    refuse_empty,
)
from archstat.spec.recipe import Part, Parts, Recipe
from archstat.spec.syntax import Given, Insert
from archstat.spec.values import Known, written
from archstat.spec.words import BESIDE, BESIDE_ALIASES, nearest

_INSERTED: dict[str, dict[str, str]] = {
    "norm": dict(catalogue.NORMS),
    "act": {word: word for word in catalogue.ACTIVATIONS},
}
_WHAT = {"norm": "a norm", "act": "an activation"}


class Options:
    """Reads the options of entries. ``variables`` are the names that ``defaults:`` may use."""

    def __init__(
        self, defaults: dict[str, tuple[Scalar, Mapping]], variables: Collection[str]
    ) -> None:
        self._parts: dict[str, Parts] = {}
        self._inserts: dict[tuple[str, str], Insert | None] = {}
        self._made: dict[Op, Op] = {}
        self._constant: dict[tuple[object, ...], Recipe] = {}
        known = Known(variables)
        finishing: list[tuple[type[Op], Given]] = []
        for key, node in defaults.values():
            op = catalogue.CATALOGUE.get(key.text)
            if op is None:
                raise unknown_layer(key, catalogue.CATALOGUE)
            given = _given(node)
            finish = {word: given.pop(word) for word in _INSERTED if word in given}
            self._parts[op.word] = _parts(op, given, known, default=True)
            finishing.append((op, finish))
        # An inserted norm has the defaults of its own op, wherever they stand.
        for op, finish in finishing:
            for word, insert in self.inserts(op, finish, known, default=True).items():
                self._inserts[op.word, word] = insert

    def recipe(
        self, op: type[Op], key: Scalar, given: Given, known: Known, **fixed: object
    ) -> Recipe:
        """Return the op with these options over the defaults."""
        # Layers that are written alike, and use no names, are one recipe.
        alike = (op, *((n, v.text if isinstance(v, Scalar) else v) for n, (_, v) in given.items()))
        recipe = self._constant.get(alike) if not fixed else None
        if recipe is None:
            parts = {**self._parts.get(op.word, {}), **_parts(op, given, known)}
            recipe = Recipe(op, key, parts, self._made, **fixed)
            if not fixed and not recipe.uses:
                self._constant[alike] = recipe
        return recipe

    def inserts(
        self, op: type[Op], given: Given, known: Known, *, default: bool = False
    ) -> dict[str, Insert | None]:
        """Take ``norm`` and ``act`` out of the options and return what they insert, if anything."""
        found: dict[str, Insert | None] = {}
        for word in _INSERTED:
            if word not in given:
                found[word] = self._inserts.get((op.word, word))
                continue
            key, node = given.pop(word)
            if not op.finishes:
                raise key.error(
                    f"'{op.word}' has no option '{word}'",
                    hint=f"write the {'norm' if word == 'norm' else 'activation'} as a layer of its own",
                )
            found[word] = self._insert(key, node, known, default=default)
        return found

    def _insert(self, key: Scalar, node: YamlNode, known: Known, *, default: bool) -> Insert | None:
        """Read a word, or a mapping that holds the word with its options."""
        words = _INSERTED[key.text]
        given: Given = {}
        word = node
        if isinstance(node, Mapping):
            entries = node.entries
            word, main = next((e for e in entries if e[0].text in words), entries[0])
            given = {k.text: (k, v) for k, v in entries if k is not word}
        word = expect(word, Scalar, f"'{key.text}' is a word, or a mapping that begins with one")
        if word.text == "none":
            return None
        if word.text not in words:
            raise word.error(
                f"'{printable(word.text)}' is not {_WHAT[key.text]}",
                hint=_right_insert(word.text, words),
            )
        op = catalogue.CATALOGUE[words[word.text]]
        if isinstance(node, Mapping):
            given = with_main(op, word, main, given)
        share = share_of(op, given)
        fixed: dict[str, object] = {}
        if key.text == "act" and "inplace" in op.options():
            # As papers and torchvision do, unless the spec says otherwise.
            said = "inplace" in given or "inplace" in self._parts.get(op.word, {})
            fixed = {} if said else {"inplace": True}
        recipe = self.recipe(op, word, given, known, **fixed)
        return Insert(recipe, key.mark, share, default)


def inserted_as(option: str, op: str) -> str | None:
    """Return the word by which ``norm:`` or ``act:`` inserts an op, if it can."""
    return next((word for word, name in _INSERTED[option].items() if name == op), None)


def with_main(op: type[Op], key: Scalar, main: YamlNode, beside: Given) -> Given:
    """Return the main value as an option, beside the others: a mapping in its place is a mapping of options."""
    if isinstance(main, Scalar) and main.empty:
        return beside
    if isinstance(main, Mapping):
        inside = _given(main)
        for option, (at, _) in inside.items():
            if option in BESIDE:
                raise at.error(
                    f"'{option}' is not an option of '{op.word}'",
                    hint=f"write it beside '{op.word}', not inside",
                )
    elif op.main is None:
        raise key.error(
            f"'{op.word}' takes no main value", hint=f"write it as a bare word: {op.word}"
        )
    else:
        refuse_empty(key, main)
        inside = {op.main: (key, main)}
    for option in inside:
        if option in beside:
            raise beside[option][0].error(f"'{op.word}' gets '{option}' twice")
    return {**inside, **beside}


def share_of(op: type[Op], given: Given) -> Scalar | None:
    """Take ``share`` out of the options and return the name it gives."""
    if "share" not in given:
        return None
    key, node = given.pop("share")
    if not op.shareable:
        raise key.error(f"'{op.word}' has no weights to share")
    return earlier(node, "'share'")


def unknown_layer(key: Scalar, known: Collection[str], *, bare: bool = False) -> SpecError:
    """Return the error for a word that is no layer, with the right one if it is another framework's."""
    from archstat.ops import aliases  # only wrong words need them

    word = key.text[:64]
    right = aliases.right_word(word, known)
    glued = re.fullmatch(r"(\w+)(?: *:| ) *([\w.*/+-]+)", word)
    if glued is not None and glued[1] in known:
        hint: str | None = f"write '{glued[1]}: {glued[2]}'"
    elif not bare and _is_option(word):
        # [conv: 64, kernel: 3] is a list of two layers.
        hint = f"'{word}' is an option: write {{layer: ..., {word}: ...}} with braces"
    elif right is not None:
        hint = f"archstat says '{right}'"
    else:
        hint = aliases.absent(word) or nearest(word, known)
    return key.error(f"no layer or block is called '{printable(key.text)}'", hint=hint)


def _is_option(word: str) -> bool:
    ops = catalogue.CATALOGUE.values()
    return word in (*BESIDE, *_INSERTED, "share") or any(word in op.options() for op in ops)


def _given(node: Mapping) -> Given:
    for key, value in node.entries:
        refuse_empty(key, value)
    return {key.text: (key, value) for key, value in node.entries}


def _parts(op: type[Op], given: Given, known: Known, *, default: bool = False) -> Parts:
    kinds = op.options()
    parts: Parts = {}
    for name, (key, node) in given.items():
        kind = kinds.get(name)
        if kind is None:
            raise _no_option(op, key)
        if isinstance(node, Mapping) or is_empty(node):
            raise node.error(f"'{name}' takes a value, not {kind_of(node)}")
        parts[name] = Part(name, key, kind, written(node, known, kind), default)
    return parts


def _no_option(op: type[Op], key: Scalar) -> SpecError:
    from archstat.ops import aliases

    name = key.text
    has = [*op.options(), *BESIDE]
    has += ["act", "norm"] if op.finishes else []
    has += ["share"] if op.shareable else []
    plain = name.lower()
    if aliases.OPTION_ALIASES.get(plain) == aliases.ARRIVES:
        hint: str | None = aliases.ARRIVES
    else:
        right = aliases.right_option(name, has) or BESIDE_ALIASES.get(plain)
        takes = ", ".join(option for option in has if option not in BESIDE)
        guess = nearest(name, has) or (f"it takes {takes}" if takes else None)
        hint = f"did you mean '{right}'?" if right in has else guess
    return key.error(f"'{op.word}' has no option '{printable(name)}'", hint=hint)


def _right_insert(word: str, words: dict[str, str]) -> str | None:
    from archstat.ops import aliases

    right = aliases.right_word(word[:64], catalogue.CATALOGUE)
    for name, op in words.items():
        if op == right:
            return f"did you mean '{name}'?"
    return nearest(word, [*words, "none"])
