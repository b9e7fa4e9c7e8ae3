"""The parsed form of a spec's bodies: what is written, checked for words and names, not yet built."""

import msgspec

from archstat.errors import Mark
from archstat.spec.heading import Block
from archstat.spec.nodes import Scalar, YamlNode
from archstat.spec.recipe import Recipe
from archstat.spec.values import Written

Given = dict[str, tuple[Scalar, YamlNode]]
"""Option -> the key as written, and its value."""


class Insert(msgspec.Struct, frozen=True, eq=False):
    """A layer that ``norm:`` or ``act:`` puts behind another. ``mark`` is where it is written."""

    recipe: Recipe
    mark: Mark
    share: Scalar | None = None
    default: bool = False
    """Whether it stands under ``defaults:``."""


class Entry(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """One item of a body. ``key`` is the word that names it; ``when``, ``repeat`` and so on stand beside it."""

    key: Scalar
    mark: Mark
    when: Written | None = None
    repeat: Written | None = None
    name: Scalar | None = None
    source: Scalar | None = None
    """``from:``, the earlier output that replaces what arrives."""

    @property
    def word(self) -> str:
        return self.key.text


class OpEntry(Entry, frozen=True, eq=False, kw_only=True):
    """An op with one input, and what is inserted behind it."""

    recipe: Recipe
    given: Given
    norm: Insert | None = None
    act: Insert | None = None
    share: Scalar | None = None


class JoinEntry(Entry, frozen=True, eq=False, kw_only=True):
    """An op over branches that all start from the same input. ``labels`` are what messages call these."""

    recipe: Recipe
    given: Given
    branches: "tuple[Branch, ...]"
    labels: tuple[str, ...]


class CallEntry(Entry, frozen=True, eq=False, kw_only=True):
    """A call of a block; arguments are matched to parameters already."""

    block: Block
    arguments: dict[str, Written]
    share: Scalar | None = None
    """The earlier call or stage whose layers' weights its layers use."""
    weight: int = 0
    """What it counts beside 1 in the limit of expansion steps."""


class GroupEntry(Entry, frozen=True, eq=False, kw_only=True):
    """A list inside a list; none of its own is ``identity``, or ``from:`` standing alone."""

    body: "ListBody"


class Branch(msgspec.Struct, frozen=True, eq=False):
    """One branch of a join: a body, the name of an earlier output, or a bare word that may be either."""

    name: Scalar | None
    body: "Body | None"
    reference: Scalar | None


class ListBody(msgspec.Struct, frozen=True, eq=False):
    """Entries one after another; none is the identity."""

    entries: tuple[Entry, ...]

    @property
    def one_layer(self) -> "OpEntry | None":
        """The only layer of the body, if it is one; its stage then stands for it."""
        only = self.entries[0] if len(self.entries) == 1 else None
        return only if isinstance(only, OpEntry) and only.repeat is None else None

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
