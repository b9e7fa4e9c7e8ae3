"""What ``--base`` compares: files, folders and globs that are named, or the specs of ``archstat.yaml``, or all."""

import os
import posixpath
from collections.abc import Callable, Sequence
from pathlib import Path

from archstat.budget.policy import matches
from archstat.cli.policy import find
from archstat.errors import UsageError
from archstat.spec.revisions import Base, is_yaml
from archstat.spec.since import Covers, History, Since, folder_in, path_in

_WILD = "*?["


def select(base: Base, named: Sequence[str], config: str | None) -> list[Since]:
    """Return specs before and now: of folders and globs those that differ, of files all.

    Raises a UsageError for a name that there is nothing of, on either side.
    """
    history = History(base)
    if not named:
        return _configured(history, config)
    found: dict[tuple[str | None, str | None], Since] = {}
    for name in named:
        for one in _named(history, name):
            found.setdefault((one.old, one.new), one)
    return list(found.values())


def _configured(history: History, config: str | None) -> list[Since]:
    policy = find(config)
    if not policy.has_paths:
        return history.changed(lambda path: True)
    seen_from = _from(history.base, policy.folder)
    return history.changed(lambda path: policy.names(seen_from(path)), declared=True)


def _named(history: History, name: str) -> list[Since]:
    if _is_folder(name):
        return history.changed(_below(folder_in(history.base, name)))
    if any(c in name for c in _WILD) and not os.path.lexists(name):
        return _matching(history, name)
    path = path_in(history.base, name)
    if not is_yaml(path):
        return _of_a_folder_that_was(history, path, name)
    one = history.of(path)
    if one is None:
        raise UsageError(f"no file '{name}', neither here nor at the base")
    return [one]


def _matching(history: History, glob: str) -> list[Since]:
    place = Path("/") if posixpath.isabs(glob) else Path.cwd()
    pattern, seen_from = posixpath.normpath(glob).lstrip("/"), _from(history.base, place)

    def covers(path: str) -> bool:
        return matches(pattern, seen_from(path))

    if not history.has_any(covers):
        raise UsageError(
            f"no YAML file matches '{glob}', neither here nor at the base",
            hint="* stays inside a folder, ** is any number of folders",
        )
    return history.changed(covers)


def _of_a_folder_that_was(history: History, path: str, name: str) -> list[Since]:
    covers = _below(path)
    if os.path.lexists(name):
        raise UsageError(f"'{name}' is no YAML file", hint="a spec's name ends in .yaml or .yml")
    if not history.has_any(covers):
        raise UsageError(f"no file or folder '{name}', neither here nor at the base")
    return history.changed(covers)


def _is_folder(name: str) -> bool:
    try:
        return Path(name).is_dir()
    except (OSError, ValueError):
        return False


def _below(folder: str) -> Covers:
    return lambda path: not folder or path.startswith(f"{folder}/")


def _from(base: Base, folder: Path) -> Callable[[str], str]:
    """Return what gives a path from the top as it is seen from a folder."""
    top, place = base.top.resolve(), folder.resolve()
    return lambda path: os.path.relpath(top / path, place).replace(os.sep, "/")
