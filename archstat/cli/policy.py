"""``archstat.yaml``: where it is, and which specs it is about."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from archstat.budget.policy import FILE, Policy, Rule, matches, read_policy
from archstat.errors import SpecError, UsageError
from archstat.spec import bundled
from archstat.spec.files import read_regular
from archstat.spec.model import Limit

MOST_SPECS = 10_000
"""Files that globs may name together."""

_SUFFIXES = (".yaml", ".yml")


class Found(msgspec.Struct, frozen=True):
    """A policy and the folder that its globs are seen from. Without a file nothing is limited."""

    policy: Policy
    folder: Path

    def limits_of(self, reference: str) -> tuple[Limit, ...]:
        """Return the budget of a spec as the user names it."""
        return self.policy.limits_of(self._path(reference))

    def specs(self, report: Callable[[str, SpecError], None]) -> list[str]:
        """Return the specs that the globs name, as paths from here and bundled names; report a glob that names none."""
        found: dict[str, None] = {}
        for rule in self.policy.rules:
            here = list(self._named(rule))
            if not here:
                report(rule.glob, SpecError(f"no spec matches '{rule.glob}'", mark=rule.mark))
            found |= dict.fromkeys(here)
        return list(found)

    @property
    def has_paths(self) -> bool:
        """Whether a glob names files, and not only bundled specs."""
        return any(not _is_name(rule.glob) for rule in self.policy.rules)

    def names(self, path: str) -> bool:
        """Say whether a glob names a YAML file by its path from the policy's folder, be it there or not."""
        return any(
            not _is_name(rule.glob) and rule.covers(path) and not _is_left_alone(path, rule.glob)
            for rule in self.policy.rules
        )

    def _named(self, rule: Rule) -> Iterator[str]:
        if _is_name(rule.glob):
            yield from (name for name in bundled() if rule.covers(name))
            return
        paths = sorted(path for path in _walk(self.folder, rule.glob) if rule.covers(path))
        for path in paths:
            yield os.path.relpath(self.folder / path).replace(os.sep, "/")

    def _path(self, reference: str) -> str | None:
        """Return a spec's path from the policy's folder; a bundled one's name; ``None`` if it is elsewhere."""
        if reference in bundled():
            return reference
        path = Path(reference)
        try:
            whole = path.parent.resolve() / path.name
            return whole.relative_to(self.folder.resolve()).as_posix()
        except (OSError, RuntimeError, ValueError):
            return None


def find(named: str | None) -> Found:
    """Read the file that ``--config`` names, or the nearest one from here up to the repository's top."""
    here = Path.cwd()
    if named is not None:
        path = Path(named)
        return Found(read_policy(read_regular(path, named), named), path.parent)
    top = next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), here)
    for folder in (here, *here.parents):
        path = folder / FILE
        if path.is_file():
            shown = os.path.relpath(path).replace(os.sep, "/")
            return Found(read_policy(read_regular(path, shown), shown), folder)
        if folder == top:
            break
    return Found(Policy(file=""), here)


def _is_name(glob: str) -> bool:
    return "/" not in glob and not glob.lower().endswith(_SUFFIXES)


def _is_left_alone(path: str, glob: str) -> bool:
    """Say whether ``**`` passes a file by: archstat.yaml itself, and what is in a hidden folder."""
    *folders, file = path.split("/")
    return file == FILE or ("**" in glob and any(name.startswith(".") for name in folders))


def _walk(folder: Path, glob: str) -> Iterator[str]:
    """Yield the YAML files below a folder, as deep as a glob reaches; hidden folders and links are left alone."""
    parts = glob.split("/")
    deep = None if "**" in parts else len(parts)
    seen = 0
    for root, folders, files in os.walk(folder):
        below = Path(root).relative_to(folder).parts
        reached = len(below) + 1 == deep
        folders[:] = [] if reached else sorted(f for f in folders if _worth(f, below, parts))
        for file in files:
            if file.lower().endswith(_SUFFIXES) and file != FILE:
                seen += 1
                if seen > MOST_SPECS:
                    raise UsageError(
                        f"more than {MOST_SPECS:,} YAML files below '{folder}'",
                        hint=f"name their folder in {FILE}, as in configs/*.yaml",
                    )
                yield "/".join((*below, file))


def _worth(name: str, below: tuple[str, ...], parts: list[str]) -> bool:
    """Say whether a glob may match something in a folder."""
    before = parts[: len(below) + 1]
    if "**" in before:
        return not name.startswith(".")
    return matches("/".join(before), "/".join((*below, name)))
