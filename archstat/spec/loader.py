"""Load a spec: read, merge, parse, build, freeze; the spec package's front door."""

import os

from archstat.errors import SpecError
from archstat.graph import Builder
from archstat.ops import catalogue
from archstat.spec.arriving import check_settings, read_input
from archstat.spec.build import Expansion
from archstat.spec.document import Document, earlier, read_document
from archstat.spec.figures import read_budget, read_figures
from archstat.spec.files import open_reference
from archstat.spec.freeze import frozen
from archstat.spec.grammar import Grammar
from archstat.spec.model import Settings, Spec
from archstat.spec.nodes import Mapping, Scalar, Sequence, YamlNode, expect
from archstat.spec.outline import Outline, Unwritten
from archstat.spec.reader import read
from archstat.spec.variables import evaluate

_NO_SETTINGS = Settings()


def load(reference: str | os.PathLike[str], settings: Settings = _NO_SETTINGS) -> Spec:
    """Load a spec by path, bundled name, ``REF:path`` at a git revision, or ``-`` for standard input.

    Raises a SpecError with its place for a spec that doesn't hold, a UsageError for one that isn't there.
    """
    document = _document(reference, settings)
    return _build(document, reference, settings, Unwritten())[0]


def load_outlined(
    reference: str | os.PathLike[str], settings: Settings = _NO_SETTINGS
) -> tuple[Spec, Document, Outline, list[tuple[str, Outline]]]:
    """Load a spec and keep what :mod:`archstat.spec.expand` needs: the document, and the outlines of the
    network and of each auxiliary head."""
    document = _document(reference, settings)
    outline = Outline()
    spec, heads = _build(document, reference, settings, outline)
    return spec, document, outline, heads


def describe(reference: str | os.PathLike[str]) -> tuple[str, str]:
    """Return a spec's name and its ``about`` without building it: what ``archstat list`` shows."""
    origin = open_reference(reference)
    root = expect(read(origin.data, origin.file), Mapping, "a spec is a mapping")
    texts = [root.get(key) for key in ("name", "about")]
    name, about = (node.text if isinstance(node, Scalar) else "" for node in texts)
    return name, about


def _document(reference: str | os.PathLike[str], settings: Settings) -> Document:
    check_settings(settings)
    return read_document(open_reference(reference), frozenset(catalogue.CATALOGUE))


def _build(
    document: Document,
    reference: str | os.PathLike[str],
    settings: Settings,
    outline: Outline,
) -> tuple[Spec, list[tuple[str, Outline]]]:
    try:
        return _built(document, reference, settings, outline)
    except SpecError as error:
        raise document.name_files(error) from None


def _built(
    document: Document,
    reference: str | os.PathLike[str],
    settings: Settings,
    outline: Outline,
) -> tuple[Spec, list[tuple[str, Outline]]]:
    file = document.chain[0].file
    name = document.name or document.chain[0].stem
    grammar = Grammar(document, settings.max_layers)
    body = grammar.body(document.layers)
    heads = [(key, grammar.body(node)) for key, node in document.aux.values()]
    variables = evaluate(document.vars, settings.variables)
    builder = Builder(name, read_input(document.input, variables, settings), dtype=settings.dtype)
    expansion = Expansion(grammar, builder, variables, settings.max_layers)
    result = expansion.network(body, outline)
    outlines = []
    for key, head in heads:
        inner = type(outline)()
        expansion.head(key, head, inner)
        outlines.append((key.text, inner))
    outputs = _outputs(document.outputs, expansion, result)
    paths = [node.path for node in builder.nodes]
    spec = Spec(
        name=name,
        reference=os.fspath(reference),
        file=file,
        about=document.about,
        source=document.source,
        graph=builder.build(outputs, frozen=frozen(document.freeze, document.unfreeze, paths)),
        published=read_figures(document.published),
        budget=read_budget(document.budget),
    )
    return spec, outlines


def _outputs(node: YamlNode | None, expansion: Expansion, result: int) -> tuple[int, ...]:
    if node is None:
        return (result,)
    items = node.items if isinstance(node, Sequence) else (node,)
    return tuple(expansion.find(earlier(item, "'outputs'")).node for item in items)
