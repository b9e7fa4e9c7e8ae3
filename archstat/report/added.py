"""Columns that are asked for beside a table's own: receptive fields beside params, params beside memory."""

from collections.abc import Sequence

import msgspec

from archstat.errors import UsageError
from archstat.report.columns import BY_KEY, READING_BY_KEY
from archstat.report.kinds import Kind
from archstat.report.wholes import WHOLE_BY_KEY
from archstat.spec.words import nearest


def beside(kind: Kind, keys: Sequence[str]) -> Kind:
    """Return ``kind`` with further columns behind its own, each once.

    Raises a UsageError for a key that there is no column of.
    """
    added = tuple(key for key in known_columns(keys) if key not in kind.shown)
    if not added:
        return kind
    from archstat.passes.receptive_field import field_notes

    counts = any(kind.column(key).adds for key in added)
    return msgspec.structs.replace(
        kind,
        shown=(*kind.shown, *added),
        aside=tuple(key for key in kind.aside if key not in added),
        added=added,
        nothing="without any of them" if counts and kind.nothing else kind.nothing,
        seen=field_notes if any(key in READING_BY_KEY for key in added) else kind.seen,
    )


def known_columns(keys: Sequence[str]) -> tuple[str, ...]:
    """Return the keys of columns, each once. Raises a UsageError for one that there isn't."""
    known = (*BY_KEY, *READING_BY_KEY)
    for key in keys:
        if key in WHOLE_BY_KEY:
            raise UsageError(
                f"'{key}' is one number of the whole network, not a column",
                hint=f"archstat compare and archstat sweep show it: --metric {key}",
            )
        if key not in known:
            raise UsageError(
                f"no column '{key[:60]}'",
                hint=nearest(key, known) or f"there are {', '.join(known)}",
            )
    return tuple(dict.fromkeys(keys))
