"""Which YAML files are specs, by a look at their top: a repository holds workflows and other tools' settings too."""

import posixpath
import re
from collections.abc import Callable

import msgspec

from archstat.errors import SpecError
from archstat.spec.files import LONGEST_CHAIN, bundled
from archstat.spec.nodes import Mapping, Scalar, YamlNode, is_empty
from archstat.spec.reader import read
from archstat.spec.revisions import is_yaml
from archstat.spec.words import TOP_KEYS

Read = Callable[[str], bytes | None]
"""Gives a file's bytes by its path from the top of the repository; ``None`` where there is none."""

_KEY = re.compile(r"^[\"']?([\w-]+)[\"']?[ \t]*:", re.MULTILINE)
_EXTENDS = re.compile(r"^[\"']?extends[\"']?[ \t]*:[ \t]*[\"']?([^\r\n\"'#]*)", re.MULTILINE)


class Look(msgspec.Struct, frozen=True):
    """What the top of a file says: its keys, whether it has an input and layers, what it extends."""

    keys: frozenset[str] = frozenset()
    layered: bool = False
    extends: str | None = None

    @property
    def meant(self) -> bool:
        """Whether all keys are a spec's."""
        return self.keys <= frozenset(TOP_KEYS)


def is_spec(path: str, read: Read) -> bool:
    """Say whether a file is a spec, or was meant to be one, however broken.

    One has an input and layers, or extends a spec. One that extends a file that isn't there is one if it has a
    spec's keys alone: linters' settings extend one another too.
    """
    meant = False
    for _ in range(LONGEST_CHAIN + 1):
        data = read(path)
        if data is None:
            return meant
        seen = look(data)
        if seen.layered or seen.extends in bundled():
            return True
        extended = extended_file(path, seen)
        if extended is None:
            return False
        path, meant = extended, seen.meant
    return meant


def extended_file(path: str, seen: Look) -> str | None:
    """Return the path of the file that the one at ``path`` extends; ``None`` if it extends none."""
    if seen.extends is None or not is_yaml(seen.extends):
        return None
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), seen.extends))


def look(data: bytes) -> Look:
    """Look at a file; line by line at one that is no plain YAML."""
    if b"extends" not in data and (b"layers" not in data or b"input" not in data):
        return Look()  # most files of most repositories: not worth parsing
    try:
        root = read(data, "")
    except SpecError:
        return _look_at_lines(data.decode("utf-8", "replace"))
    if not isinstance(root, Mapping):
        return Look()
    extends, layers = root.get("extends"), root.get("layers")
    return Look(
        keys=frozenset(root.names()),
        layered=root.get("input") is not None and layers is not None and _may_be_layers(layers),
        extends=extends.text if isinstance(extends, Scalar) else None,
    )


def _look_at_lines(text: str) -> Look:
    keys = frozenset(_KEY.findall(text))
    extends = _EXTENDS.search(text)
    return Look(
        keys=keys,
        layered={"input", "layers"} <= keys,
        extends=extends[1].strip() if extends else None,
    )


def _may_be_layers(node: YamlNode) -> bool:
    """Say whether layers may stand here: other tools' settings say ``layers: 4``."""
    return is_empty(node) or not isinstance(node, Scalar)
