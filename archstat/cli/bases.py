"""What changes are held against: the same specs where the branch began, or numbers in a file."""

from pathlib import Path

from archstat.budget.check import Base
from archstat.errors import UsageError
from archstat.report.architecture import Architecture
from archstat.spec import Settings, bundled, load, revisions


class GitBases:
    """The specs as git has them where the branch that is checked out left ``ref``."""

    def __init__(self, ref: str, settings: Settings, *, aux: bool) -> None:
        self._base = revisions.base_of(ref)
        self._settings, self._aux = settings, aux
        self._before = {after: before for before, after in revisions.differing(self._base) if after}

    def of(self, net: Architecture) -> Base | None:
        """Return what a network is held against; ``None`` if it is new since the base.

        Raises an ArchstatError where the old spec can't be read, or doesn't hold.
        """
        reference = net.spec.reference
        if reference in bundled():
            return Base(net)  # what ships with archstat is the same at any revision
        path = self._path(reference)
        before = self._before.get(path, path)
        if before is None:
            return None
        spec = load(f"{self._base.short}:{before}", self._settings)
        return Base(Architecture(spec, aux=self._aux, settings=self._settings))

    def _path(self, reference: str) -> str:
        """Return a spec's path from the top of the repository."""
        if reference == "-":
            raise _no_base("standard input")
        at = revisions.split(reference) if not Path(reference).is_file() else None
        if at is not None:
            return at[1]
        path = Path(reference)
        try:
            whole = path.parent.resolve() / path.name
            return whole.relative_to(self._base.top.resolve()).as_posix()
        except (OSError, RuntimeError, ValueError):
            raise _no_base(f"'{reference}'") from None


def _no_base(where: str) -> UsageError:
    return UsageError(
        f"{where} is not in the repository, so it has no base",
        hint="--base compares files that git tracks",
    )
