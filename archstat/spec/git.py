"""Asking git, without a shell: it is never told to change anything."""

import os

from archstat.errors import MissingPartError, UsageError

_PATIENCE = 120
"""Seconds that git may take: a partial clone fetches a file when it is read."""


def is_shallow() -> bool:
    """Say whether the clone has only its last commits."""
    return attempt("rev-parse", "--is-shallow-repository")[1].strip() == b"true"


def ask(*arguments: str, stdin: bytes = b"") -> bytes:
    """Run git and return what it wrote. Raises a UsageError if it fails."""
    code, said, complaint = attempt(*arguments, stdin=stdin)
    if code:
        raise failure(complaint)
    return said


def attempt(*arguments: str, stdin: bytes = b"") -> tuple[int, bytes, str]:
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
            input=stdin,
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
    return done.returncode, done.stdout, text(done.stderr).strip()


def failure(complaint: str) -> UsageError:
    """Return git's complaint as an error of ours."""
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


def text(said: bytes) -> str:
    """Decode names as the file system does, so that any name comes back as it went in."""
    return os.fsdecode(said)
