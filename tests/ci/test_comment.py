"""The action's comment on a pull request, against a server that answers as GitHub does."""

import json
import re
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.ci.runner import Done, Runner
from tests.git import commit, git

MARKER = "<!-- archstat check -->"

pytestmark = [
    pytest.mark.skipif(shutil.which("bash") is None, reason="the action's shell"),
    pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed"),
]


class GitHub(ThreadingHTTPServer):
    """Keeps comments; ``login`` is whose token asks, ``None`` for a job's own, and ``refuse`` answers with an error."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.comments: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.login: str | None = None
        self.refuse = 0

    def say(self, body: str, login: str = "github-actions[bot]", kind: str = "Bot") -> int:
        number = 1000 + len(self.comments)
        self.comments.append({"id": number, "body": body, "user": {"login": login, "type": kind}})
        return number

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        if self.refuse:
            return self.refuse, {"message": "no"}
        if path == "/user":
            return (403, {}) if self.login is None else (200, {"login": self.login})
        if method == "POST" and path == "/repos/someone/nets/issues/7/comments":
            return 201, {"id": self.say(body["body"])}
        edited = re.fullmatch(r"/repos/someone/nets/issues/comments/(\d+)", path)
        if method == "PATCH" and edited:
            (comment,) = [one for one in self.comments if one["id"] == int(edited[1])]
            comment["body"] = body["body"]
            return 200, comment
        page = re.fullmatch(r"/repos/someone/nets/issues/7/comments\?per_page=100&page=(\d+)", path)
        if method == "GET" and page:
            at = 100 * (int(page[1]) - 1)
            return 200, self.comments[at : at + 100]
        return 404, {"message": path}


class _Answers(BaseHTTPRequestHandler):
    server: GitHub

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        assert self.headers["Authorization"] == "Bearer a token"
        self.server.asked.append(f"{self.command} {self.path}")
        code, answer = self.server.answer(self.command, self.path, body)
        data = json.dumps(answer).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_POST = do_PATCH = do_GET

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def github(runner: Runner) -> Iterator[GitHub]:
    with GitHub() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        runner.env["GITHUB_API_URL"] = f"http://127.0.0.1:{server.server_port}"
        runner.write("a.yaml", 2)
        yield server
        server.shutdown()
        thread.join()


def comment(runner: Runner, **inputs: str) -> Done:
    return runner.use(**({"specs": "a.yaml", "comment": "true"} | inputs))["comment"]


def test_the_first_run_writes_and_later_ones_edit(runner: Runner, github: GitHub) -> None:
    assert comment(runner).returncode == 0
    runner.write("a.yaml", 3)
    assert comment(runner).returncode == 0
    (one,) = github.comments
    assert one["body"].startswith(f"{MARKER}\n### FAIL: 1 failed")
    assert [asked.partition(" ")[0] for asked in github.asked if "/user" not in asked] == [
        "GET", "POST", "GET", "PATCH",
    ]  # fmt: skip


def test_it_stands_behind_many_others(runner: Runner, github: GitHub) -> None:
    for n in range(250):
        github.say(f"{n}", "somebody", "User")
    mine = github.say(f"{MARKER}\nold")
    assert comment(runner).returncode == 0
    assert len(github.comments) == 251
    assert f"PATCH /repos/someone/nets/issues/comments/{mine}" in github.asked


def test_what_somebody_else_wrote_is_left_alone(runner: Runner, github: GitHub) -> None:
    github.say(f"{MARKER}\nmine", "somebody", "User")
    github.say("a bot's", "dependabot[bot]")
    assert comment(runner).returncode == 0
    assert [one["body"][:30] for one in github.comments[:2]] == [f"{MARKER}\nmine", "a bot's"]
    assert len(github.comments) == 3


def test_a_token_of_ones_own_edits_ones_own(runner: Runner, github: GitHub) -> None:
    github.login = "somebody"
    github.say(f"{MARKER}\nold", "somebody", "User")
    assert comment(runner).returncode == 0
    (one,) = github.comments
    assert "PASS" in one["body"]


def test_what_the_branch_changes_stands_below_the_budgets(runner: Runner, github: GitHub) -> None:
    git("init", "-q", "-b", "main", folder=runner.repository)
    commit(folder=runner.repository)
    git("checkout", "-q", "-b", "work", folder=runner.repository)
    runner.write("a.yaml", 3)
    assert comment(runner, base="main").returncode == 0
    budgets, _, changes = github.comments[0]["body"].partition("<!-- archstat compare -->")
    assert budgets.startswith(MARKER)
    assert "conv1" in changes
    assert comment(runner, base="main", check="false").returncode == 0
    assert len(github.comments) == 1


def test_what_does_not_fit_is_left_to_the_summary(runner: Runner, github: GitHub) -> None:
    runner.use(specs="a.yaml")
    (runner.temp / "archstat-compare.md").write_text("<!-- archstat compare -->\n" + "x" * 65_536)
    assert comment(runner).returncode == 0
    body = github.comments[0]["body"]
    assert body.startswith(MARKER)
    assert body.endswith("is in the summary of the job: it doesn't fit here.*")


@pytest.mark.parametrize("code", [401, 403, 404, 500])
def test_a_refusal_is_one_line(runner: Runner, github: GitHub, code: int) -> None:
    github.refuse = code
    done = comment(runner)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith(f"::error::archstat can't comment: HTTP Error {code}")
    assert done.stdout.count("\n") == 1
    assert ("pull-requests: write" in done.stdout) == (code != 500)


def test_no_answer_is_one_line(runner: Runner) -> None:
    runner.write("a.yaml", 2)
    done = comment(runner)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("::error::archstat can't comment: ")


def test_without_a_report_there_is_no_comment(runner: Runner, github: GitHub) -> None:
    assert comment(runner, specs="").returncode == 0  # nothing to check
    assert github.asked == []


def test_only_a_number_names_a_pull_request(runner: Runner, github: GitHub) -> None:
    runner.github["event.pull_request.number"] = "7/../8"
    assert comment(runner).returncode == 1
    assert github.asked == []


def test_only_a_pull_request_is_commented(runner: Runner, github: GitHub) -> None:
    runner.github["event_name"] = "push"
    assert list(runner.use(specs="a.yaml", comment="true")) == ["check"]
