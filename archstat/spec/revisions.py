"""Specs as git has them at a revision: ``REF:path``. Asks git, without a shell, and checks nothing out.

Git is asked for three things: which commit a name stands for, which file a path is there, and its bytes. It works
from a subfolder, in a worktree and in a bare repository.
"""

import os
import posixpath
from collections.abc import Sequence
from pathlib import Path

import msgspec

from archstat.errors import UsageError
from archstat.spec.git import ask, attempt, failure, is_shallow, text
from archstat.spec.reader import LARGEST_FILE

SUFFIXES = (".yaml", ".yml")

_SHALLOW = "this clone is shallow: 'git fetch --unshallow', or fetch-depth: 0 in actions/checkout"
_REGULAR = ("100644", "100755")
_LINK = "120000"


class Base(msgspec.Struct, frozen=True):
    """Where a branch began: the last commit that it and ``ref`` have in common, and the folder of the work tree."""

    ref: str
    commit: str
    top: Path

    @property
    def short(self) -> str:
        """The commit as messages name it."""
        return self.commit[:12]


def is_yaml(path: str) -> bool:
    """Say whether a file's name is a spec's."""
    return path.lower().endswith(SUFFIXES)


def split(reference: str) -> tuple[str, str] | None:
    """Return revision and path of ``REF:path.yaml``; ``None`` for anything else, ``C:/net.yaml`` among it.

    >>> split("origin/main:configs/net.yaml"), split("configs/net.yaml"), split("timm:resnet50")
    (('origin/main', 'configs/net.yaml'), None, None)
    """
    ref, colon, path = reference.partition(":")
    if not colon or not is_yaml(path):
        return None
    if os.name == "nt" and len(ref) == 1 and path[0] in "/\\":
        return None
    return ref, path


def read_at(ref: str, path: str) -> tuple[bytes, str]:
    """Return a file's bytes at a revision, and its path from the top of the repository.

    As in git, a path that begins with ``./`` or ``../`` is seen from here. Raises a UsageError if git, the
    revision or the file isn't there.
    """
    found = resolve(ref)
    full = path
    if path.startswith(("./", "../")):
        full = posixpath.join(_prefix(), path)
    full = posixpath.normpath(full)
    if full.startswith(("../", "/")):
        raise UsageError(f"'{full}' is outside the repository")
    listed = ask("ls-tree", "-z", "-l", "--full-tree", found, "--", full)
    entry = _entry(listed, full)
    if entry is None:
        raise UsageError(f"no file '{full}' at '{ref}'", hint=_elsewhere(found, full, ref))
    mode, name, size = entry
    if mode == _LINK:
        raise UsageError(
            f"'{full}' is a symbolic link at '{ref}'", hint="name the file it leads to"
        )
    if mode not in _REGULAR:
        raise UsageError(f"'{full}' is no file at '{ref}'")
    if size > LARGEST_FILE:
        raise UsageError(f"{ref}:{full}: is larger than {LARGEST_FILE:,} bytes")
    return ask("cat-file", "blob", name), full


def read_many(commit: str, paths: Sequence[str]) -> dict[str, bytes]:
    """Return the bytes of files at a commit by their paths from the top; git is asked once for all.

    Left out are files that aren't there, those larger than a spec may be, and names with a line break: git reads
    one name a line.
    """
    asked = [path for path in paths if "\n" not in path]
    listed = _lines(commit, asked, "--batch-check=%(objecttype) %(objectsize)").splitlines()
    sizes = {
        path: int(line.split()[1])
        for path, line in zip(asked, listed, strict=True)
        if line.startswith(b"blob ")
    }
    small = [path for path, size in sizes.items() if size <= LARGEST_FILE]
    said, at, found = _lines(commit, small, "--batch=%(objecttype)"), 0, {}
    for path in small:
        at += len("blob\n")
        found[path] = said[at : at + sizes[path]]
        at += sizes[path] + 1
    return found


def _lines(commit: str, paths: Sequence[str], form: str) -> bytes:
    names = b"".join(os.fsencode(f"{commit}:{path}\n") for path in paths)
    return ask("cat-file", form, stdin=names) if paths else b""


