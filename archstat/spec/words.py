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


def is_reserved(word: str, ops: frozenset[str]) -> bool:
    """Say whether a word has a meaning already: in the language, as an op, or in an expression."""
    return word in LANGUAGE or word in ops or iskeyword(word)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return "did you mean 'x'?" for the most alike known word, or ``None``.

    >>> nearest("vgg61", ("vgg16", "vgg19")), nearest("wavelet", ("select", "conv"))
    ("did you mean 'vgg16'?", None)
    """
    most = max(1, min(len(word), _LONGEST) // 3)
    plain = word[:_LONGEST].lower()
    close = [name for name in set(known) if abs(len(name) - len(word)) <= most][:_MANY]
    letters = sorted(plain)
    ranked = [(-_slips(plain, n.lower()), sorted(n.lower()) == letters, n) for n in close]
    slips, _, name = max(ranked, default=(-most - 1, False, ""))
    if -slips <= most:
        return f"did you mean '{name}'?"
    longer = [n for n in known if min(len(n), len(word)) > 2 and _begins(plain, n.lower())]
    return f"did you mean '{min(longer, key=len)}'?" if longer else None


_LONGEST = 64
_MANY = 1000


def _begins(a: str, b: str) -> bool:
    return a.startswith(b) or b.startswith(a)


def _slips(a: str, b: str) -> int:
    """Count the slips between two words: letters left out, put in, exchanged, or in the wrong order."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        last, row, older = row, [i], before
        for j, y in enumerate(b, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        before = last
    return row[-1]
