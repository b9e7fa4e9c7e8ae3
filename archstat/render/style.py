"""What the reader's screen can show. Machine formats don't ask."""

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from archstat.units import System


class Style(msgspec.Struct, frozen=True, kw_only=True):
    """``width`` of ``None`` is a file or a pipe: nothing is left out. ``plain`` is ASCII without rules."""

    width: int | None = None
    color: bool = False
    unicode: bool = True
    bars: bool = False
    plain: bool = False
    system: "System" = "si"


PLAIN_FILE = Style()
