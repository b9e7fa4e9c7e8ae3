"""What is valid but probably not meant: names that nothing uses, outputs that nothing reads, a bias that a
batch norm cancels."""

import os
import re
from collections.abc import Callable, Iterable, Iterator

import msgspec

from archstat.errors import Mark
from archstat.graph import Graph
from archstat.spec.document import Document
from archstat.spec.loader import load_outlined
from archstat.spec.nodes import Mapping, Scalar, Sequence, YamlNode
from archstat.spec.words import LANGUAGE


class Finding(msgspec.Struct, frozen=True):
    """One remark, with its place."""

    mark: Mark
    message: str
    hint: str = ""

    def __str__(self) -> str:
        tail = f"\n  hint: {self.hint}" if self.hint else ""
        return f"{self.mark}: warning: {self.message}{tail}"


Rule = Callable[[Graph], Iterable[Finding]]


def lint(reference: str | os.PathLike[str], *rules: Rule) -> list[Finding]:
    """Return the remarks on a spec, in the order of their places. Raises a SpecError if it doesn't hold.

    ``rules`` are more than those that the graph alone can tell: what passes find.
    """
    spec, document, _, _ = load_outlined(reference)
    own = [
        *_unused_names(document),
        *_unused_defaults(document, spec.graph),
        *_unread(spec.graph),
        *_cancelled_bias(spec.graph),
        *(finding for rule in rules for finding in rule(spec.graph)),
    ]
    # What an extended spec does is that file's own affair.
    here = [f for f in own if f.mark.file == spec.file]
    return sorted(here, key=lambda f: (f.mark.line, f.mark.column))


def _unused_names(document: Document) -> Iterator[Finding]:
    bodies = [document.layers, *(node for _, node in document.aux.values())]
    defaults = [node for _, node in document.defaults.values()]
    blocks = [block.body for block in document.blocks.values()]
    headings: list[YamlNode] = [block.key for block in document.blocks.values()]
    used = _words([*bodies, *defaults, *blocks, *headings, *document.vars.values(), document.input])
    for name, node in document.vars.items():
        if name not in used:
            yield Finding(node.mark, f"nothing uses the variable '{name}'")
    called = _words([*bodies, *blocks])
    for block in document.blocks.values():
        if block.name not in called:
            yield Finding(block.key.mark, f"nothing calls the block '{block.name}'")
        inside = _words([block.body])
        for param in block.params:
            if param not in inside:
                yield Finding(block.key.mark, f"block '{block.name}' doesn't use '{param}'")


def _words(nodes: list[YamlNode]) -> set[str]:
    found: set[str] = set()
    stack = list(nodes)
    while stack:
        node = stack.pop()
        if isinstance(node, Scalar):
            found |= set(re.findall(r"[A-Za-z_][A-Za-z0-9_]*", node.text))
        elif isinstance(node, Sequence):
            stack += node.items
        elif isinstance(node, Mapping):
            stack += [part for entry in node.entries for part in entry]
    return found - LANGUAGE


def _unused_defaults(document: Document, graph: Graph) -> Iterator[Finding]:
    used = {node.op.word for node in graph.nodes}
    for word, (key, _) in document.defaults.items():
        if word not in used:
            yield Finding(key.mark, f"the network has no '{word}' for these defaults")


def _unread(graph: Graph) -> Iterator[Finding]:
    read = {i for node in graph.nodes for i in node.inputs} | set(graph.outputs)
    last_of_head = {node.section: i for i, node in enumerate(graph.nodes) if node.section}
    for i, node in enumerate(graph.nodes):
        if i not in read and i != last_of_head.get(node.section) and node.mark is not None:
            yield Finding(
                node.mark,
                f"nothing reads the output of '{node.path}'",
                "it is counted all the same; name it under 'outputs:' if it is one",
            )


def _cancelled_bias(graph: Graph) -> Iterator[Finding]:
    seen: set[tuple[int, int]] = set()
    for node in graph.nodes:
        if node.op.word != "batch_norm" or not node.inputs:
            continue
        before = graph.nodes[node.inputs[0]]
        bias = before.params().get("bias")
        if bias is None or before.op.word not in ("conv", "conv_transpose", "linear"):
            continue
        if before.mark is not None and (before.mark.line, before.mark.column) not in seen:
            seen.add((before.mark.line, before.mark.column))
            yield Finding(
                before.mark,
                f"the batch norm behind '{before.path}' cancels its bias",
                f"'bias: false' saves {bias[0]:,} parameters",
            )
