"""The parameters that a step of training changes."""

import msgspec

from archstat.graph import Graph
from archstat.ops.tape import Mode
from archstat.passes.trace import Ran
from archstat.tensor import Tensor


class Weight(msgspec.Struct, frozen=True):
    """A learnable tensor to which a gradient comes. ``uses`` is how many steps give it one."""

    node: int
    name: str
    tensor: Tensor
    uses: int


def learning(
    graph: Graph, steps: tuple[Ran, ...], reached: frozenset[int], mode: Mode
) -> dict[tuple[int, str], Weight]:
    """Return the parameters in the order in which a module has them, and an optimizer steps."""
    found: dict[tuple[int, str], Weight] = {}
    for moment in sorted(reached):
        ran = steps[moment]
        if not ran.trained:
            continue
        node = graph.nodes[ran.node]
        for one in ran.step.learns:
            key = (node.owner, one.name)
            uses = found[key].uses if key in found else 0
            tensor = Tensor(node.params()[one.name], graph.dtype)
            found[key] = Weight(node.owner, one.name, tensor, uses + 1)
    if not mode.autocast:
        return found

    def place(key: tuple[int, str]) -> tuple[int, int]:
        # Autocast casts a bias before its weight.
        node = graph.nodes[key[0]]
        names = [one.name for step in node.op.tape(node.io, mode) for one in step.learns]
        return key[0], names.index(key[1])

    return {key: found[key] for key in sorted(found, key=place)}
