"""The parsed form of a spec's bodies: what is written, checked for words and names, not yet built."""

import msgspec

from archstat.errors import Mark
from archstat.ops.base import Op
from archstat.spec.document import Block
from archstat.spec.nodes import Mapping, Scalar, YamlNode

Options = dict[str, tuple[Scalar, YamlNode]]
"""Option -> the key as written (for messages) and its value."""


class Insert(msgspec.Struct, frozen=True, eq=False):
    """A layer that ``norm:`` or ``act:`` puts behind another, or ``none`` (no op)."""

    op: type[Op] | None
    key: Scalar
    options: Options


class Entry(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """One item of a body. ``key`` is the word that names it; ``when``, ``repeat`` and so on stand beside it."""

    key: Scalar
    when: YamlNode | None = None
    repeat: YamlNode | None = None
    name: Scalar | None = None
    source: Scalar | None = None
    """``from:``, the earlier output that replaces what arrives."""

    @property
    def word(self) -> str:
        return self.key.text

    @property
    def mark(self) -> Mark:
        return self.key.mark


class OpEntry(Entry, frozen=True, eq=False, kw_only=True):
    """An op with one input. ``options`` holds the main value too, under its field's name."""

    op: type[Op]
    options: Options
    act: Insert | None = None
    norm: Insert | None = None
    share: Scalar | None = None


class JoinEntry(Entry, frozen=True, eq=False, kw_only=True):
    """An op over branches that all start from the same input."""

    op: type[Op]
    options: Options
    branches: "tuple[Branch, ...]"


class CallEntry(Entry, frozen=True, eq=False, kw_only=True):
    """A call of a block; arguments are matched to parameters already."""

    block: Block
    arguments: Options


class FromEntry(Entry, frozen=True, eq=False, kw_only=True):
    """``from: name`` standing alone."""


class GroupEntry(Entry, frozen=True, eq=False, kw_only=True):
    """A list inside a list."""

    body: "ListBody"


class Branch(msgspec.Struct, frozen=True, eq=False):
    """One branch of a join: a body, or the name of an earlier output."""

    name: Scalar | None
    body: "Body | None"
    reference: Scalar | None


class ListBody(msgspec.Struct, frozen=True, eq=False):
    """Entries one after another; none is the identity."""

    entries: tuple[Entry, ...]

    @property
    def is_one_call(self) -> bool:
        """Whether the body is one block call, which then takes the body's own name."""
        return (
            len(self.entries) == 1
            and isinstance(self.entries[0], CallEntry)
            and self.entries[0].repeat is None
            and self.entries[0].name is None
        )


class MapBody(msgspec.Struct, frozen=True, eq=False):
    """Named bodies one after another: stages."""

    stages: "tuple[tuple[Scalar, Body], ...]"


Body = ListBody | MapBody

__all__ = [
    "Body",
    "Branch",
    "CallEntry",
    "Entry",
    "FromEntry",
    "GroupEntry",
    "Insert",
    "JoinEntry",
    "ListBody",
    "MapBody",
    "Mapping",
    "OpEntry",
    "Options",
]
