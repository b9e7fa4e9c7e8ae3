"""A spec file as parts: its top-level keys, merged with what it extends. Nothing is evaluated here."""

import ast
import re
from typing import TypeVar

import msgspec

from archstat.errors import SpecError
from archstat.spec import edits
from archstat.spec.expressions import FUNCTIONS, IDENTIFIER, LONGEST, parse
from archstat.spec.files import LONGEST_CHAIN, Origin, open_base
from archstat.spec.nodes import Mapping, Scalar, Sequence, YamlNode, kind_of, printable
from archstat.spec.reader import read
from archstat.spec.words import LANGUAGE, TOP_KEYS, nearest

NAME = re.compile(r"[A-Za-z0-9_/+-]{1,64}\Z")
FORMAT_VERSION = "1"


class Block(msgspec.Struct, frozen=True, eq=False):
    """One of ``blocks:``: a body with parameters, called like a function."""

    name: str
    params: tuple[str, ...]
    defaults: dict[str, ast.expr]
    body: YamlNode
    key: Scalar


class Document(msgspec.Struct, kw_only=True, eq=False):
    """The parts of a spec, still YAML. ``chain`` names the files, the spec's own first."""

    root: Mapping
    chain: tuple[str, ...]
    name: str
    about: str
    source: str
    input: YamlNode
    vars: dict[str, Scalar]
    defaults: dict[str, tuple[Scalar, Mapping]]
    blocks: dict[str, Block]
    layers: YamlNode
    aux: dict[str, tuple[Scalar, YamlNode]]
    outputs: YamlNode | None
    freeze: YamlNode | None
    unfreeze: YamlNode | None
    published: YamlNode | None
    budget: YamlNode | None


def read_document(
    origin: Origin, words: frozenset[str], chain: tuple[Origin, ...] = ()
) -> Document:
    """Read a spec and what it extends. ``words`` are the ops' names, which can't name blocks or variables."""
    root = read(origin.data, origin.file)
    if not isinstance(root, Mapping):
        raise root.error(
            f"a spec is a mapping with 'input' and 'layers', not {kind_of(root)}",
            hint="'archstat new NAME' writes one to start from",
        )
    for key, value in root.entries:
        if key.text not in TOP_KEYS:
            raise key.error(
                f"unknown key '{printable(key.text)}'", hint=nearest(key.text, TOP_KEYS)
            )
        refuse_empty(key, value)
    _check_version(root)
    base_word = _text(root, "extends")
    if base_word is None:
        base = None
        for needed in ("input", "layers"):
            if root.get(needed) is None:
                raise root.error(f"the spec has no '{needed}:'")
    else:
        if root.get("layers") is not None:
            raise root.key("layers").error(
                "'layers' beside 'extends'",
                hint="change stages with replace, remove, before, after, append",
            )
        base = _base(base_word, origin, words, chain)
    parts = _own_parts(root, words)
    layers = root.get("layers") or (base.layers if base else root)
    layers = edits.apply(root, layers, extends=base is not None)
    inherited = base or parts
    return msgspec.structs.replace(
        parts,
        chain=(origin.file, *(base.chain if base else ())),
        input=parts.input if root.get("input") else inherited.input,
        vars={**inherited.vars, **parts.vars},
        defaults={**inherited.defaults, **parts.defaults},
        blocks={**inherited.blocks, **parts.blocks},
        aux={**inherited.aux, **parts.aux},
        outputs=parts.outputs or inherited.outputs,
        layers=layers,
    )


def _base(
    word: Scalar, origin: Origin, words: frozenset[str], chain: tuple[Origin, ...]
) -> Document:
    chain = (*chain, origin)
    base_origin = open_base(word, origin)
    if any(
        o.file == base_origin.file and o.folder.resolve() == base_origin.folder.resolve()
        for o in chain
    ):
        raise word.error(f"'extends' goes in a circle: {' -> '.join(o.file for o in chain)}")
    if len(chain) >= LONGEST_CHAIN:
        raise word.error(f"more than {LONGEST_CHAIN} files extend one another")
    try:
        return read_document(base_origin, words, chain)
    except SpecError as error:
        raise error.inside(f"in the spec that {word.mark} extends") from None


def _own_parts(root: Mapping, words: frozenset[str]) -> Document:
    reserved = LANGUAGE | words | set(FUNCTIONS)
    name, about, source = (_text(root, key) for key in ("name", "about", "source"))
    return Document(
        root=root,
        chain=(),
        name=name.text if name else "",
        about=about.text if about else "",
        source=source.text if source else "",
        input=root.get("input") or root,
        vars=_vars(root, reserved),
        defaults=_defaults(root),
        blocks=_blocks(root, reserved),
        layers=root,
        aux=_aux(root),
        outputs=root.get("outputs"),
        freeze=root.get("freeze"),
        unfreeze=root.get("unfreeze"),
        published=root.get("published"),
        budget=root.get("budget"),
    )


def _check_version(root: Mapping) -> None:
    version = _text(root, "archstat")
    if version is not None and version.text != FORMAT_VERSION:
        raise version.error(
            f"this archstat reads format version {FORMAT_VERSION}, not '{printable(version.text)}'"
        )


