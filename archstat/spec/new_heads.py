"""``--replace-head``: the layers that give the classes, the auxiliary heads' among them."""

from collections.abc import Sequence

import msgspec

from archstat.errors import UsageError
from archstat.graph import Node
from archstat.ops.base import Op
from archstat.spec.nodes import printable


def find_heads(nodes: Sequence[Node], outputs: Sequence[int]) -> tuple[int, ...]:
    """Return the layers that give the classes: the network's, and that of each auxiliary head.

    Going back from an output, it is the first layer with weights, if that is a linear layer or a 1x1 convolution whose
    channels are the output's. Raises a UsageError where it isn't, where layers join on the way, and where its weights
    are shared.
    """
    if len(outputs) > 1:
        raise _refused(f"the network has {len(outputs)} outputs, and a head gives one")
    read = {i for node in nodes for i in node.inputs}
    aux = [i for i, node in enumerate(nodes) if node.section and i not in read]
    return tuple(_head(nodes, end) for end in (*outputs, *aux))


def with_outputs(op: Op, count: int) -> Op:
    """Return a head's op with another number of outputs."""
    assert op.main is not None
    return msgspec.structs.replace(op, **{op.main: count})


def _head(nodes: Sequence[Node], end: int) -> int:
    at = end
    while not nodes[at].params():
        before = nodes[at].inputs
        if not before:
            raise _refused("no layer before the output has weights")
        if len(before) > 1:
            raise _refused(f"{_said(nodes[at])} joins several layers, so none gives the classes")
        (at,) = before
    head = nodes[at]
    sizes = head.params().get("weight", ())
    weighs_each = all(n == 1 for n in sizes[2:]) and getattr(head.op, "groups", 1) == 1
    if head.op.word not in ("linear", "conv") or not weighs_each:
        raise _refused(
            f"{_said(head)} is the last layer with weights, and neither a linear layer nor a 1x1 convolution"
        )
    if head.owner != at or any(n.owner == at and n is not head for n in nodes):
        raise _refused(f"{_said(head)} shares its weights with another layer")
    if head.output.channels != nodes[end].output.channels:
        raise _refused(
            f"the {head.output.channels} outputs of {_said(head)} are not those of the network"
        )
    return at


def _said(node: Node) -> str:
    word = "" if node.path.rpartition(".")[2].startswith(node.op.word) else f" ({node.op.word})"
    return f"'{printable(node.path)}'{word}"


def _refused(what: str) -> UsageError:
    return UsageError(
        f"--replace-head: {what}", hint="write the new head in a spec: 'extends', then 'replace'"
    )
