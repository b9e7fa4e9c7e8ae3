"""What changes are held against: the same specs where the branch began, or numbers in a file."""

from pathlib import Path

from archstat.budget.check import Base
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
            return Base(net)  # what ships with archstat is the same at any revision
        at = revisions.split(reference) if not Path(reference).is_file() else None
        path = at[1] if at else path_in(self._history.base, reference)
        found = self._history.of(path)
        if found is None or found.old is None:
            return None
        spec = load(found.old, self._settings)
        return Base(Architecture(spec, aux=self._aux, settings=self._settings))
