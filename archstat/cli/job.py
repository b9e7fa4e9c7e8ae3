"""Where the files of a job of GitHub Actions or GitLab are."""

import os
from pathlib import Path


class Locate:
    """Gives a file's path from the top of the repository, where a job's annotations are shown."""

    def __init__(self) -> None:
        self._top = os.environ.get("GITHUB_WORKSPACE") or os.environ.get("CI_PROJECT_DIR")

    def __call__(self, file: str) -> str:
        if not self._top:
            return file
        try:
            whole = Path(file).resolve()
            return whole.relative_to(Path(self._top).resolve()).as_posix()
        except (OSError, RuntimeError, ValueError):
            return file
