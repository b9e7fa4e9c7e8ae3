"""Real git, for repositories that tests make: of nobody's own settings."""

import subprocess
from pathlib import Path

_WHO = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false", "-c",
        "protocol.file.allow=always")  # fmt: skip


def git(*arguments: str, folder: Path | str = ".") -> str:
    """Run git in a folder and return what it says; raise if it fails."""
    done = subprocess.run(
        ["git", *_WHO, *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout


def commit(message: str = "more", folder: Path | str = ".") -> None:
    """Commit everything that is in a folder's work tree."""
    git("add", "-A", folder=folder)
    git("commit", "-q", "--allow-empty", "-m", message, folder=folder)
