"""A spec file as parts: its top-level keys, merged with what it extends. Nothing is evaluated here."""

import msgspec

from archstat.errors import Mark, SpecError
from archstat.spec import edits
from archstat.spec.files import LONGEST_CHAIN, Origin, open_base
from archstat.spec.heading import Block, read_blocks
from archstat.spec.nodes import (
    Mapping,
    Scalar,
    YamlNode,
    expect,
    kind_of,
    printable,
    refuse_empty,
)
from archstat.spec.reader import read
from archstat.spec.variables import Variables, read_variables
from archstat.spec.words import TOP_KEYS, nearest

_LONGEST_NAME = 64
FORMAT_VERSION = "1"


class Link(msgspec.Struct, frozen=True):
    """One file of a chain, and where it names the next with ``extends:``. ``stem`` names a spec without a name."""

    file: str
    stem: str
    extends: Mark | None = None


class Document(msgspec.Struct, kw_only=True, eq=False):
    """The parts of a spec, still YAML. ``chain`` are the files, the spec's own first."""

    root: Mapping
    chain: tuple[Link, ...]
    name: str
    about: str
    source: str
    input: YamlNode
    vars: Variables
    defaults: dict[str, tuple[Scalar, Mapping]]
    blocks: dict[str, Block]
    layers: YamlNode
    aux: dict[str, tuple[Scalar, YamlNode]]
    outputs: YamlNode | None
    freeze: YamlNode | None
    unfreeze: YamlNode | None
    published: YamlNode | None
    budget: YamlNode | None

    def name_files(self, error: SpecError) -> SpecError:
        """Add to an error in an extended file which files extend it."""
        files = [link.file for link in self.chain]
        if error.mark is not None and error.mark.file in files:
            for link in reversed(self.chain[: files.index(error.mark.file)]):
                error.inside(f"in the spec that {link.extends} extends")
        return error


def read_document(
    origin: Origin, words: frozenset[str], chain: tuple[Origin, ...] = ()
) -> Document:
    """Read a spec and what it extends. ``words`` are the ops' names, which can't name blocks or variables."""
    root = _root(origin)
    base_word = _text(root, "extends")
    if base_word is None:
        base = None
        for needed in ("input", "layers"):
            if root.get(needed) is None:
                raise root.error(f"the spec has no '{needed}:'", hint=_EXAMPLES[needed])
    else:
        if root.get("layers") is not None:
            raise root.key("layers").error(
                "'layers' beside 'extends'",
                hint="change stages with replace, remove, before, after, append",
            )
        base = _base(base_word, origin, words, chain)
    layers = root.get("layers") or (base.layers if base else root)
    parts = Document(
        root=root,
        chain=(Link(origin.file, origin.stem, base_word.mark if base_word else None),),
        name=_one_line(root, "name"),
        about=_one_line(root, "about"),
        source=_one_line(root, "source"),
        input=root.get("input") or root,
        vars=read_variables(root.get("vars"), words, base.vars if base else {}),
        defaults=_defaults(root),
        blocks=read_blocks(root.get("blocks"), words),
        layers=edits.apply(root, layers, base.chain[0].file if base else None),
        aux=_aux(root),
        outputs=root.get("outputs"),
        freeze=root.get("freeze"),
        unfreeze=root.get("unfreeze"),
        published=root.get("published"),
        budget=root.get("budget"),
    )
    return parts if base is None else _inherit(base, parts)


def _inherit(base: Document, own: Document) -> Document:
    """Return a spec's own parts over those of the spec it extends."""
    return msgspec.structs.replace(
        own,
        chain=own.chain + base.chain,
        input=base.input if own.input is own.root else own.input,
        defaults={**base.defaults, **own.defaults},
        blocks={**base.blocks, **own.blocks},
        aux={**base.aux, **own.aux},
        outputs=own.outputs or base.outputs,
    )


def _base(
    word: Scalar, origin: Origin, words: frozenset[str], chain: tuple[Origin, ...]
) -> Document:
    chain = (*chain, origin)
    base_origin = open_base(word, origin)
    if any(o.same_file(base_origin) for o in chain):
        circle = " -> ".join([*(o.file for o in chain), base_origin.file])
        raise word.error(f"'extends' goes in a circle: {circle}")
    if len(chain) >= LONGEST_CHAIN:
        raise word.error(f"more than {LONGEST_CHAIN} files extend one another")
    try:
        return read_document(base_origin, words, chain)
    except SpecError as error:
        raise error.inside(f"in the spec that {word.mark} extends") from None


