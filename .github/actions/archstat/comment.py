"""Writes the reports as a comment on the pull request, or edits the one that an earlier run wrote.

Takes everything from the environment that GitHub sets, so that nothing in an input is read as a command.
"""

import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

BEGINS = "<!-- archstat "
LONGEST = 65_536
"""Characters that GitHub takes. What doesn't fit is in the job's summary."""

_REST = "*What changed is in the summary of the job: it doesn't fit here.*"

PATIENCE = 30
"""Seconds that the server may take to answer."""


class Api:
    """GitHub's REST API, on github.com or on a server of one's own."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url.rstrip("/")
        self._headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "User-Agent": "archstat",
            "X-GitHub-Api-Version": "2022-11-28",
        }

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """Return the answer. Raises an OSError if there is none, an HTTPError among them."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{self._url}/{path}", data=data, headers=self._headers, method=method
        )
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return json.load(answer)


def report(folder: Path) -> str:
    """Return what the steps before wrote, the second part only if both fit."""
    names = ("archstat.md", "archstat-compare.md")
    parts = [(folder / n).read_text("utf-8").strip() for n in names if (folder / n).is_file()]
    whole = "\n\n".join(part for part in parts if part)
    return whole if len(whole) <= LONGEST else f"{parts[0]}\n\n{_REST}"


def earlier(api: Api, comments: str) -> int | None:
    """Return the comment of an earlier run. Anybody may write one that begins like it: a bot's counts, or one's own."""
    me = _login(api)
    for comment in _pages(api, comments):
        user = comment["user"] or {}
        own = user.get("type") == "Bot" or (me is not None and user.get("login") == me)
        if own and (comment["body"] or "").startswith(BEGINS):
            return int(comment["id"])
    return None


def _login(api: Api) -> str | None:
    """Return whose token it is; a job's own token may not ask, and is a bot's."""
    try:
        return str(api.ask("GET", "user")["login"])
    except urllib.error.HTTPError:
        return None


def _pages(api: Api, path: str) -> Iterator[Any]:
    page = 1
    while found := api.ask("GET", f"{path}?per_page=100&page={page}"):
        yield from found
        page += 1


def main() -> int:
    """Comment, and return the exit code."""
    body = report(Path(os.environ["RUNNER_TEMP"]))
    if not body:
        print("no report to comment with")
        return 0
    number = os.environ["ARCHSTAT_PULL_REQUEST"]
    if not (number.isascii() and number.isdigit()):
        print("::error::not the number of a pull request")
        return 1
    repository = f"repos/{os.environ['GITHUB_REPOSITORY']}/issues"
    comments = f"{repository}/{number}/comments"
    api = Api(
        os.environ.get("GITHUB_API_URL", "https://api.github.com"), os.environ["ARCHSTAT_TOKEN"]
    )
    try:
        found = earlier(api, comments)
        if found is None:
            api.ask("POST", comments, {"body": body})
        else:
            api.ask("PATCH", f"{repository}/comments/{found}", {"body": body})
    except (OSError, ValueError) as error:
        hint = ""
        if isinstance(error, urllib.error.HTTPError) and error.code in (401, 403, 404):
            hint = "; the job needs 'permissions: {pull-requests: write}', which a fork's has not"
        print(f"::error::archstat can't comment: {' '.join(str(error).split())}{hint}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
