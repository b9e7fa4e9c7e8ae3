"""Specs as git has them at a revision: ``REF:path``. Asks git, without a shell, and checks nothing out.

Git is asked for three things: which commit a name stands for, which file a path is there, and its bytes. It works
from a subfolder, in a worktree and in a bare repository.
"""

import os
import posixpath
from pathlib import Path

import msgspec

from archstat.errors import MissingPartError, UsageError
from archstat.spec.reader import LARGEST_FILE

SUFFIXES = (".yaml", ".yml")

_SHALLOW = "this clone is shallow: 'git fetch --unshallow', or fetch-depth: 0 in actions/checkout"
_REGULAR = ("100644", "100755")
_LINK = "120000"
_PATIENCE = 120
"""Seconds that git may take: a partial clone fetches a file when it is read."""


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
    listed = _git("ls-tree", "-z", "-l", "--full-tree", found, "--", full)
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
    return _git("cat-file", "blob", name), full


def resolve(ref: str) -> str:
    """Return the commit that a revision names. Raises a UsageError if there is none."""
    if not ref:
        raise UsageError("no revision before ':'", hint="write main:net.yaml, or HEAD~1:net.yaml")
    if ref.startswith("-"):
        raise UsageError(f"'{ref}' is not a revision: it begins with '-'")
    done = _run("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
    commit = done[1].decode("ascii", "replace").strip()
    if done[0] == 0 and commit.isalnum():
        return commit
    if done[2]:
        raise _failure(done[2])
    hint = "'git branch -a' lists the branches"
    if _run("rev-parse", "--verify", "--quiet", "HEAD")[0]:
        hint = "it has no commit yet"
    elif _is_shallow():
        hint = _SHALLOW
    elif not _run("rev-parse", "--verify", "--quiet", f"origin/{ref}^{{commit}}")[0]:
        hint = f"did you mean 'origin/{ref}'?"
    elif "/" in ref:
        remote, _, branch = ref.partition("/")
        hint = f"'git fetch {remote} {branch}' may bring it" if branch else hint
    raise UsageError(f"no revision '{ref}' in this repository", hint=hint)


def base_of(ref: str) -> Base:
    """Return where the branch that is checked out left ``ref``. Raises a UsageError if it can't be found."""
    theirs, ours = resolve(ref), resolve("HEAD")
    code, said, complaint = _run("merge-base", theirs, ours)
    if code:
        if complaint:
            raise _failure(complaint)
        hint = _SHALLOW if _is_shallow() else None
        raise UsageError(f"HEAD and '{ref}' have no commit in common", hint=hint)
    top = _text(_git("rev-parse", "--show-toplevel")).removesuffix("\n")
    return Base(ref, said.decode("ascii").split()[0], Path(top))


def differing(base: Base) -> list[tuple[str | None, str | None]]:
    """Return the YAML files that differ between a base and the work tree: path before and after, from the top.

    Without a path before it was added, without one after it was removed; two that differ are a renaming. What
    git doesn't track yet, and doesn't ignore, was added.
    """
    said = _git("-c", "core.fsmonitor=false", "-c", "diff.relative=false", "diff", "--no-ext-diff",
                "--no-textconv", "--name-status", "-z", "--find-renames", base.commit, "--")  # fmt: skip
    words = iter(_text(said).split("\0"))
    found: list[tuple[str | None, str | None]] = []
    for status in words:
        if not status:
            continue
        before: str | None = next(words)
        after = next(words) if status[0] in "RC" else before
        if status[0] in "AC":
            before = None
        found.append((before, None if status[0] == "D" else after))
    here = _text(_git("-C", str(base.top), "-c", "core.fsmonitor=false",
                      "ls-files", "--others", "--exclude-standard", "-z"))  # fmt: skip
    untracked = dict.fromkeys(path for path in here.split("\0") if path)
    forgotten = {before for before, after in found if after is None and before in untracked}
    found = [pair for pair in found if pair[0] not in forgotten or pair[1] is not None]
    found += [(path if path in forgotten else None, path) for path in untracked]
    return [pair for pair in found if any(path and is_yaml(path) for path in pair)]


def tracked(base: Base) -> list[str]:
    """Return the YAML files of the work tree that git tracks, from the top."""
    said = _text(_git("-C", str(base.top), "-c", "core.fsmonitor=false", "ls-files", "-z"))
    return [path for path in said.split("\0") if is_yaml(path)]


def _entry(listed: bytes, path: str) -> tuple[str, str, int] | None:
    """Return mode, object and size of the line of ``ls-tree`` that is about ``path``."""
    for line in _text(listed).split("\0"):
        said, _, name = line.partition("\t")
        if name == path:
            mode, _, found, size = said.split()
            return mode, found, int(size) if size.isdigit() else 0
    return None


def _elsewhere(commit: str, path: str, ref: str) -> str | None:
    """Say where a path seen from here is, as git does."""
    seen_from_here = posixpath.normpath(posixpath.join(_prefix(), path))
    listed = _git("ls-tree", "-z", "-l", "--full-tree", commit, "--", seen_from_here)
    if _entry(listed, seen_from_here) is None:
        return f"'git ls-tree -r --name-only {ref}' lists what is there"
    return f"did you mean '{ref}:{seen_from_here}', which is '{ref}:./{path}' from here?"


def _prefix() -> str:
    """Return the folder that is current, from the top of the repository."""
    return _text(_git("rev-parse", "--show-prefix")).removesuffix("\n")


def _is_shallow() -> bool:
    return _run("rev-parse", "--is-shallow-repository")[1].strip() == b"true"


def _git(*arguments: str) -> bytes:
    code, said, complaint = _run(*arguments)
    if code:
        raise _failure(complaint)
    return said


def _run(*arguments: str) -> tuple[int, bytes, str]:
    """Run git and return its exit code, what it wrote, and its complaint."""
    import subprocess

    # Paths are paths, not patterns; nothing asks for a password; messages are git's own words.
    settings = {
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "LC_ALL": "C",
    }
    try:
        done = subprocess.run(
            ["git", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env={**os.environ, **settings},
            timeout=_PATIENCE,
            check=False,
        )
    except FileNotFoundError:
        raise MissingPartError(
            "git is not installed, and a spec at a revision is read with it",
            hint="install git from https://git-scm.com, or use --baseline FILE.json",
        ) from None
    except subprocess.TimeoutExpired:
        raise UsageError(f"git {arguments[0]} took more than {_PATIENCE} seconds") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"git can't be asked: {error}") from None
    return done.returncode, done.stdout, _text(done.stderr).strip()


def _failure(complaint: str) -> UsageError:
    first = complaint.partition("\n")[0].removeprefix("fatal: ").removeprefix("error: ")
    if first.startswith("not a git repository"):
        return UsageError(
            "not in a git repository, and a spec at a revision is read from one",
            hint="without git, 'archstat compare --baseline FILE.json' compares with a file",
        )
    hint = None
    if first.startswith("detected dubious ownership"):
        hint = "the folder is another user's: 'git config --global --add safe.directory FOLDER'"
    return UsageError(f"git: {first or 'failed without a word'}", hint=hint)


def _text(said: bytes) -> str:
    """Decode names as the file system does, so that any name comes back as it went in."""
    return os.fsdecode(said)
