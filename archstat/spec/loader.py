"""Load a spec: read, merge, parse, build, freeze; the spec package's front door."""

import fnmatch
import os
from itertools import accumulate
from pathlib import Path

from archstat.errors import SpecError
from archstat.graph import Builder
from archstat.ops import catalogue
from archstat.ops.options import LARGEST_DIM, Value, Whole, Word, show
from archstat.spec import expressions
from archstat.spec.build import Expansion
from archstat.spec.document import Document, expect, read_document
from archstat.spec.figures import read_budget, read_figures
from archstat.spec.files import open_reference
from archstat.spec.grammar import Grammar
from archstat.spec.model import Settings, Spec
from archstat.spec.nodes import Mapping, Scalar, Sequence, YamlNode, kind_of
from archstat.spec.outline import Outline
from archstat.spec.reader import read
from archstat.spec.words import nearest
from archstat.tensor import BYTES, Tensor

_NO_SETTINGS = Settings()


def load(reference: str | os.PathLike[str], settings: Settings = _NO_SETTINGS) -> Spec:
    """Load a spec by path, bundled name, or ``-`` for standard input.

    Raises a SpecError with its place for a spec that doesn't hold, a UsageError for one that isn't there.
    """
    return load_outlined(reference, settings)[0]


def load_outlined(
    reference: str | os.PathLike[str], settings: Settings = _NO_SETTINGS
) -> tuple[Spec, Document, Outline, list[tuple[str, Outline]]]:
    """Load a spec and keep what :mod:`archstat.spec.expand` needs: the document, and the outlines of the
    network and of each auxiliary head."""
    origin = open_reference(reference)
    document = read_document(origin, frozenset(catalogue.CATALOGUE))
    name = document.name or Path(origin.file).stem
    grammar = Grammar(document)
    body = grammar.body(document.layers)
    heads = [(key, grammar.body(node)) for key, node in document.aux.values()]
    variables = _variables(document, settings)
    arriving = _input(document.input, variables, settings)
    builder = Builder(name, arriving, dtype=settings.dtype)
    expansion = Expansion(grammar, builder, variables, settings.max_layers)
    outline = Outline()
    result = expansion.network(body, outline)
    head_outlines = []
    for key, head in heads:
        if expansion.paths.find(key.text, "", "") is not None:
            raise key.error(f"there is a stage '{key.text}' already")
        head_outline = Outline()
        expansion.head(key, head, head_outline)
        head_outlines.append((key.text, head_outline))
    outputs = _outputs(document.outputs, expansion, result)
    graph = builder.build(outputs, frozen=_frozen(document, builder))
    spec = Spec(
        name=name,
        reference=os.fspath(reference),
        file=origin.file,
        about=document.about,
        source=document.source,
        graph=graph,
        published=read_figures(document.published),
        budget=read_budget(document.budget),
    )
    return spec, document, outline, head_outlines


def describe(reference: str | os.PathLike[str]) -> tuple[str, str]:
    """Return a spec's name and its ``about`` without building it: what ``archstat list`` shows."""
    origin = open_reference(reference)
    root = expect(read(origin.data, origin.file), Mapping, "a spec is a mapping")
    texts = [root.get(key) for key in ("name", "about")]
    name, about = (node.text if isinstance(node, Scalar) else "" for node in texts)
    return name, about


def _variables(document: Document, settings: Settings) -> dict[str, Value]:
    """Evaluate ``vars`` in order, ``--set`` first."""
    for name in settings.variables:
        if name not in document.vars:
            hint = nearest(name, document.vars) or (
                f"the spec has {', '.join(document.vars)}" if document.vars else None
            )
            raise SpecError(
                f"--set {name}: the spec has no such variable"
                if document.vars
                else f"--set {name}: the spec has no variables",
                hint=hint,
            )
    values: dict[str, Value] = {}
    for name, node in document.vars.items():
        given = settings.variables.get(name)
        try:
            values[name] = expressions.evaluate(node.text if given is None else given, values)
        except SpecError as error:
            if given is None:
                raise error.at(node.mark) from None
            raise SpecError(
                f"--set {name}={given[:40]}: {error.message}", hint=error.hint
            ) from None
    return values