def _text(root: Mapping, key: str) -> Scalar | None:
    node = root.get(key)
    if node is None or isinstance(node, Scalar):
        return node
    raise node.error(f"'{key}' is a text, not {kind_of(node)}")


def refuse_empty(key: Scalar, value: YamlNode) -> None:
    """Raise if a value is left out or an empty list or mapping."""
    empty_list = isinstance(value, Sequence) and not value.items
    empty_map = isinstance(value, Mapping) and not value.entries
    if (isinstance(value, Scalar) and value.empty) or empty_list or empty_map:
        raise key.error(f"'{printable(key.text)}' is empty")


T = TypeVar("T", bound=YamlNode)


def expect(node: YamlNode, wanted: type[T], what: str) -> T:
    """Return ``node`` if it is a ``wanted``, else raise: ``what`` says what it should be."""
    if not isinstance(node, wanted):
        raise node.error(f"{what}, not {kind_of(node)}")
    return node


def check_name(key: Scalar, what: str) -> str:
    """Return a stage's or layer's name; raise if it holds other than letters, digits and _ - / +."""
    if not NAME.match(key.text):
        raise key.error(
            f"'{printable(key.text)}' can't name {what}",
            hint="letters, digits and _ - / +, at most 64 of them",
        )
    return key.text


def _identifier(key: Scalar, text: str, what: str, reserved: frozenset[str] | set[str]) -> str:
    if not IDENTIFIER.match(text) or len(text) > 64:
        raise key.error(f"'{printable(text)}' can't name {what}", hint="letters, digits and _")
    if text in reserved:
        raise key.error(f"'{text}' is a word of the format and can't name {what}")
    return text


def _vars(root: Mapping, reserved: set[str] | frozenset[str]) -> dict[str, Scalar]:
    node = root.get("vars")
    found: dict[str, Scalar] = {}
    for key, value in expect(node, Mapping, "'vars' is a mapping").entries if node else ():
        _identifier(key, key.text, "a variable", reserved)
        refuse_empty(key, value)
        found[key.text] = expect(value, Scalar, f"'{key.text}' is a number or an expression")
    return found


def _defaults(root: Mapping) -> dict[str, tuple[Scalar, Mapping]]:
    node = root.get("defaults")
    found: dict[str, tuple[Scalar, Mapping]] = {}
    for key, value in expect(node, Mapping, "'defaults' is a mapping").entries if node else ():
        refuse_empty(key, value)
        found[key.text] = (
            key,
            expect(
                value, Mapping, f"the defaults of '{printable(key.text)}' are a mapping of options"
            ),
        )
    return found


def _aux(root: Mapping) -> dict[str, tuple[Scalar, YamlNode]]:
    node = root.get("aux")
    found: dict[str, tuple[Scalar, YamlNode]] = {}
    for key, value in expect(node, Mapping, "'aux' maps names to bodies").entries if node else ():
        check_name(key, "an auxiliary head")
        found[key.text] = (key, value)
    return found


def _blocks(root: Mapping, reserved: set[str] | frozenset[str]) -> dict[str, Block]:
    node = root.get("blocks")
    found: dict[str, Block] = {}
    for key, value in expect(node, Mapping, "'blocks' is a mapping").entries if node else ():
        block = _block(key, value, reserved)
        if block.name in found:
            raise key.error(
                f"block '{block.name}' is defined twice (first at line {found[block.name].key.line + 1})"
            )
        found[block.name] = block
    return found


def _block(key: Scalar, value: YamlNode, reserved: set[str] | frozenset[str]) -> Block:
    refuse_empty(key, value)
    heading = re.fullmatch(r"\s*([^\s()]+)\s*(?:\((.*)\))?\s*", key.text, re.DOTALL)
    if heading is None or len(key.text) > LONGEST:
        raise key.error(
            f"'{printable(key.text)}' is not a block's heading", hint="write name(width, stride=1)"
        )
    name = _identifier(key, heading[1], "a block", reserved)
    params: list[str] = []
    defaults: dict[str, ast.expr] = {}
    for part in _split(heading[2] or ""):
        word, equals, default = (p.strip() for p in part.partition("="))
        _identifier(key, word, "a parameter", reserved)
        if word in params:
            raise key.error(f"parameter '{word}' appears twice")
        if equals:
            try:
                defaults[word] = parse(default)
            except SpecError as error:
                raise error.at(key.mark) from None
        elif defaults:
            raise key.error(f"parameter '{word}' has no default but follows one that has")
        params.append(word)
    return Block(name, tuple(params), defaults, value, key)


def _split(text: str) -> list[str]:
    """Split a parameter list at the commas outside parentheses."""
    parts, depth, start = [], 0, 0
    for i, c in enumerate(text):
        depth += (c == "(") - (c == ")")
        if c == "," and depth == 0:
            parts.append(text[start:i])
            start = i + 1
    tail = text[start:]
    return [*parts, tail] if tail.strip() or parts else []
