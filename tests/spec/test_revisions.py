"""Specs at git revisions: read from real repositories, made for each test."""

from pathlib import Path

import pytest

from archstat.errors import MissingPartError, SpecError, UsageError
from archstat.report.architecture import load
from archstat.spec.reader import LARGEST_FILE
from archstat.spec.revisions import base_of, differing, read_many, resolve, split
from tests.git import git

ONE = "input: [3, 8, 8]\nlayers: [{conv: %d, kernel: 3}]\n"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with nets/net.yaml on main, and another version of it checked out."""
    folder = tmp_path / "repository"
    (folder / "nets").mkdir(parents=True)
    git("init", "-q", "-b", "main", folder=folder)
    (folder / "nets" / "net.yaml").write_text(ONE % 4, "utf-8")
    git("add", ".", folder=folder)
    git("commit", "-q", "-m", "first", folder=folder)
    git("checkout", "-q", "-b", "branch", folder=folder)
    (folder / "nets" / "net.yaml").write_text(ONE % 8, "utf-8")
    git("commit", "-q", "-a", "-m", "second", folder=folder)
    monkeypatch.chdir(folder)
    return folder


def test_a_spec_is_read_at_a_revision(repository: Path) -> None:
    assert load("nets/net.yaml").params == 8 * (27 + 1)
    assert load("main:nets/net.yaml").params == 4 * (27 + 1)
    assert load("HEAD~1:nets/net.yaml").params == 4 * (27 + 1)
    assert load("main:nets/net.yaml").name == "net"


def test_paths_are_seen_from_the_top_unless_they_begin_with_a_dot(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository / "nets")
    assert load("main:nets/net.yaml").params == load("main:./net.yaml").params
    assert load("main:../nets/net.yaml").params == load("main:./net.yaml").params
    with pytest.raises(UsageError, match=r"no file 'net\.yaml' at 'main'") as raised:
        load("main:net.yaml")
    assert (
        raised.value.hint
        == "did you mean 'main:nets/net.yaml', which is 'main:./net.yaml' from here?"
    )
    with pytest.raises(UsageError, match="outside the repository"):
        load("main:../../net.yaml")


def test_extends_is_followed_at_the_same_revision(repository: Path) -> None:
    (repository / "nets" / "child.yaml").write_text("extends: net.yaml\n", "utf-8")
    git("add", ".", folder=repository)
    git("commit", "-q", "-m", "a child", folder=repository)
    git("tag", "v1", folder=repository)
    (repository / "nets" / "net.yaml").write_text(ONE % 16, "utf-8")
    assert load("v1:nets/child.yaml").params == 8 * 28
    assert load("nets/child.yaml").params == 16 * 28
    (repository / "nets" / "child.yaml").write_text("extends: gone.yaml\n", "utf-8")
    git("commit", "-q", "-a", "-m", "broken", folder=repository)
    with pytest.raises(SpecError, match=r"no file 'nets/gone\.yaml' at 'HEAD'") as raised:
        load("HEAD:nets/child.yaml")
    assert str(raised.value.mark) == "HEAD:nets/child.yaml:1:10"


def test_extends_does_not_leave_the_first_folder(repository: Path) -> None:
    (repository / "top.yaml").write_text(ONE % 4, "utf-8")
    for target in ("../top.yaml", "/top.yaml"):
        (repository / "nets" / "child.yaml").write_text(f"extends: {target}\n", "utf-8")
        git("add", ".", folder=repository)
        git("commit", "-q", "-m", "child", folder=repository)
        with pytest.raises(SpecError, match="reaches only files below"):
            load("HEAD:nets/child.yaml")


def test_a_worktree_and_a_bare_clone_are_read(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git("worktree", "add", "-q", "../tree", "main", folder=repository)
    monkeypatch.chdir(tmp_path / "tree")
    assert load("branch:nets/net.yaml").params == 8 * 28
    git("clone", "-q", "--bare", ".", "../bare", folder=repository)
    monkeypatch.chdir(tmp_path / "bare")
    assert load("main:nets/net.yaml").params == 4 * 28


def test_a_shallow_clone_says_what_to_do(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git("clone", "-q", "--depth", "1", repository.as_uri(), "shallow", folder=tmp_path)
    monkeypatch.chdir(tmp_path / "shallow")
    with pytest.raises(UsageError, match="no revision 'HEAD~1'") as raised:
        load("HEAD~1:nets/net.yaml")
    assert "git fetch --unshallow" in str(raised.value.hint)
    git("fetch", "-q", "--depth", "1", "origin", "main:main", folder=tmp_path / "shallow")
    with pytest.raises(UsageError, match="no commit in common") as raised:
        base_of("main")
    assert "git fetch --unshallow" in str(raised.value.hint)


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("gone:nets/net.yaml", "no revision 'gone' in this repository"),
        ("origin/gone:nets/net.yaml", "no revision 'origin/gone' in this repository"),
        ("main:nets/gone.yaml", "no file 'nets/gone.yaml' at 'main'"),
        (":nets/net.yaml", "no revision before ':'"),
        ("--output=x:nets/net.yaml", "it begins with '-'"),
        ("-:nets/net.yaml", "it begins with '-'"),
        ("main\nx:nets/net.yaml", "no revision 'main·x'"),
        ("main:nets/\x00.yaml", "git can't be asked"),
        ("main:nets/*.yaml", "no file 'nets/"),
        ("main::(glob)**/*.yaml", "no file ':"),
    ],
)
def test_what_is_not_there_is_said_in_a_line(repository: Path, reference: str, said: str) -> None:
    with pytest.raises(UsageError) as raised:
        load(reference)
    assert said in raised.value.message
    assert "\n" not in raised.value.message


def test_names_with_newlines_quotes_and_blanks_are_read(repository: Path) -> None:
    names = [
        "a b.yaml",
        'quo"te.yaml',
        "new\nline.yaml",
        "$(id).yaml",
        "-n.yaml",
        "ü.yaml",
        ":x.yaml",
    ]
    for name in names:
        (repository / name).write_text(ONE % 4, "utf-8")
    git("add", ".", folder=repository)
    git("commit", "-q", "-m", "names", folder=repository)
    for name in names:
        assert load(f"HEAD:{name}").params == 4 * 28
        (repository / name).unlink()
    assert {before for before, after in differing(base_of("HEAD")) if after is None} == set(names)


def test_links_and_folders_are_refused(repository: Path) -> None:
    (repository / "link.yaml").symlink_to("/etc/passwd")
    (repository / "folder.yaml").mkdir()
    (repository / "folder.yaml" / "file").write_text("", "utf-8")
    git("add", ".", folder=repository)
    git("commit", "-q", "-m", "odd", folder=repository)
    with pytest.raises(UsageError, match="symbolic link"):
        load("HEAD:link.yaml")
    with pytest.raises(UsageError, match="is no file"):
        load("HEAD:folder.yaml")


def test_outside_a_repository_and_without_git(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="not in a git repository"):
        load("main:nets/net.yaml")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(MissingPartError, match="git is not installed"):
        load("main:nets/net.yaml")


def test_a_file_with_a_colon_in_its_name_is_a_file(repository: Path) -> None:
    (repository / "main:net.yaml").write_text(ONE % 2, "utf-8")
    assert load("main:net.yaml").params == 2 * 28


def test_what_differs_from_the_base(repository: Path) -> None:
    assert differing(base_of("main")) == [("nets/net.yaml", "nets/net.yaml")]
    git("mv", "nets/net.yaml", "nets/new.yaml", folder=repository)
    (repository / "nets" / "added.yaml").write_text(ONE % 5, "utf-8")
    (repository / "notes.txt").write_text("", "utf-8")
    found = differing(base_of("HEAD"))
    assert found == [("nets/net.yaml", "nets/new.yaml"), (None, "nets/added.yaml")]


def test_the_base_is_where_the_branch_began(repository: Path) -> None:
    began = resolve("main")
    git("checkout", "-q", "main", folder=repository)
    (repository / "other.yaml").write_text(ONE % 5, "utf-8")
    git("add", ".", folder=repository)
    git("commit", "-q", "-m", "main goes on", folder=repository)
    git("checkout", "-q", "branch", folder=repository)
    assert base_of("main").commit == began
    assert differing(base_of("main")) == [("nets/net.yaml", "nets/net.yaml")]


def test_only_yaml_behind_a_colon_is_a_revision() -> None:
    assert split("timm:resnet50") is None
    assert split("package.module:callable") is None


def test_many_files_are_read_at_once(repository: Path) -> None:
    kept = {
        "a b.yaml": b"1\n",
        "empty.yaml": b"",
        "bytes.yaml": b"\0\n\xff\nblob 3\n",
        "ü.yaml": b"x",
    }
    for name, data in kept.items():
        (repository / name).write_bytes(data)
    (repository / "large.yaml").write_bytes(b" " * (LARGEST_FILE + 1))
    (repository / "new\nline.yaml").write_bytes(b"")
    git("add", ".", folder=repository)
    git("commit", "-q", "-m", "many", folder=repository)
    asked = ["gone.yaml", "large.yaml", "nets", "new\nline.yaml", *kept, "-x"]
    assert read_many(resolve("HEAD"), asked) == kept
    assert read_many(resolve("HEAD"), []) == {}
