"""``freeze:`` and ``unfreeze:``, and ``--freeze`` and ``--unfreeze`` over them: globs on the dotted paths of layers,
and of anything around them."""

import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from fnmatch import translate
from functools import cached_property

import msgspec

from archstat.errors import ArchstatError, UsageError
from archstat.graph import Node
from archstat.spec.model import Transfer
from archstat.spec.nodes import Scalar, Sequence, YamlNode, expect, printable
from archstat.spec.words import nearest

MOST_TRIES = 2**20
"""Globs times layers; more would take seconds."""

MOST_SHOWN = 12
"""Stages that a hint names."""

Holds = Callable[[int], bool]
"""Says whether a node has weights: all that freezing asks that isn't in the paths."""


def frozen(
    freeze: YamlNode | None,
    unfreeze: YamlNode | None,
    nodes: list[Node],
    transfer: Transfer,
    holds: Holds,
) -> frozenset[int]:
    """Return those of the ``nodes`` whose weights aren't trained; ``holds`` is asked which have any.

    What the spec freezes, less what it unfreezes; then what ``transfer`` freezes, less what it unfreezes. Weights that
    several layers share are one parameter, as ``requires_grad`` is: what is said of one layer holds for all. Raises an
    ArchstatError for a glob that matches no weights, and where nothing is there to unfreeze.
    """
    globs = _Globs(nodes, holds)
    held: set[int] = set()
    if freeze is not None:
        held = globs.matching(_written(freeze, "freeze"))
    if unfreeze is not None:
        if freeze is None:
            raise unfreeze.error("'unfreeze' without 'freeze': nothing is frozen")
        held -= globs.matching(_written(unfreeze, "unfreeze"))
    held |= globs.matching(_given(transfer.freeze, "--freeze"))
    if transfer.unfreeze:
        if not held:
            raise UsageError("--unfreeze: nothing is frozen", hint="--freeze all freezes the rest")
        held -= globs.matching(_given(transfer.unfreeze, "--unfreeze"))
    return frozenset(i for i, node in enumerate(nodes) if node.owner in held)


def covering(layers: Mapping[str, bool]) -> tuple[list[str], list[str]]:
    """Return what to freeze and what to unfreeze, so that just those ``layers`` are frozen of which it is true.

    A name covers all below it, so it is that of a stage where the whole stage is frozen.

    >>> covering({"a.conv1": True, "a.conv2": True, "b.conv1": True, "b.conv1.norm": False, "c": False})
    (['a', 'b.conv1'], ['b.conv1.norm'])
    """
    freeze: list[str] = []
    mixed: dict[str, set[bool]] = {}
    for path, held in layers.items():
        for name in _upwards(path):
            mixed.setdefault(name, set()).add(held)
    for path, held in layers.items():
        if held:
            whole = [name for name in _upwards(path) if mixed[name] == {True}]
            freeze.append(whole[-1] if whole else path)
    names = dict.fromkeys(freeze)
    unfreeze = [
        path
        for path, held in layers.items()
        if not held and any(name in names for name in _upwards(path))
    ]
    return list(names), unfreeze


def _upwards(path: str) -> Iterator[str]:
    """Yield a path and what is around it, the innermost first."""
    while path:
        yield path
        path = path.rpartition(".")[0]


class _Glob(msgspec.Struct, frozen=True, eq=False):
    """A glob, and how an error about it is made."""

    text: str
    error: Callable[..., ArchstatError]


def _written(node: YamlNode, verb: str) -> Iterator[_Glob]:
    for item in node.items if isinstance(node, Sequence) else (node,):
        glob = expect(item, Scalar, f"'{verb}' is 'all' or a list of names and globs")
        yield _Glob(glob.text, glob.error)


def _given(texts: Iterable[str], option: str) -> Iterator[_Glob]:
    for text in texts:
        yield _Glob(text, lambda message, hint=None: UsageError(f"{option}: {message}", hint=hint))


class _Globs:
    """The paths of the nodes and what is around them, each once: ``a.b.c`` is also under ``a`` and ``a.b``."""

    def __init__(self, nodes: list[Node], holds: Holds) -> None:
        self.nodes, self._holds = nodes, holds
        self.around: dict[str, str] = {}
        for node in nodes:
            path = node.path
            while path and path not in self.around:
                above = path.rpartition(".")[0]
                self.around[path] = above
                path = above
        self.tries = 0

    def matching(self, globs: Iterable[_Glob]) -> set[int]:
        """Return the owners of the weights that any glob matches; raise for a glob that matches none."""
        found: set[str] = set()
        everything = False
        for glob in globs:
            if glob.text == "all":
                everything = True
                continue
            hits = self._hits(glob)
            if not hits:
                raise glob.error(
                    f"'{printable(glob.text)}' matches no layer",
                    hint=nearest(glob.text, self.around)
                    or f"there are {self._stages(self.around)}",
                )
            if not any(map(self._holds, self._inside(hits))):
                stages = self._stages(self.weighted)
                raise glob.error(
                    f"'{printable(glob.text)}' matches no layer with weights",
                    hint=f"there are weights in {stages}" if stages else None,
                )
            found.update(hits)
        if everything or not found:
            return {node.owner for node in self.nodes} if everything else set()
        covered: dict[str, bool] = {"": False}
        return {node.owner for node in self.nodes if self._covered(node.path, found, covered)}

    @cached_property
    def weighted(self) -> frozenset[str]:
        """The layers with weights, and what is around them."""
        return frozenset(
            path for node in self.nodes if node.params() for path in _upwards(node.path)
        )

    @cached_property
    def _nodes_by_path(self) -> dict[str, list[int]]:
        """The nodes of each layer, and of what is around layers."""
        found: dict[str, list[int]] = {}
        for i, node in enumerate(self.nodes):
            for path in _upwards(node.path):
                found.setdefault(path, []).append(i)
        return found

    def _inside(self, hits: list[str]) -> list[int]:
        """Return the nodes of some paths, in order."""
        by_path = self._nodes_by_path
        return by_path[hits[0]] if len(hits) == 1 else sorted({i for p in hits for i in by_path[p]})

    def _stages(self, among: Container[str]) -> str:
        stages = [path for path, above in self.around.items() if not above and path in among]
        stages = [path for path in stages if path != "input"]
        more = ", ..." if len(stages) > MOST_SHOWN else ""
        return f"{', '.join(stages[:MOST_SHOWN])}{more}"

    def _hits(self, glob: _Glob) -> list[str]:
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
