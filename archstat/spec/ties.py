"""Weights that layers share: whose weights a layer uses, or each layer of a call."""

from typing import TYPE_CHECKING

from archstat.graph import Builder
from archstat.ops.base import Op
from archstat.spec.nodes import Scalar, printable
from archstat.spec.places import Place
from archstat.spec.scope import Paths, Result
from archstat.spec.syntax import CallEntry, OpEntry

if TYPE_CHECKING:
    from archstat.spec.recording import Recording


class Ties:
    """Finds the layers that ``share:`` names. ``tape`` takes down what is asked of them."""

    def __init__(self, builder: Builder, paths: Paths, tape: "Recording | None") -> None:
        self._builder = builder
        self._paths = paths
        self._tape = tape

    def owner(self, entry: OpEntry, name: str, first: Result | None, place: Place) -> Result | None:
        """Return the layer whose weights an entry shares; a repeat that names itself shares its first copy's."""
        assert entry.share is not None
        own = entry.name.text if entry.name else entry.word
        if entry.repeat is not None and entry.share.text in (own, name):
            return first
        return place.find(entry.share, self._paths)

    def call(self, entry: CallEntry, name: str, first: str, place: Place) -> str:
        """Return the path of the call or stage whose weights a call shares; nothing if it has its own.

        A repeat that names itself shares its ``first`` copy's.
        """
        if entry.share is None:
            return ""
        own = entry.name.text if entry.name else entry.word
        if entry.repeat is not None and entry.share.text in (own, name):
            return first
        place.find(entry.share, self._paths)
        # A stage stands for the only call of the block in it.
        scope, barrier, stage = place.scope.path, place.frame.barrier, entry.share.text
        within = self._paths.find_path(f"{stage}.{entry.block.name}", scope, barrier)
        return within or self._paths.find_path(stage, scope, barrier) or ""

    def weights(self, op: Op, owner: Result, share: Scalar) -> int:
        """Return the node whose weights an op uses."""
        name = printable(share.text)
        if owner.layer is None:
            raise share.error(f"'{name}' is not a layer with weights")
        node = self._builder.nodes[owner.layer]
        if not node.params():
            raise share.error(f"'{name}' has no weights to share")
        mine, theirs = groups(op), groups(node.op)
        if mine != theirs:
            raise share.error(f"groups {mine} can't share the weights of groups {theirs}")
        return node.owner

    def tied(self, op: Op, path: str, place: Place) -> int | None:
        """Return the node whose weights a layer uses because its block's call shares them; ``None`` if it has none."""
        tie = place.frame.tie
        if tie is None:
            return None
        theirs = tie.owner(path)
        found = self._paths.get(theirs)
        node = None if found is None or found.layer is None else self._builder.nodes[found.layer]
        if node is None or type(node.op) is not type(op):
            raise tie.share.error(
                f"'{printable(tie.share.text)}' has no {op.word} at '{theirs}' for '{path}' to share",
                hint="share an earlier call of the same block",
            )
        held = bool(node.params())
        if self._tape is not None:
            self._tape.holds(node.owner, held)
        return node.owner if held else None

    def held(self, added: int, owner: int | None, place: Place) -> None:
        """Take down that a layer of a call that shares weights has none."""
        if self._tape is not None and place.frame.tie is not None and owner is None:
            self._tape.holds(added, False)

    def check(self, added: int, path: str, place: Place, owner: int | None) -> None:
        """Raise if a layer has weights of its own in a call whose layers share another's."""
        tie = place.frame.tie
        if owner is None and tie is not None and self._builder.nodes[added].params():
            raise tie.share.error(f"'{tie.owner(path)}' has no weights for '{path}' to share")


def groups(op: Op) -> int:
    """Return into how many groups an op's weights fall."""
    found: int = getattr(op, "groups", 1)
    return found
