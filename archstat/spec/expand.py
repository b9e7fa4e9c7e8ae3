"""Write a spec out: blocks called, repeats unrolled, expressions evaluated, ``extends`` merged.

The text is a spec again, with the same graph: the same layers in the same order, so the same numbers.
"""

import json
import os
from collections.abc import Iterator

from archstat.graph import Graph
from archstat.ops.base import Op
from archstat.ops.catalogue import NORMS
from archstat.ops.written import flow, options
from archstat.spec.freeze import covering
from archstat.spec.loader import load_outlined
from archstat.spec.model import Settings, Transfer
from archstat.spec.nodes import Scalar, Sequence, YamlNode
from archstat.spec.outline import Item, Outline
from archstat.tensor import Tensor

_NO_SETTINGS = Settings()
_WIDTH = 100
_NORM_WORDS = {op: word for word, op in NORMS.items()}


def expand(reference: str | os.PathLike[str], settings: Settings = _NO_SETTINGS) -> str:
    """Return the written-out text of a spec. Raises what :func:`archstat.spec.load` raises."""
    spec, document, network, heads = load_outlined(reference, settings)
    lines = [f"name: {_text(spec.name)}"]
    if spec.about:
        lines.append(f"about: {_text(spec.about)}")
    if spec.source:
        lines.append(f"source: {_text(spec.source)}")
    lines.append(f"input: {_input(spec.graph.input)}")
    lines += ["layers:", *_body(network, "  ")]
    if heads:
        lines.append("aux:")
        for name, outline in heads:
            lines += [f"  {name}:", *_body(outline, "    ")]
    lines += _verbatim("outputs", document.outputs)
    if settings.transfer == Transfer():
        lines += [*_verbatim("freeze", document.freeze), *_verbatim("unfreeze", document.unfreeze)]
    else:
        lines += _frozen(spec.graph)
    return "\n".join(lines) + "\n"


def _input(x: Tensor) -> str:
    sizes = flow(x.sample)
    if x.dtype.startswith(("int", "uint", "bool")):
        return f"{{{'tokens' if not x.channels_first or x.is_vector else 'shape'}: {sizes}, dtype: {x.dtype}}}"
    return sizes if x.channels_first else f"{{tokens: {sizes}}}"


def _verbatim(key: str, node: YamlNode | None) -> Iterator[str]:
    """Yield a key as it is: its names stay true."""
    if node is not None:
        yield f"{key}: {_plain(node)}"


def _frozen(graph: Graph) -> Iterator[str]:
    """Yield what is frozen in the end, by the names of whole stages where all of them is."""
    layers = {node.path: node.frozen for node in graph.nodes if node.params()}
    freeze, unfreeze = covering(layers)
    for key, names in (("freeze", freeze), ("unfreeze", unfreeze)):
        if names:
            # A stage may be called all, which alone is everything.
            globs = ("al[l]" if name == "all" else name for name in names)
            yield f"{key}: [{', '.join(map(_text, globs))}]"


def _plain(node: YamlNode) -> str:
    if isinstance(node, Sequence):
        return "[" + ", ".join(_plain(item) for item in node.items) + "]"
    assert isinstance(node, Scalar)
    return _text(node.text)


def _body(outline: Outline, indent: str) -> Iterator[str]:
    """Yield a body: a mapping where it holds stages or blocks, else a list."""
    if not outline.items:
        yield f"{indent}- identity"
        return
    if not any(item.kind in ("stage", "block") for item in outline.items):
        for item in outline.items:
            yield from _entry(item, indent)
        return
    # A list can't hold named bodies, so what stands between blocks becomes a stage of its own name.
    pending: list[Item] = []
    for item in outline.items:
        if item.kind == "from":
            pending.append(item)
            continue
        yield f"{indent}{item.name}:"
        for before in pending:
            yield from _entry(before, indent + "  ")
        if item.inner is not None and item.kind in ("stage", "block"):
            yield from _nested(item.inner, indent + "  ", bool(pending))
        else:
            yield from _entry(item, indent + "  ")
        pending = []


def _nested(inner: Outline, indent: str, in_list: bool) -> Iterator[str]:
    if in_list and any(item.kind in ("stage", "block") for item in inner.items):
        flat = [item for item in inner.items if item.kind not in ("stage", "block")]
        for item in flat:
            yield from _entry(item, indent)
        return
    yield from _body(inner, indent)


def _entry(item: Item, indent: str) -> Iterator[str]:
    if item.kind == "from":
        yield f"{indent}- from: {item.name}"
    elif item.kind == "layer":
        yield f"{indent}- {_layer(item)}"
    else:
        yield from _join(item, indent)


def _layer(item: Item) -> str:
    assert item.op is not None
    parts = _options(item.op)
    for suffix, op, share in item.inserts:
        parts.append((suffix, _insert(suffix, op, share)))
    if item.share is not None:
        parts.append(("share", item.share))
    if item.named:
        parts.append(("name", item.name))
    (word, main), rest = parts[0], parts[1:]
    if not rest:
        return f"{word}: {main}" if main else word
    return "{" + ", ".join(f"{k}: {v}" if v else f"{k}: " for k, v in parts) + "}"


def _insert(suffix: str, op: Op, share: str | None) -> str:
    parts = _options(op)
    if suffix == "act":
        # In place is what an inserted activation is unless it says otherwise.
        parts = [(k, v) for k, v in parts if (k, v) != ("inplace", "true")]
        if getattr(op, "inplace", None) is False:
            parts.append(("inplace", "false"))
        word = op.word
    else:
        word = _NORM_WORDS[op.word]
    main, rest = parts[0][1], parts[1:]
    rest += [("share", share)] if share is not None else []
    if not main and not rest:
        return word
    return "{" + ", ".join([f"{word}: {main}", *(f"{k}: {v}" for k, v in rest)]) + "}"


def _join(item: Item, indent: str) -> Iterator[str]:
    assert item.op is not None
    parts = _options(item.op)
    yield f"{indent}- {item.word}:"
    for name, outline in item.branches:
        yield from _branch(name, outline, indent + "    ")
    for key, value in [*parts[1:], *([("name", item.name)] if item.named else [])]:
        yield f"{indent}  {key}: {value}"


def _branch(name: str | None, outline: Outline, indent: str) -> Iterator[str]:
    items = outline.items
    head = f"{indent}{name}:" if name is not None else f"{indent}-"
    if not items:
        yield f"{head} identity"
    elif len(items) == 1 and items[0].kind == "from":
        yield f"{head} {items[0].name}"
    elif all(item.kind in ("layer", "from") for item in items):
        entries = [f"from: {i.name}" if i.kind == "from" else _layer(i) for i in items]
        line = f"{head} [{', '.join(entries)}]"
        if len(line) <= _WIDTH:
            yield line
        else:
            yield head
            yield from (f"{indent}  - {entry}" for entry in entries)
    else:
        yield head
        yield from _body(outline, indent + "  ")


def _options(op: Op) -> list[tuple[str, str]]:
    """Return the entry's parts: the word with its main value, then each option that isn't the default."""
    given = dict(options(op))
    main = given.pop(op.main, "") if op.main else ""
    return [(op.word, main), *given.items()]


def _text(text: str) -> str:
    """Write a text so that YAML reads it back: bare where that is plain, else in double quotes."""
    bare = text.isascii() and text and (text[0].isalnum()) and not text[-1].isspace()
    if bare and not any(c in text for c in ":#{}[],&*!|>'\"%@`\\\n\t") and text.isprintable():
        return text
    return json.dumps(text, ensure_ascii=False)
