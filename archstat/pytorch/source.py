"""Graph -> Python source of its PyTorch module: what ``archstat graph -f torch`` prints. Needs no torch.

A stage or branch that is a straight line becomes an nn.Sequential; any other becomes a class with the same
children, and equal classes are written once. The state dict's keys are the layers' dotted paths.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from archstat.graph import Graph, Node
from archstat.passes.trace import trained_nodes
from archstat.pytorch.classes import Writer, access
from archstat.pytorch.names import PIECES, class_name
from archstat.pytorch.outline import outline
from archstat.spec.freeze import covering
from archstat.tensor import Tensor


def source(graph: Graph) -> str:
    """Return a Python file that defines the network as one class, and builds it when it is run."""
    writer = Writer(graph)
    top = writer.top(outline(graph), class_name(graph.name), _afterwards(graph))
    body = "\n\n\n".join([*writer.classes, top])
    used = [name for name in PIECES if f"{name}(" in body]
    parts = [_heading(graph, body, used), *(_piece(name) for name in used), body, _main(graph)]
    return "\n\n\n".join(parts) + "\n"


def _heading(graph: Graph, body: str, used: list[str]) -> str:
    functional = "F." in body or any("F." in _piece(name) for name in used)
    lines = [f'"""{_printable(graph.name)}, written by archstat."""', ""]
    if "OrderedDict(" in body:
        lines.append("from collections import OrderedDict")
    if used:
        lines.append("from typing import Any")
    if len(lines) > 2:
        lines.append("")
    lines += ["import torch", "from torch import nn"]
    if functional:
        lines.append("from torch.nn import functional as F")
    return "\n".join(lines)


def _main(graph: Graph) -> str:
    name = class_name(graph.name)
    x = _arriving(graph.input)
    made = f"{name}()" if graph.dtype == "float32" else f"{name}().to(torch.{graph.dtype})"
    shown = "y.shape" if len(graph.outputs) == 1 else "[one.shape for one in y]"
    return (
        'if __name__ == "__main__":\n'
        '    with torch.device("meta"):  # shapes alone; without this line the weights are real\n'
        f"        model = {made}.eval()\n"
        f"        y = model({x})\n"
        f"    print({shown}, sum(p.numel() for p in model.parameters()))"
    )


def _arriving(x: Tensor) -> str:
    return f"torch.zeros({', '.join(map(str, x.shape))}, dtype=torch.{x.dtype})"


def _afterwards(graph: Graph) -> Iterator[str]:
    """Write what is done when everything is built: sharing, freezing."""
    for index, node in enumerate(graph.nodes):
        if node.owner != index:
            owner = graph.nodes[node.owner]
            for name in node.params():
                yield f"{_access(node)}.{name} = {_access(owner)}.{name}"
    trained = trained_nodes(graph)
    held = {node.path: not trained[node.owner] for node in graph.nodes if node.params()}
    freeze, unfreeze = covering(held)
    yield from (f"{access('self', path)}.requires_grad_(False)" for path in freeze)
    yield from (f"{access('self', path)}.requires_grad_(True)" for path in unfreeze)


def _access(node: Node) -> str:
    return access("self", node.path)


@cache
def _piece(name: str) -> str:
    text = (Path(__file__).parent / "pieces.py").read_text(encoding="utf-8")
    for statement in ast.parse(text).body:
        if isinstance(statement, ast.ClassDef) and statement.name == name:
            return ast.get_source_segment(text, statement) or ""
    raise LookupError(name)


def _printable(name: str) -> str:
    """Leave nothing in a docstring that could end it."""
    kept = "".join(c for c in name if c.isprintable())
    return kept.replace("\\", "/").replace('"', "'")
