"""``freeze:`` and ``unfreeze:``: globs on the dotted paths of layers, and of anything around them."""

import re
from collections.abc import Iterable
from fnmatch import translate

from archstat.spec.nodes import Scalar, Sequence, YamlNode, expect, printable
from archstat.spec.words import nearest

MOST_TRIES = 2**20
"""Globs times layers; more would take seconds."""


def frozen(freeze: YamlNode | None, unfreeze: YamlNode | None, paths: list[str]) -> frozenset[int]:
    """Return the nodes, given by their ``paths``, whose weights ``freeze:`` holds and ``unfreeze:`` doesn't release."""
    if freeze is None:
        if unfreeze is not None:
            raise unfreeze.error("'unfreeze' without 'freeze': nothing is frozen")
        return frozenset()
    globs = _Globs(paths)
    held = globs.matching(freeze, "freeze")
    return frozenset(held - globs.matching(unfreeze, "unfreeze") if unfreeze else held)


class _Globs:
    """The paths of the nodes and what is around them, each once: ``a.b.c`` is also under ``a`` and ``a.b``."""

    def __init__(self, paths: list[str]) -> None:
        self.paths = paths
        self.around: dict[str, str] = {}
        for path in paths:
            while path and path not in self.around:
                above = path.rpartition(".")[0]
                self.around[path] = above
                path = above
        self.tries = 0

    def matching(self, node: YamlNode, verb: str) -> set[int]:
        """Return the nodes that a list of globs matches; raise for a glob that matches nothing."""
        found: set[str] = set()
        for item in node.items if isinstance(node, Sequence) else (node,):
            glob = expect(item, Scalar, f"'{verb}' is 'all' or a list of names and globs")
            if glob.text == "all":
                return set(range(len(self.paths)))
            hits = self._hits(glob)
            if not hits:
                raise glob.error(
                    f"'{printable(glob.text)}' matches no layer",
                    hint=nearest(glob.text, self.around),
                )
            found.update(hits)
        covered: dict[str, bool] = {"": False}
        return {i for i, path in enumerate(self.paths) if self._covered(path, found, covered)}

    def _hits(self, glob: Scalar) -> Iterable[str]:
        if not any(c in glob.text for c in "*?["):
            return [glob.text] if glob.text in self.around else []
        self.tries += len(self.around)
        if self.tries > MOST_TRIES:
            raise glob.error(f"too many globs for {len(self.around):,} layers and stages")
        matches = re.compile(translate(glob.text)).match
        return [path for path in self.around if matches(path)]

    def _covered(self, path: str, found: set[str], covered: dict[str, bool]) -> bool:
        """Say whether a path or anything around it was found; ``covered`` keeps what is known."""
        todo = []
        while path not in covered:
            todo.append(path)
            path = self.around[path]
        answer = covered[path]
        for inner in reversed(todo):
            answer = answer or inner in found
            covered[inner] = answer
        return answer
