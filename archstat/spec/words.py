"""The words of the language, and the nearest right one for a wrong one."""

from collections.abc import Iterable
from keyword import iskeyword

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

BESIDE = ("repeat", "when", "name", "from")
"""What may stand beside any layer."""

BESIDE_ALIASES = {
    "activation": "act", "activation_fn": "act", "nonlinearity": "act", "normalization": "norm",
    "normalisation": "norm", "times": "repeat", "repeats": "repeat", "count": "repeat", "if": "when",
    "condition": "when", "id": "name", "label": "name", "input": "from", "inputs": "from",
    "tie": "share", "shared": "share",
}  # fmt: skip
"""What people call them, and what an entry of a conv or linear may hold besides its options."""

_MANY = 1000


def is_reserved(word: str, ops: frozenset[str]) -> bool:
    """Say whether a word has a meaning already: in the language, as an op, or in an expression."""
    return word in LANGUAGE or word in ops or iskeyword(word)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return "did you mean 'x'?" for the most alike known word, or ``None``."""
    from difflib import get_close_matches

    names = sorted(set(known))
    lowered = {name.lower(): name for name in names}
    if word.lower() in lowered:
        return f"did you mean '{lowered[word.lower()]}'?"
    if len(names) > _MANY:
        # Comparing takes long: a slip of the pen leaves the first letter and nearly the length.
        names = [n for n in names if n[:1] == word[:1] and abs(len(n) - len(word)) < 3][:_MANY]
    close = get_close_matches(word[:64], names, n=1, cutoff=0.6)
    return f"did you mean '{close[0]}'?" if close else None
