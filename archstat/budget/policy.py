"""``archstat.yaml``: budgets for the specs of a repository. Read with the spec format's own reader and limits.

default: {params: 200M}                              # for every spec
specs:                                               # globs; a later one's limit replaces an earlier one's
  configs/*.yaml: {macs: 20G}
  configs/mobile/**/*.yaml: {params: 5M, macs: {max: 600M, max_change: +2%}}
warn_at: 95%
base: origin/main
"""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from fractions import Fraction
from functools import partial

import msgspec

from archstat.errors import Mark, SpecError
from archstat.spec.limits import merged, parse_percent, read_budget
from archstat.spec.model import Limit
from archstat.spec.nodes import (
    Mapping,
    Scalar,
    Sequence,
    YamlNode,
    expect,
    is_empty,
    printable,
    refuse_empty,
)
from archstat.spec.reader import read
from archstat.spec.words import nearest

FILE = "archstat.yaml"
KEYS = ("default", "specs", "warn_at", "base")

_LONGEST_GLOB = 200
_OTHER_KEYS = {
    "budget": "default", "budgets": "specs", "files": "specs", "paths": "specs", "overrides": "specs",
    "warn": "warn_at", "baseline": "base", "max": "default",
}  # fmt: skip


class Rule(msgspec.Struct, frozen=True):
    """The budget of the specs whose path a glob matches."""

    glob: str
    limits: tuple[Limit, ...]
    mark: Mark

    def covers(self, path: str) -> bool:
        """Say whether the glob matches a path from the folder of ``archstat.yaml``, or a bundled name."""
        return matches(self.glob, path)


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """What ``archstat.yaml`` says. Globs are relative to its folder."""

    file: str
    default: tuple[Limit, ...] = ()
    rules: tuple[Rule, ...] = ()
    warn_at: Fraction | None = None
    base: str | None = None

    def limits_of(self, path: str | None) -> tuple[Limit, ...]:
        """Return the budget of a path, ``None`` being outside the folder."""
        rules = [rule.limits for rule in self.rules if path is not None and rule.covers(path)]
        return merged(self.default, *rules)


def read_policy(data: bytes, file: str) -> Policy:
    """Read the file's bytes. Raises a SpecError with its place for anything that it can't say."""
    root = read(data, file)
    if not isinstance(root, Mapping):
        raise root.error(f"{FILE} is a mapping with {', '.join(KEYS)}")
    for key, value in root.entries:
        if key.text not in KEYS:
            other = _OTHER_KEYS.get(key.text.lower())
            hint = f"did you mean '{other}'?" if other else nearest(key.text, KEYS)
            raise key.error(
                f"unknown key '{printable(key.text)}'", hint=hint or f"there are {', '.join(KEYS)}"
            )
        refuse_empty(key, value)
    base = root.get("base")
    return Policy(
        file=file,
        default=read_budget(root.get("default")),
        rules=tuple(_rules(root.get("specs"))),
        warn_at=_percent(root.get("warn_at")),
        base=None if base is None else expect(base, Scalar, "'base' is a git revision").text,
    )


def matches(glob: str, path: str) -> bool:
    """Match a path: ``*`` and ``?`` stay inside one folder's name, ``**`` is any number of folders.

    >>> matches("configs/*.yaml", "configs/net.yaml"), matches("configs/*.yaml", "configs/old/net.yaml")
    (True, False)
    >>> matches("**/*.yaml", "net.yaml"), matches("resnet*", "resnet50")
    (True, True)
    """
    names = path.split("/")
    reached = {0}  # how many names what was read of the glob may have matched
    for part in glob.split("/"):
        if part == "**":
            reached = set(range(min(reached), len(names) + 1)) if reached else reached
        else:
            same = partial(fnmatchcase, pat=part)
            reached = {n + 1 for n in reached if n < len(names) and same(names[n])}
    return len(names) in reached


def _rules(node: YamlNode | None) -> Iterator[Rule]:
    what = "'specs' maps globs to budgets, or lists globs"
    if isinstance(node, Sequence):
        for item in node.items:
            glob = expect(item, Scalar, what)
            yield Rule(_glob(glob), (), glob.mark)
        return
    for key, value in expect(node, Mapping, what).entries if node else ():
        # A mapping that holds nothing is fine here: the spec is checked against its own budget.
        limits = () if isinstance(value, Mapping) and is_empty(value) else read_budget(value)
        yield Rule(_glob(key), limits, key.mark)


def _glob(key: Scalar) -> str:
    text = key.text.removeprefix("./")
    parts = text.split("/")
    hint = None
    if not text or len(text) > _LONGEST_GLOB or not text.isprintable():
        hint = f"printable text of at most {_LONGEST_GLOB} characters"
    elif "\\" in text:
        hint = "folders are divided by /"
    elif text.startswith(("/", "~")) or ".." in parts or "" in parts:
        hint = f"it is a path below the folder of {FILE}, such as configs/*.yaml"
    if hint:
        raise key.error(f"'{printable(key.text)}' can't name specs", hint=hint)
    return text


def _percent(node: YamlNode | None) -> Fraction | None:
    if node is None:
        return None
    value = expect(node, Scalar, "'warn_at' is a percentage")
    try:
        return parse_percent(value.text)
    except SpecError as error:
        raise error.at(value.mark) from None
