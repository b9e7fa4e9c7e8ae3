"""Damage to the text of a spec, drawn from a seed: what a stranger's file may hold."""

import re
from collections.abc import Callable
from random import Random

NASTY = (
    "-1", "0", "1", "1e9", "1e-9", "0.5", "true", "false", "[]", "{}", "''", '""', "~", "null", "&a", "*a",
    "!!int", "<<", "99999999999999999999", "16777216", "16777217", "1000000000000000", "50000", "010", "0x10",
    "1_000", "+1", "3:3", ".nan", ".inf", "1/0", "1/3", "channels", "channels*2", "channels//0", "identity",
    "input", "from", "share", "repeat", "when", "name", "conv", "linear", "add", "concat", "flatten", "tokens",
    "permute", "relu", "none", "same", "tf_same", "all", "[-1]", "[[1, 2], [3, 4]]", "[1, 2, 3, 4]", "{a: 1}",
    "{a: identity, b: identity}", "[identity]", "- relu", "min()", "max(1)", "divisible(channels)", "not 1",
    "1 if channels else 2", "(1", "a.b.c", "*", "[", "]", "{", "}", ":", ",", "-", "#", "|", ">", "\t", "\0",
    "\x1b[31m", "\u2028", "\ufeff", "é", "網", "'", '"', "\\", "%", "@", "`", "...", "---", "params()", "input: 3",
)  # fmt: skip

_TOKEN = re.compile(r"[A-Za-z0-9_.]+")
_CLOSING = {"[": "]", "{": "}"}

Mutation = Callable[[Random, str], str]


def mutate(random: Random, text: str) -> bytes:
    """Return the text with one to four mutations."""
    for _ in range(random.choice((1, 1, 1, 2, 2, 3, 4))):
        text = random.choice(_MUTATIONS)(random, text)
    data = text.encode("utf-8", "surrogatepass")
    return _bytes(random, data) if random.random() < 0.2 else data


def _bytes(random: Random, data: bytes) -> bytes:
    """Flip, delete, duplicate or insert bytes."""
    changed = bytearray(data)
    for _ in range(random.randint(1, 3)):
        at = random.randrange(len(changed) + 1)
        what = random.randrange(4)
        if what == 0 and at < len(changed):
            changed[at] ^= 1 << random.randrange(8)
        elif what == 1:
            del changed[at : at + random.choice((1, 1, 4, 64))]
        elif what == 2:
            changed[at:at] = changed[at : at + random.choice((1, 8, 256))]
        else:
            changed[at:at] = random.randbytes(random.choice((1, 1, 3)))
    return bytes(changed)


def _replace_token(random: Random, text: str) -> str:
    tokens = list(_TOKEN.finditer(text))
    if not tokens:
        return text + random.choice(NASTY)
    token = random.choice(tokens)
    return text[: token.start()] + random.choice(NASTY) + text[token.end() :]


def _swap_tokens(random: Random, text: str) -> str:
    tokens = list(_TOKEN.finditer(text))
    if len(tokens) < 2:
        return text
    one, two = sorted(random.sample(tokens, 2), key=lambda token: token.start())
    return text[: one.start()] + two[0] + text[one.end() : two.start()] + one[0] + text[two.end() :]


def _copy_token(random: Random, text: str) -> str:
    tokens = list(_TOKEN.finditer(text))
    if not tokens:
        return text
    token, other = random.choice(tokens), random.choice(tokens)
    return text[: token.start()] + other[0] + text[token.end() :]


def _insert(random: Random, text: str) -> str:
    at = random.randrange(len(text) + 1)
    return text[:at] + random.choice(NASTY) + text[at:]


def _lines(random: Random, text: str) -> str:
    """Delete, duplicate, swap or indent lines."""
    lines = text.split("\n")
    i, j = random.randrange(len(lines)), random.randrange(len(lines))
    what = random.randrange(4)
    if what == 0:
        del lines[i]
    elif what == 1:
        lines.insert(j, lines[i])
    elif what == 2:
        lines[i], lines[j] = lines[j], lines[i]
    else:
        lines[i] = random.choice(("  ", " ", "\t", "- ")) + lines[i]
    return "\n".join(lines)


def _block(random: Random, text: str) -> str:
    """Delete, duplicate or move a line with all that is indented below it."""
    lines = text.split("\n")
    start = random.randrange(len(lines))
    end = start + 1
    while end < len(lines) and _indent(lines[end]) > _indent(lines[start]):
        end += 1
    block = lines[start:end]
    if random.random() < 0.6:
        del lines[start:end]
    if random.random() < 0.6:
        at = random.randrange(len(lines) + 1)
        lines[at:at] = block
    return "\n".join(lines)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _subtree(random: Random, text: str) -> str:
    """Delete, duplicate, nest, or replace one flow collection, by another or by something nasty."""
    spans = _spans(text)
    if not spans:
        return text
    (start, end), (other, its_end) = random.choice(spans), random.choice(spans)
    own, others = text[start:end], text[other:its_end]
    new = random.choice((
        "", others, f"{own}, {own}", f"[{own}]", f"{{a: {own}}}", f"{{a: {own}, b: {own}}}", own[1:-1],
        f"[{', '.join([own] * 3)}]", "[" * random.choice((2, 40, 60)) + own, random.choice(NASTY),
    ))  # fmt: skip
    return text[:start] + new + text[end:]


def _spans(text: str) -> list[tuple[int, int]]:
    """Return where flow collections begin and end."""
    found: list[tuple[int, int]] = []
    open_at: list[int] = []
    for i, c in enumerate(text):
        if c in _CLOSING:
            open_at.append(i)
        elif open_at and c == _CLOSING[text[open_at[-1]]]:
            found.append((open_at.pop(), i + 1))
    return found


_MUTATIONS: tuple[Mutation, ...] = (
    _replace_token, _replace_token, _replace_token, _swap_tokens, _copy_token, _copy_token, _insert, _lines, _block,
    _subtree, _subtree,
)  # fmt: skip
