"""Where specs come from: a path, a bundled name, or standard input. The only place that opens spec files.

Paths are texts: importing pathlib takes longer than reading a spec, and only ``extends`` and revisions need it.
"""

import os
import stat
import sys
from functools import lru_cache

import msgspec

from archstat.errors import SpecError, UsageError
from archstat.spec.nodes import Scalar
from archstat.spec.reader import LARGEST_FILE
from archstat.spec.words import nearest

LONGEST_CHAIN = 8
"""Files that may extend one another."""

LONGEST_PATH = 1000
"""Characters of a path that ``extends:`` names."""


_SEEN_FROM = "a path is seen from the folder of the spec that extends it"


class Origin(msgspec.Struct, frozen=True):
    """One spec file's bytes, how messages name it, and the folder its relative ``extends`` may reach.

    ``elsewhere`` says that it is a link to a file outside its folder: messages show no line of that. ``revision``
    is the one that git has it from; ``folder`` and ``root`` then begin at the top of the repository.
    """

    data: bytes
    file: str
    folder: str
    root: str
    elsewhere: bool = False
    revision: str = ""

    @property
    def name(self) -> str:
        """The file's name, without its folder and the revision."""
        path = self.file.removeprefix(f"{self.revision}:") if self.revision else self.file
        return os.path.basename(path)

    @property
    def stem(self) -> str:
        """The file's name without ``.yaml``."""
        return os.path.splitext(self.name)[0]

    def same_file(self, other: "Origin") -> bool:
        """Say whether two specs are one file."""
        if self.revision != other.revision or self.name != other.name:
            return False
        return os.path.realpath(self.folder) == os.path.realpath(other.folder)


@lru_cache(maxsize=1)
def bundled_folder() -> str:
    """Return the folder of the specs that ship with archstat: inside the package, or beside it in a checkout."""
    package = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
    inside = os.path.join(package, "configs")
    return inside if os.path.isdir(inside) else os.path.join(os.path.dirname(package), "configs")


@lru_cache(maxsize=1)
def bundled() -> tuple[str, ...]:
    """Return the names of the bundled specs, in alphabetical order."""
    files = os.listdir(bundled_folder())
    return tuple(sorted(name.removesuffix(".yaml") for name in files if name.endswith(".yaml")))


def open_reference(reference: str | os.PathLike[str]) -> Origin:
    """Read what the user named: ``-``, a path, a bundled name, or ``REF:path.yaml``.

    A bundled name wins over a file of the same bare name: ``./vgg16`` and ``vgg16.yaml`` are files. A file that is
    called ``main:net.yaml`` wins over that revision.
    """
    text = os.fspath(reference)
    if text == "-":
        here = os.getcwd()
        return Origin(sys.stdin.buffer.read(LARGEST_FILE + 1), "<stdin>", here, here)
    is_path = os.sep in text or "/" in text or text.lower().endswith((".yaml", ".yml"))
    if not is_path and text in bundled():
        return _bundled(text, f"{text}.yaml")
    if ":" in text and not os.path.isfile(text):
        from archstat.spec.revisions import split

        at = split(text)
        if at is not None:
            return _at_revision(*at)
    if is_path or os.path.isfile(text):
        folder = os.path.dirname(text)
        return Origin(read_regular(text, text), text, folder, folder, _leads_out(text))
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
    from pathlib import Path

    path = Path(child.folder) / text
    try:
        real = path.resolve()
        inside = real.is_relative_to(Path(child.root).resolve())
    except (OSError, RuntimeError, ValueError):
        inside = False
    if not inside or Path(text).is_absolute():
        raise _outside(word)
    try:
        return Origin(read_regular(real, str(path)), str(path), str(path.parent), child.root)
    except UsageError as error:
        raise word.error(error.message, hint=error.hint or _SEEN_FROM) from None


def _outside(word: Scalar) -> SpecError:
    """Refuse a file elsewhere: a spec from a stranger can't read what isn't its own."""
    return word.error(
        "'extends' reaches only files below the folder of the first spec",
        hint="move that file beside the first spec, or into a folder below",
    )


def _at_revision(ref: str, path: str) -> Origin:
    from archstat.spec.revisions import read_at

    data, full = read_at(ref, path)
    folder = os.path.dirname(full)
    return Origin(data, f"{ref}:{full}", folder, folder, revision=ref)


def _base_at_revision(word: Scalar, child: Origin) -> Origin:
    """Read the file that a spec at a revision extends, at the same revision."""
    from pathlib import Path
    from posixpath import normpath

    from archstat.spec.revisions import read_at

    path = Path(normpath((Path(child.folder) / word.text).as_posix()))
    if word.text.startswith("/") or ".." in path.parts or not path.is_relative_to(child.root):
        raise _outside(word)
    ref = child.revision
    try:
        data, full = read_at(ref, path.as_posix())
    except UsageError as error:
        raise word.error(error.message, hint=error.hint or _SEEN_FROM) from None
    return Origin(data, f"{ref}:{full}", str(path.parent), child.root, revision=ref)


def _bundled(name: str, shown: str | None) -> Origin:
    folder = bundled_folder()
    path = os.path.join(folder, f"{name}.yaml")
    return Origin(read_regular(path, path), shown or path, folder, folder)


def _leads_out(path: str) -> bool:
    """Say whether a path is a link to a file outside its folder."""
    if not os.path.islink(path):
        return False
    inside = os.path.join(os.path.realpath(os.path.dirname(path)), "")
    return not os.path.realpath(path).startswith(inside)


def read_regular(path: str | os.PathLike[str], shown: str) -> bytes:
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
        stem, suffix = os.path.splitext(os.path.basename(path))
        if isinstance(error, FileNotFoundError) and suffix in (".yaml", ".yml"):
            hint = f"the bundled spec is called '{stem}'" if stem in bundled() else None
        raise UsageError(f"{shown}: {reason}", hint=hint) from None


def _refuse_other(status: os.stat_result, shown: str) -> None:
    """Raise unless what was opened is a regular file of a size to read."""
    if stat.S_ISDIR(status.st_mode):
        raise UsageError(f"{shown}: is a folder, not a spec")
    if not stat.S_ISREG(status.st_mode):
        raise UsageError(f"{shown}: is not a regular file")
    if status.st_size > LARGEST_FILE:
        raise UsageError(f"{shown}: is larger than {LARGEST_FILE:,} bytes")