def _input(node: YamlNode, variables: dict[str, Value], settings: Settings) -> Tensor:
    """Return the input with its batch: ``[C, *S]``, or ``{tokens: [L, D], dtype: int64}``."""
    tokens, dtype, sizes = False, settings.dtype, node
    if isinstance(node, Mapping):
        for key, value in node.entries:
            if key.text not in ("tokens", "shape", "dtype"):
                raise key.error(
                    f"'input' has no '{key.text[:40]}'", hint="write {tokens: [1024], dtype: int64}"
                )
            if key.text == "dtype":
                word = expect(value, Scalar, "'dtype' is a word")
                dtype = _word(word, Word(tuple(BYTES)), "dtype")
        tokens = node.get("tokens") is not None
        found = node.get("tokens") or node.get("shape")
        if found is None or (tokens and node.get("shape") is not None):
            raise node.error("'input' needs 'tokens' or 'shape', one of them")
        sizes = found
    listed = expect(sizes, Sequence, "'input' is a list of sizes, without the batch")
    if not listed.items:
        raise listed.error("'input' is empty")
    if len(listed.items) > 4:
        raise listed.error(
            f"'input' has {len(listed.items)} axes, and 4 are the most", hint="leave out the batch"
        )
    shape = tuple(_size(item, variables) for item in listed.items)
    if settings.input is not None:
        if len(settings.input) != len(shape):
            written = "x".join(map(str, settings.input))
            raise SpecError(
                f"--input {written} has {len(settings.input)} axes, the spec's input {len(shape)}"
            )
        shape = settings.input
    channel_dim = len(shape) if tokens or len(shape) == 1 else 1
    return Tensor((settings.batch, *shape), dtype, channel_dim)


def _size(node: YamlNode, variables: dict[str, Value]) -> int:
    if not isinstance(node, Scalar):
        raise node.error(f"a size is a whole number, not {kind_of(node)}")
    try:
        return Whole(1, LARGEST_DIM).read("a size", expressions.evaluate(node.text, variables))
    except SpecError as error:
        raise error.at(node.mark) from None


def _word(node: Scalar, kind: Word, option: str) -> str:
    try:
        return kind.read(option, node.text)
    except SpecError as error:
        raise error.at(node.mark) from None


def _outputs(node: YamlNode | None, expansion: Expansion, result: int) -> tuple[int, ...]:
    if node is None:
        return (result,)
    items = node.items if isinstance(node, Sequence) else (node,)
    names = [expect(item, Scalar, "'outputs' is a list of stages") for item in items]
    if not names:
        raise node.error("'outputs' is empty")
    return tuple(expansion.find(name).node for name in names)


def _frozen(document: Document, builder: Builder) -> frozenset[int]:
    """Return the nodes whose weights ``freeze:`` holds, less those that ``unfreeze:`` releases."""
    if document.freeze is None:
        if document.unfreeze is not None:
            raise document.unfreeze.error("'unfreeze' without 'freeze': nothing is frozen")
        return frozenset()
    prefixes = [tuple(accumulate(n.path.split("."), "{}.{}".format)) for n in builder.nodes]
    held = _matching(document.freeze, prefixes, "freeze")
    released = _matching(document.unfreeze, prefixes, "unfreeze") if document.unfreeze else set()
    return frozenset(held - released)


def _matching(node: YamlNode, prefixes: list[tuple[str, ...]], verb: str) -> set[int]:
    items = node.items if isinstance(node, Sequence) else (node,)
    found: set[int] = set()
    for item in items:
        pattern = expect(item, Scalar, f"'{verb}' is 'all' or a list of names and globs")
        if pattern.text == "all":
            found |= set(range(len(prefixes)))
            continue
        hits = {
            i
            for i, paths in enumerate(prefixes)
            if any(fnmatch.fnmatchcase(path, pattern.text) for path in paths)
        }
        if not hits:
            raise pattern.error(
                f"{show(pattern.text)} matches no layer",
                hint=nearest(pattern.text, {path for paths in prefixes for path in paths}),
            )
        found |= hits
    return found
