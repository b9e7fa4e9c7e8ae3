"""Where specs come from: a path, a bundled name, or standard input. The only place that opens spec files."""

import os
import stat
import sys
from functools import lru_cache
from pathlib import Path

import msgspec

from archstat.errors import UsageError
from archstat.spec.nodes import Scalar
from archstat.spec.reader import LARGEST_FILE
from archstat.spec.words import nearest

LONGEST_CHAIN = 8
"""Files that may extend one another."""

LONGEST_PATH = 1000
"""Characters of a path that ``extends:`` names."""


class Origin(msgspec.Struct, frozen=True):
    """One spec file's bytes, how messages name it, and the folder its relative ``extends`` may reach.

    ``elsewhere`` says that it is a link to a file outside its folder: messages show no line of that. ``revision``
    is the one that git has it from; ``folder`` and ``root`` then begin at the top of the repository.
    """

    data: bytes
    file: str
    folder: Path
    root: Path
    elsewhere: bool = False
    revision: str = ""

    @property
    def path(self) -> Path:
        """The file's path, without the revision."""
        return Path(self.file.removeprefix(f"{self.revision}:") if self.revision else self.file)

    def same_file(self, other: "Origin") -> bool:
        """Say whether two specs are one file."""
        if self.revision != other.revision or self.path.name != other.path.name:
            return False
        return self.folder.resolve() == other.folder.resolve()


@lru_cache(maxsize=1)
def bundled_folder() -> Path:
    """Return the folder of the specs that ship with archstat: inside the package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "configs"
    return inside if inside.is_dir() else package.parent / "configs"


@lru_cache(maxsize=1)
def bundled() -> tuple[str, ...]:
    """Return the names of the bundled specs, in alphabetical order."""
    return tuple(sorted(path.stem for path in bundled_folder().glob("*.yaml")))


def open_reference(reference: str | os.PathLike[str]) -> Origin:
    """Read what the user named: ``-``, a path, a bundled name, or ``REF:path.yaml``.

    A bundled name wins over a file of the same bare name: ``./vgg16`` and ``vgg16.yaml`` are files. A file that is
    called ``main:net.yaml`` wins over that revision.
    """
    text = os.fspath(reference)
    if text == "-":
        here = Path.cwd()
        return Origin(sys.stdin.buffer.read(LARGEST_FILE + 1), "<stdin>", here, here)
    is_path = os.sep in text or "/" in text or text.lower().endswith((".yaml", ".yml"))
    if not is_path and text in bundled():
        return _bundled(text, f"{text}.yaml")
    path = Path(text)
    if ":" in text and not _is_file(path):
        from archstat.spec.revisions import split

        at = split(text)
        if at is not None:
            return _at_revision(*at)
    if is_path or _is_file(path):
        folder = path.parent
        return Origin(read_regular(path, text), text, folder, folder, _leads_out(path))
    raise UsageError(
        f"no spec '{text}': neither a file nor a bundled name",
        hint=nearest(text, bundled()) or "'archstat list' shows the bundled specs",
    )


def open_base(word: Scalar, child: Origin) -> Origin:
    """Read the spec that ``extends:`` names: a bundled name, or a ``.yaml`` path beside the file that says it."""
    text = word.text
    if not text.endswith((".yaml", ".yml")):
        if text in bundled():
            # A file may extend the bundled spec of its own name; messages tell them apart.
            shown = f"{text}.yaml"
            return _bundled(text, shown if child.file != shown else None)
        raise word.error(
            f"no bundled spec '{text[:60]}'",
            hint=nearest(text, bundled()) or "a file's name ends in .yaml",
        )
    if len(text) > LONGEST_PATH:
        raise word.error(f"a path has at most {LONGEST_PATH:,} characters")
    if child.revision:
        return _base_at_revision(word, child)
    path = child.folder / text
    try:
        real = path.resolve()
        inside = real.is_relative_to(child.root.resolve())
    except (OSError, RuntimeError, ValueError):
        inside = False
    if not inside or Path(text).is_absolute():
        raise word.error("'extends' reaches only files below the folder of the first spec")
    try:
        return Origin(read_regular(real, str(path)), str(path), path.parent, child.root)
    except UsageError as error:
        raise word.error(error.message, hint=error.hint) from None


def _at_revision(ref: str, path: str) -> Origin:
    from archstat.spec.revisions import read_at

    data, full = read_at(ref, path)
    folder = Path(full).parent
    return Origin(data, f"{ref}:{full}", folder, folder, revision=ref)


def _base_at_revision(word: Scalar, child: Origin) -> Origin:
    """Read the file that a spec at a revision extends, at the same revision."""
    from posixpath import normpath

    from archstat.spec.revisions import read_at

    path = Path(normpath((child.folder / word.text).as_posix()))
    if word.text.startswith("/") or ".." in path.parts or not path.is_relative_to(child.root):
        raise word.error("'extends' reaches only files below the folder of the first spec")
    ref = child.revision
    try:
        data, full = read_at(ref, path.as_posix())
    except UsageError as error:
        raise word.error(error.message, hint=error.hint) from None
    return Origin(data, f"{ref}:{full}", path.parent, child.root, revision=ref)


def _bundled(name: str, shown: str | None) -> Origin:
    folder = bundled_folder()
    path = folder / f"{name}.yaml"
    return Origin(read_regular(path, str(path)), shown or str(path), folder, folder)


def _leads_out(path: Path) -> bool:
    """Say whether a path is a link to a file outside its folder."""
    return path.is_symlink() and not path.resolve().is_relative_to(path.parent.resolve())


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def read_regular(path: Path, shown: str) -> bytes:
    """Read a regular file of at most LARGEST_FILE bytes; never wait on a pipe or a device."""
    try:
        # Opening a pipe without a writer waits for one, unless told not to.
        opened = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        try:
            _refuse_other(os.fstat(opened), shown)
            with os.fdopen(opened, "rb", closefd=False) as file:
                return file.read(LARGEST_FILE + 1)
        finally:
            os.close(opened)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        hint = None
        if isinstance(error, FileNotFoundError) and path.suffix in (".yaml", ".yml"):
            hint = f"the bundled spec is called '{path.stem}'" if path.stem in bundled() else None
        raise UsageError(f"{shown}: {reason}", hint=hint) from None


def _refuse_other(status: os.stat_result, shown: str) -> None:
    """Raise unless what was opened is a regular file of a size to read."""
    if stat.S_ISDIR(status.st_mode):
        raise UsageError(f"{shown}: is a folder, not a spec")
    if not stat.S_ISREG(status.st_mode):
        raise UsageError(f"{shown}: is not a regular file")
    if status.st_size > LARGEST_FILE:
        raise UsageError(f"{shown}: is larger than {LARGEST_FILE:,} bytes")