def _root(origin: Origin) -> Mapping:
    """Read the file and check its keys; of a link to what is no spec, such as /etc/passwd, show nothing."""
    try:
        return _checked_root(origin)
    except SpecError as error:
        if not origin.elsewhere or error.mark is None:
            raise
        raise SpecError(
            "this is not a spec that archstat can read",
            hint="it is a link to a file outside its folder, so nothing of it is shown",
            mark=error.mark,
        ) from None


def _checked_root(origin: Origin) -> Mapping:
    root = read(origin.data, origin.file, quoted=not origin.elsewhere)
    if not isinstance(root, Mapping):
        raise root.error(
            f"a spec is a mapping with 'input' and 'layers', not {kind_of(root)}",
            hint="'archstat new NAME' writes one to start from",
        )
    for key, value in root.entries:
        if key.text not in TOP_KEYS:
            raise key.error(
                f"unknown key '{printable(key.text)}'",
                hint=_OTHER_KEYS.get(key.text.lower()) or nearest(key.text, TOP_KEYS),
            )
        refuse_empty(key, value)
    version = _text(root, "archstat")
    if version is not None and version.text != FORMAT_VERSION:
        raise version.error(
            f"this archstat reads format version {FORMAT_VERSION}, not '{printable(version.text)}'"
        )
    return root


_EXAMPLES = {
    "input": "write one sample's shape, channels first: 'input: [3, 224, 224]'",
    "layers": "write 'layers: [conv: 64, relu]', or a mapping of stages to lists",
}
_OTHER_KEYS = {
    "version": "did you mean 'archstat'?",
    "description": "did you mean 'about'?",
    "variables": "did you mean 'vars'?",
    "params": "did you mean 'vars'?",
    "parameters": "did you mean 'vars'?",
    "model": "did you mean 'layers'?",
    "network": "did you mean 'layers'?",
    "backbone": "did you mean 'layers'?",
    "stages": "did you mean 'layers'?",
    "modules": "did you mean 'blocks'?",
    "base": "did you mean 'extends'?",
    "inherits": "did you mean 'extends'?",
    "input_shape": "did you mean 'input'?",
    "input_size": "did you mean 'input'?",
}


def _text(root: Mapping, key: str) -> Scalar | None:
    node = root.get(key)
    if node is None or isinstance(node, Scalar):
        return node
    raise node.error(f"'{key}' is a text, not {kind_of(node)}")


def _one_line(root: Mapping, key: str) -> str:
    node = _text(root, key)
    return " ".join(node.text.split()) if node else ""


def _is_name(text: str) -> bool:
    fits = text.isascii() and 0 < len(text) <= _LONGEST_NAME
    return fits and all(c.isalnum() or c in "_-/+" for c in text)


def check_name(key: Scalar, what: str) -> str:
    """Return a stage's or layer's name; raise if it holds other than letters, digits and _ - / +."""
    if not _is_name(key.text):
        raise key.error(
            f"'{printable(key.text)}' can't name {what}",
            hint=f"letters, digits and _ - / +, at most {_LONGEST_NAME} of them",
        )
    return key.text


def earlier(node: YamlNode, what: str) -> Scalar:
    """Return the name of an earlier layer or stage, perhaps a dotted path."""
    name = expect(node, Scalar, f"{what} names an earlier layer or stage")
    if not all(map(_is_name, name.text.split("."))):
        raise name.error(f"{what} names an earlier layer or stage, not {kind_of(name)}")
    return name


def _defaults(root: Mapping) -> dict[str, tuple[Scalar, Mapping]]:
    node = root.get("defaults")
    found: dict[str, tuple[Scalar, Mapping]] = {}
    for key, value in expect(node, Mapping, "'defaults' is a mapping").entries if node else ():
        refuse_empty(key, value)
        what = f"the defaults of '{printable(key.text)}' are a mapping of options"
        found[key.text] = (key, expect(value, Mapping, what))
    return found


def _aux(root: Mapping) -> dict[str, tuple[Scalar, YamlNode]]:
    node = root.get("aux")
    found: dict[str, tuple[Scalar, YamlNode]] = {}
    for key, value in expect(node, Mapping, "'aux' maps names to bodies").entries if node else ():
        check_name(key, "an auxiliary head")
        refuse_empty(key, value)
        found[key.text] = (key, value)
    return found
