"""Where a layer is built: the names in its body, what it sees of the network, whose weights it is to share."""

import msgspec

from archstat.spec.nodes import Scalar
from archstat.spec.outline import Outline
from archstat.spec.scope import Paths, Result, Scope
from archstat.spec.values import Names


class Tie(msgspec.Struct, frozen=True, eq=False):
    """A call whose layers, below the path ``mine``, use the weights of those below ``theirs``."""

    share: Scalar
    mine: str
    theirs: str

    def owner(self, path: str) -> str:
        """Return the path of the layer whose weights the one at ``path`` uses."""
        return self.theirs + path[len(self.mine) :]


class Frame(msgspec.Struct, frozen=True, eq=False):
    """What the body of a block sees: names for expressions, its own path, and its input. ``number`` is its own in the
    recording."""

    names: Names
    barrier: str = ""
    input: int = 0
    depth: int = 0
    section: str = ""
    number: int = 0
    tie: Tie | None = None


class Place(msgspec.Struct, frozen=True, eq=False):
    """Where a layer is built: the names in its body, what it sees, and where it is written out."""

    scope: Scope
    frame: Frame
    outline: Outline

    def within(self, path: str, at: Scalar, outline: Outline) -> "Place":
        """Return the place of a named body inside this one."""
        return Place(self.scope.within(path, at), self.frame, outline)

    def deeper(self, at: Scalar) -> "Place":
        """Return the place of a body that shares this one's names."""
        return Place(self.scope.deeper(at), self.frame, self.outline)

    def find(self, name: Scalar, paths: Paths) -> Result:
        """Find an earlier layer or stage, from the innermost body outwards; raise if there is none."""
        found = paths.find(name.text, self.scope.path, self.frame.barrier)
        return found or paths.unknown(name, self.scope.path, self.frame.barrier)
