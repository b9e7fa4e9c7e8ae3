"""The words of the language, and the nearest right one for a wrong one."""

from collections.abc import Iterable

LANGUAGE = frozenset(
    ("channels", "identity", "input", "from", "repeat", "when", "name", "share", "act", "norm",
     "true", "false", "none", "all")
)  # fmt: skip
"""Words that can't name a block, a parameter or a variable (ops and functions can't either)."""

TOP_KEYS = (
    "archstat", "name", "about", "source", "input", "vars", "defaults", "blocks", "layers", "aux",
    "outputs", "extends", "replace", "remove", "before", "after", "append", "freeze", "unfreeze",
    "published", "budget",
)  # fmt: skip
"""The keys at the top of a spec, in the order in which people write them."""


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return "did you mean 'x'?" for the most alike known word, or ``None``."""
    from difflib import get_close_matches

    names = sorted(set(known))
    lowered = {name.lower(): name for name in names}
    if word.lower() in lowered:
        return f"did you mean '{lowered[word.lower()]}'?"
    close = get_close_matches(word[:64], names, n=1, cutoff=0.6)
    return f"did you mean '{close[0]}'?" if close else None
