"""What changes are held against: the same specs where the branch began, or numbers in a file."""

from collections.abc import Sequence
from pathlib import Path

from archstat.budget.base import Base, Built, Kept
from archstat.cli.baselines import key, read_baseline, same_settings
from archstat.comparison.side import side_of
from archstat.errors import UsageError
from archstat.report.architecture import Architecture
from archstat.spec import Settings, bundled, load, revisions
from archstat.spec.since import History, path_in


class GitBases:
    """The specs as git has them where the branch that is checked out left ``ref``."""

    def __init__(self, ref: str, settings: Settings, *, aux: bool) -> None:
        self._history = History(revisions.base_of(ref))
        self._settings, self._aux = settings, aux

    def of(self, net: Architecture) -> Base | None:
        """Return what a network is held against; ``None`` if it is new since the base.

        Raises an ArchstatError where the old spec can't be read, or doesn't hold.
        """
        reference = net.spec.reference
        if reference in bundled():
            return Built(net)  # what ships with archstat is the same at any revision
        at = revisions.split(reference) if not Path(reference).is_file() else None
        path = at[1] if at else path_in(self._history.base, reference)
        found = self._history.of(path)
        if found is None or found.old is None:
            return None
        spec = load(found.old, self._settings)
        return Built(Architecture(spec, aux=self._aux, settings=self._settings))


class FileBases:
    """The numbers that ``archstat compare --write-baseline`` wrote to a file."""

    def __init__(self, file: str, references: Sequence[str]) -> None:
        """Read a file. Raises a UsageError if it has none of the specs: then all would pass as new."""
        self._file = file
        self._kept = read_baseline(file)
        if not any(key(reference) in self._kept for reference in references):
            some = ", ".join(f"'{name}'" for name in list(self._kept)[:3]) or "none"
            raise UsageError(
                f"{file}: has no spec that is checked here",
                hint=f"it has {some}: paths are seen from the folder that it was written in",
            )

    def of(self, net: Architecture) -> Base | None:
        """Return what a network is held against; ``None`` if the file doesn't have it.

        Raises a UsageError where it was written with other settings.
        """
        old = self._kept.get(key(net.spec.reference))
        if old is None:
            return None
        same_settings(old, side_of(net.spec, (), aux=net.aux, settings=net.settings), self._file)
        return Kept(old, self._file)