def resolve(ref: str) -> str:
    """Return the commit that a revision names. Raises a UsageError if there is none."""
    if not ref:
        raise UsageError("no revision before ':'", hint="write main:net.yaml, or HEAD~1:net.yaml")
    if ref.startswith("-"):
        raise UsageError(f"'{ref}' is not a revision: it begins with '-'")
    done = attempt("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
    commit = done[1].decode("ascii", "replace").strip()
    if done[0] == 0 and commit.isalnum():
        return commit
    if done[2]:
        raise failure(done[2])
    hint = "'git branch -a' lists the branches"
    if attempt("rev-parse", "--verify", "--quiet", "HEAD")[0]:
        hint = "it has no commit yet"
    elif is_shallow():
        hint = _SHALLOW
    elif not attempt("rev-parse", "--verify", "--quiet", f"origin/{ref}^{{commit}}")[0]:
        hint = f"did you mean 'origin/{ref}'?"
    elif "/" in ref:
        remote, _, branch = ref.partition("/")
        hint = f"'git fetch {remote} {branch}' may bring it" if branch else hint
    raise UsageError(f"no revision '{ref}' in this repository", hint=hint)


def base_of(ref: str) -> Base:
    """Return where the branch that is checked out left ``ref``. Raises a UsageError if it can't be found."""
    theirs, ours = resolve(ref), resolve("HEAD")
    code, said, complaint = attempt("merge-base", theirs, ours)
    if code:
        if complaint:
            raise failure(complaint)
        hint = _SHALLOW if is_shallow() else None
        raise UsageError(f"HEAD and '{ref}' have no commit in common", hint=hint)
    top = text(ask("rev-parse", "--show-toplevel")).removesuffix("\n")
    return Base(ref, said.decode("ascii").split()[0], Path(top))


def differing(base: Base) -> list[tuple[str | None, str | None]]:
    """Return the YAML files that differ between a base and the work tree: path before and after, from the top.

    Without a path before it was added, without one after it was removed; two that differ are a renaming. What
    git doesn't track yet, and doesn't ignore, was added.
    """
    said = ask("-c", "core.fsmonitor=false", "-c", "diff.relative=false", "diff", "--no-ext-diff",
                "--no-textconv", "--name-status", "-z", "--find-renames", base.commit, "--")  # fmt: skip
    words = iter(text(said).split("\0"))
    found: list[tuple[str | None, str | None]] = []
    for status in words:
        if not status:
            continue
        before: str | None = next(words)
        after = next(words) if status[0] in "RC" else before
        if status[0] in "AC":
            before = None
        found.append((before, None if status[0] == "D" else after))
    here = text(ask("-C", str(base.top), "-c", "core.fsmonitor=false",
                      "ls-files", "--others", "--exclude-standard", "-z"))  # fmt: skip
    untracked = dict.fromkeys(path for path in here.split("\0") if path)
    forgotten = {before for before, after in found if after is None and before in untracked}
    found = [pair for pair in found if pair[0] not in forgotten or pair[1] is not None]
    found += [(path if path in forgotten else None, path) for path in untracked]
    return [pair for pair in found if any(path and is_yaml(path) for path in pair)]


def tracked(base: Base) -> list[str]:
    """Return the YAML files of the work tree that git tracks, from the top."""
    said = text(ask("-C", str(base.top), "-c", "core.fsmonitor=false", "ls-files", "-z"))
    return [path for path in said.split("\0") if is_yaml(path)]


def _entry(listed: bytes, path: str) -> tuple[str, str, int] | None:
    """Return mode, object and size of the line of ``ls-tree`` that is about ``path``."""
    for line in text(listed).split("\0"):
        said, _, name = line.partition("\t")
        if name == path:
            mode, _, found, size = said.split()
            return mode, found, int(size) if size.isdigit() else 0
    return None


def _elsewhere(commit: str, path: str, ref: str) -> str | None:
    """Say where a path seen from here is, as git does."""
    seen_from_here = posixpath.normpath(posixpath.join(_prefix(), path))
    listed = ask("ls-tree", "-z", "-l", "--full-tree", commit, "--", seen_from_here)
    if _entry(listed, seen_from_here) is None:
        return f"'git ls-tree -r --name-only {ref}' lists what is there"
    return f"did you mean '{ref}:{seen_from_here}', which is '{ref}:./{path}' from here?"


def _prefix() -> str:
    """Return the folder that is current, from the top of the repository."""
    return text(ask("rev-parse", "--show-prefix")).removesuffix("\n")
