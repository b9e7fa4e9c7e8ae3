"""The arithmetic of one layer, as a person writes it on the board."""

from collections.abc import Iterable, Mapping, Sequence
from math import prod

import msgspec

from archstat.errors import UsageError
from archstat.graph import Graph, Node
from archstat.ops.base import Terms, total
from archstat.report.columns import BY_KEY
from archstat.report.field_steps import field_lines
from archstat.report.grouping import sample
from archstat.spec.model import Spec
from archstat.tensor import BYTES, Shape, Tensor


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One line: ``label`` ``arithmetic`` = ``value``. A line that only says something has no value.

    Where a quantity is a sum, each product is a line that ``part`` names, and the sum follows.
    """

    label: str
    part: str = ""
    arithmetic: str
    value: int | None = None
    unit: str = ""


class Lesson(msgspec.Struct, frozen=True, kw_only=True):
    """One layer: its tensors at both sides, and the steps to its numbers, for the whole batch."""

    path: str
    op: str
    inputs: tuple[Shape, ...]
    output: Shape
    steps: tuple[Step, ...]


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """Some layers of a network, explained; ``together`` adds their columns up."""

    name: str
    reference: str
    lessons: tuple[Lesson, ...]
    together: Mapping[str, int]


def explain(spec: Spec, layers: Sequence[str] = (), *, aux: bool = False) -> Explanation:
    """Explain the layers named by path, prefix or glob; without names, all that learn, multiply or reshape.

    Raises a UsageError on a name that matches nothing.
    """
    graph = spec.graph.select(aux=aux or bool(layers))
    if layers:
        chosen = sorted({i for layer in layers for i in matching(graph, layer)})
    else:
        chosen = [i for i, node in enumerate(graph.nodes) if _worth_explaining(node)]
    together = {}
    for column in (BY_KEY[key] for key in ("params", "macs", "flops", "activations")):
        values = column.values(graph)
        together[column.key] = sum(values[i] or 0 for i in chosen)
    return Explanation(
        name=spec.name,
        reference=spec.reference,
        lessons=tuple(_lesson(graph, i) for i in chosen),
        together=together,
    )


def matching(graph: Graph, layer: str) -> list[int]:
    """Return the nodes with this path, below this prefix, or matching this glob."""
    found = [
        i
        for i, node in enumerate(graph.nodes)
        if node.path == layer or node.path.startswith(f"{layer}.")
    ]
    if not found and any(c in layer for c in "*?["):
        from fnmatch import fnmatchcase

        found = [i for i, node in enumerate(graph.nodes) if fnmatchcase(node.path, layer)]
    if not found:
        raise UsageError(f"'{graph.name}' has no layer '{layer}'", hint=_like(graph, layer))
    return found


def _like(graph: Graph, layer: str) -> str:
    from difflib import get_close_matches

    paths = [node.path for node in graph.nodes]
    known = list(dict.fromkeys([node.stage for node in graph.nodes] + paths))
    close = get_close_matches(layer, known, 3, 0.6)
    close += [path for path in paths if path.endswith(f".{layer}") and path not in close][:3]
    if close:
        return f"did you mean {' or '.join(repr(name) for name in close)}?"
    return "'archstat shapes' lists the layers"


def _worth_explaining(node: Node) -> bool:
    return bool(node.params() or node.op.macs(node.io) or node.op.steps(node.io))


def _lesson(graph: Graph, index: int) -> Lesson:
    node = graph.nodes[index]
    steps = [_output(step) for step in node.op.steps(node.io)]
    steps += _params(graph, index, node)
    steps += _costs("MACs", node.op.macs(node.io), node, {})
    steps += _costs("FLOPs", node.op.flops(node.io), node, node.op.macs(node.io))
    steps += _memory(graph, node)
    steps += [
        Step(label=label, arithmetic=arithmetic, value=value, unit="positions")
        for label, arithmetic, value in field_lines(graph, index)
    ]
    return Lesson(
        path=node.path,
        op=node.op.word,
        inputs=tuple(sample(x) for x in node.io.inputs),
        output=sample(node.output),
        steps=tuple(steps),
    )


def _output(written: str) -> Step:
    """Split ``(227 - 11)/4 + 1 = 55`` at its last equals sign."""
    left, _, right = written.rpartition(" = ")
    digits = right.replace(",", "")
    if not left or not digits.isdecimal():
        return Step(label="output", arithmetic=written)
    return Step(label="output", arithmetic=left, value=int(digits), unit="elements")


def _params(graph: Graph, index: int, node: Node) -> Iterable[Step]:
    tensors = node.params()
    sizes = [prod(shape) for shape in tensors.values()]
    for (name, shape), size in zip(tensors.items(), sizes, strict=True):
        yield Step(label=name, arithmetic=_product(reversed(shape)), value=size, unit="elements")
    if len(sizes) > 1:
        yield Step(label="params", arithmetic=_sum(sizes), value=sum(sizes), unit="elements")
    if tensors and node.owner != index:
        owner = graph.nodes[node.owner].path
        yield Step(label="shared", arithmetic=f"these are {owner}'s weights, counted there")
    if tensors and node.frozen:
        yield Step(label="frozen", arithmetic="training leaves them as they are")
    buffers = [prod(shape) for shape in node.op.buffers(node.io).values()]
    if buffers:
        yield Step(label="buffers", arithmetic=_sum(buffers), value=sum(buffers), unit="elements")


def _costs(label: str, terms: Terms, node: Node, macs: Terms) -> Iterable[Step]:
    """Write each product; several are added up. A product that doubles a MAC term says so."""
    unit = label.removesuffix("s")
    known = {(2, *factors): f"2*{prod(factors):,}" for factors in macs.values()}
    written = [known.get(f) or _product(_pleasant(f, node)) for f in terms.values()]
    if not written:
        return
    if len(written) <= 2:
        yield Step(label=label, arithmetic=" + ".join(written), value=total(terms), unit=unit)
        return
    for name, arithmetic, factors in zip(terms, written, terms.values(), strict=True):
        yield Step(label=label, part=name, arithmetic=arithmetic, value=prod(factors), unit=unit)
    yield Step(label=label, arithmetic="the sum", value=total(terms), unit=unit)


def _memory(graph: Graph, node: Node) -> Iterable[Step]:
    shares = node.op.storage(node.io)
    if shares is not None:
        yield Step(label="memory", arithmetic=f"none of its own: {_whose(graph, node, shares)}")
        return
    y = node.output
    size = BYTES[y.dtype]
    yield Step(
        label="activations",
        arithmetic=_product(_pleasant(y.shape, node)),
        value=y.numel,
        unit="elements",
    )
    yield Step(label="memory", arithmetic=f"{y.numel:,}*{size}", value=y.nbytes, unit="bytes")


def _whose(graph: Graph, node: Node, shares: int) -> str:
    """Follow views and in-place ops down to the layer whose memory they are in."""
    owner: int | None = shares
    while owner is not None and owner >= 0:
        node = graph.nodes[node.inputs[owner]]
        owner = node.op.storage(node.io)
    return (
        f"it is in the memory of {node.path}"
        if owner is None
        else f"it is the parameter {node.path}"
    )


def _pleasant(factors: Shape, node: Node) -> Shape:
    """Order factors as they are said: positions, then channels, then what is done at each; a batch of 1 is left out."""
    for tensor in (node.output, *node.io.inputs):
        rank = len(tensor.shape)
        if factors[:rank] == tensor.shape:
            rest = factors[rank:]
            once = rest == (1,) and not node.params()
            return (*_positions_first(tensor), *(() if once else reversed(rest)))
    return factors[1:] if factors[0] == 1 and len(factors) > 1 else factors


def _positions_first(tensor: Tensor) -> Shape:
    batch = (tensor.batch,) if tensor.batch != 1 else ()
    return (*batch, *sample(tensor, "hwc"))


def _product(factors: Iterable[int]) -> str:
    given = tuple(factors)
    return "*".join(map(str, given)) if len(given) > 1 else f"{prod(given):,}"


def _sum(parts: Iterable[int]) -> str:
    return " + ".join(f"{n:,}" for n in parts)
