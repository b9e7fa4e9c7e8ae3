"""archstat compare --base in repositories of every kind: what is named, what is found, and what can't be."""

import json
from pathlib import Path

import pytest

from tests.cli.run import run
from tests.git import commit, git

NET = "input: [3, 8, 8]\nlayers:\n  stem: [{conv: %d, kernel: 3, padding: same}, relu]\n  head: [flatten, linear: 10]\n"


def write(path: str, width: int = 4) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(NET % width, "utf-8")


def marks(*arguments: str, code: int = 0, base: str = "main") -> list[tuple[str, str | None]]:
    """Compare with a base; return each spec's mark and its name, the old one of what was removed."""
    done = run("compare", f"--base={base}", "-f", "json", *arguments)
    assert done.exit_code == code, done.stderr
    assert "Traceback" not in done.stderr
    found = json.loads(done.stdout)["comparisons"]
    return [(one["mark"], (one["new"] or one["old"])["reference"]) for one in found]


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with two specs and another tool's settings on main, and a branch of it checked out."""
    for name in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    folder = tmp_path / "repository"
    folder.mkdir()
    monkeypatch.chdir(folder)
    git("init", "-q", "-b", "main")
    write("nets/a.yaml", 4)
    write("nets/deep/b.yaml", 5)
    write("tests/broken.yaml")
    Path("service.yaml").write_text("extends: nothing.yaml\nrules: 1\n", "utf-8")
    commit("first")
    git("checkout", "-q", "-b", "branch")
    return folder


def change() -> None:
    write("nets/a.yaml", 8)
    write("nets/deep/b.yaml", 10)
    Path("tests/broken.yaml").write_text("input: [3\nlayers: [\n", "utf-8")
    Path("service.yaml").write_text("extends: nothing.yaml\nrules: 2\n", "utf-8")


class TestWhatIsNamed:
    @pytest.fixture(autouse=True)
    def changed(self) -> None:
        change()

    def test_all_that_look_like_specs_and_no_other_file(self) -> None:
        assert marks(code=2) == [("~", "nets/a.yaml"), ("~", "nets/deep/b.yaml")]
        done = run("compare", "--base", "main")
        assert done.stderr.startswith("tests/broken.yaml:1:8: error: not valid YAML")
        assert "2 differ, 1 can't be compared" in done.stdout

    @pytest.mark.parametrize(
        ("named", "found"),
        [
            (["nets"], ["nets/a.yaml", "nets/deep/b.yaml"]),
            (["nets/"], ["nets/a.yaml", "nets/deep/b.yaml"]),
            (["./nets/deep/.."], ["nets/a.yaml", "nets/deep/b.yaml"]),
            (["nets/deep"], ["nets/deep/b.yaml"]),
            (["nets/*.yaml"], ["nets/a.yaml"]),
            (["./nets/*.yaml"], ["nets/a.yaml"]),
            (["nets/**/*.yaml"], ["nets/a.yaml", "nets/deep/b.yaml"]),
            (["net?/*"], ["nets/a.yaml"]),
            (["nets/deep", "nets/a.yaml"], ["nets/deep/b.yaml", "nets/a.yaml"]),
            (["nets", "nets/a.yaml", "nets/*"], ["nets/a.yaml", "nets/deep/b.yaml"]),
        ],
    )
    def test_files_folders_and_globs(self, named: list[str], found: list[str]) -> None:
        assert marks(*named) == [("~", path) for path in found]

    def test_names_are_seen_from_here(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir("nets/deep")
        assert marks(".") == [("~", "b.yaml")]
        assert marks("../*.yaml") == [("~", "../a.yaml")]
        assert marks("..") == [("~", "../a.yaml"), ("~", "b.yaml")]
        assert marks(str(Path.cwd())) == [("~", "b.yaml")]
        assert marks(f"{Path.cwd().parent}/*.yaml") == [("~", "../a.yaml")]
        git("config", "diff.relative", "true")
        assert marks("..") == [("~", "../a.yaml"), ("~", "b.yaml")]

    @pytest.mark.parametrize(
        ("named", "said"),
        [
            ("gone.yaml", "no file 'gone.yaml', neither here nor at the base"),
            ("gone", "no file or folder 'gone', neither here nor at the base"),
            ("gone/*.yaml", "no YAML file matches 'gone/*.yaml', neither here nor at the base"),
            ("README", "'README' is no YAML file"),
            ("..", "'..' is not in this repository"),
            ("/", "'/' is not in this repository"),
            ("../x.yaml", "'../x.yaml' is not in this repository"),
            ("-", "standard input has no earlier version"),
            ("vgg16", "the bundled 'vgg16' has no earlier version"),
            ("main:nets/a.yaml", "'main:nets/a.yaml' is at a revision already"),
            ("a\0b.yaml", "no file 'a·b.yaml', neither here nor at the base"),
            ("x" * 5000, "no file or folder"),
        ],
    )
    def test_what_there_is_nothing_of_is_said(self, named: str, said: str) -> None:
        Path("README").write_text("", "utf-8")
        done = run("compare", "--base", "main", named)
        assert (done.exit_code, done.stdout) == (2, ""), done.stdout
        assert said in done.stderr

    def test_archstat_yaml_says_which_are_specs(self, monkeypatch: pytest.MonkeyPatch) -> None:
        Path("archstat.yaml").write_text("specs: {nets/**/*.yaml: {}, vgg16: {}}\n", "utf-8")
        assert marks() == [("~", "nets/a.yaml"), ("~", "nets/deep/b.yaml")]
        assert marks("tests", code=2) == []
        monkeypatch.chdir("nets/deep")
        assert marks() == [("~", "../a.yaml"), ("~", "b.yaml")]
        Path("other.yaml").write_text("specs: {'*.yaml': {}}\n", "utf-8")
        assert marks("--config", "other.yaml", code=2) == [
            ("~", "b.yaml")
        ]  # other.yaml is declared too
        assert run("compare", "--base", "main", "--config", "no.yaml").exit_code == 2

    def test_what_archstat_yaml_declares_is_a_spec_however_it_looks(self) -> None:
        Path("archstat.yaml").write_text("specs: {'**/*.yaml': {}}\n", "utf-8")
        git("checkout", "-q", "--", "tests")
        Path(".hidden").mkdir()
        write(".hidden/x.yaml")
        assert marks(code=2) == [("~", "nets/a.yaml"), ("~", "nets/deep/b.yaml")]
        done = run("compare", "--base", "main")
        assert done.stderr.startswith("service.yaml:2:1: error: unknown key 'rules'")

    def test_bundled_names_alone_choose_nothing(self) -> None:
        Path("archstat.yaml").write_text("specs: {vgg16: {params: 1G}}\n", "utf-8")
        assert len(marks(code=2)) == 2


class TestTheBase:
    def test_archstat_yaml_may_say_it(self) -> None:
        write("nets/a.yaml", 8)
        done = run("compare")
        assert (done.exit_code, done.stdout) == (2, "")
        Path("archstat.yaml").write_text("base: main\n", "utf-8")
        done = run("compare")
        assert done.exit_code == 0
        assert done.stdout.startswith("1 spec compared with main (")
        assert run("compare", "lenet5", "vgg11").stdout.startswith("lenet5 -> vgg11")

    @pytest.mark.parametrize(
        ("named", "hint"),
        [
            ("nets/a.yaml", "archstat compare --base origin/main nets/a.yaml"),
            ("vgg16", "archstat compare --base origin/main vgg16"),
            ("origin/main", "archstat compare --base origin/main"),
            ("HEAD~1", "archstat compare --base HEAD~1"),
        ],
    )
    def test_one_name_is_too_few(self, named: str, hint: str) -> None:
        done = run("compare", named)
        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr.endswith(f"  hint: {hint}\n")

    def test_a_clone_has_the_branch_of_its_origin(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        git("clone", "-q", ".", "../clone")
        monkeypatch.chdir(tmp_path / "clone")
        done = run("compare", "--base", "main")
        assert "no revision 'main'" in done.stderr
        assert "did you mean 'origin/main'?" in done.stderr
        assert marks(base="origin/main") == []


class TestWhatBecameOfFiles:
    def test_an_unchanged_file_that_is_named(self) -> None:
        assert marks("nets/a.yaml") == [("=", "nets/a.yaml")]
        assert run("compare", "--base", "main", "nets").stdout.startswith(
            "no spec differs from main ("
        )

    def test_renamed(self) -> None:
        git("mv", "nets/a.yaml", "nets/c.yaml")
        for named in ((), ("nets/a.yaml",), ("nets/c.yaml",), ("nets/c*",)):
            done = run("compare", "--base", "main", *named)
            assert "nets/a.yaml -> nets/c.yaml" in done.stdout, (named, done.stdout)
            assert marks(*named) == [("=", "nets/c.yaml")]

    def test_deleted_and_its_folder_too(self) -> None:
        git("rm", "-q", "nets/deep/b.yaml")
        assert not Path("nets/deep").exists()
        for named in ("nets/deep/b.yaml", "nets/deep", "nets/*/*.yaml", "nets"):
            assert marks(named) == [("-", "nets/deep/b.yaml")], named

    def test_added_tracked_or_not_or_ignored(self) -> None:
        write("new.yaml")
        assert marks() == marks("new.yaml") == [("+", "new.yaml")]
        Path(".gitignore").write_text("new.yaml\n", "utf-8")
        assert marks() == []
        assert marks("new.yaml") == [("+", "new.yaml")]

    def test_untracked_again(self) -> None:
        write("nets/a.yaml", 8)
        git("rm", "-q", "--cached", "nets/a.yaml")
        assert marks() == [("~", "nets/a.yaml")]

    def test_broken_now(self) -> None:
        Path("nets/a.yaml").write_text("layers: [\n", "utf-8")
        write("nets/deep/b.yaml", 9)
        assert marks(code=2) == [("~", "nets/deep/b.yaml")]
        assert run("compare", "--base", "main").stderr.count("error:") == 1

    def test_broken_then(self) -> None:
        Path("nets/a.yaml").write_text("input: [1\nlayers: [\n", "utf-8")
        commit("broken")
        git("branch", "broken")
        write("nets/a.yaml")
        write("nets/deep/b.yaml", 9)
        assert marks(code=2, base="broken") == [("~", "nets/deep/b.yaml")]
        assert ":nets/a.yaml:1:8: error: not valid YAML" in run("compare", "--base=broken").stderr

    def test_broken_on_both_sides_is_said_once(self) -> None:
        Path("nets/a.yaml").write_text("input: [1\nlayers: [\n", "utf-8")
        commit("broken")
        git("branch", "broken")
        Path("nets/a.yaml").write_text("input: [2\nlayers: [\n", "utf-8")
        done = run("compare", "--base", "broken")
        assert done.exit_code == 2
        assert done.stderr.count("error:") == 1

    def test_built_on_a_spec_that_changed(self) -> None:
        Path("nets/child.yaml").write_text("extends: deep/b.yaml\n", "utf-8")
        Path("nets/grandchild.yaml").write_text('extends: "./child.yaml"\n', "utf-8")
        Path("nets/other.yaml").write_text("extends: vgg16\n", "utf-8")
        commit("children")
        git("branch", "children")
        write("nets/deep/b.yaml", 7)
        family = [("~", f"nets/{name}.yaml") for name in ("child", "deep/b", "grandchild")]
        assert marks(base="children") == family
        # A child is asked for although what changed isn't.
        assert marks("nets/*.yaml", base="children") == [family[0], family[2]]
        Path("nets/deep/b.yaml").unlink()
        assert marks(base="children", code=2) == [("-", "nets/deep/b.yaml")]

    def test_odd_names(self) -> None:
        names = [
            "a b.yaml",
            "-n.yaml",
            "ü.yaml",
            'q"x.yaml',
            "[1]*.yaml",
            "$(id).yaml",
            "new\nline.yaml",
            "日.yml",
        ]
        for name in names:
            write(name)
        commit("names")
        git("branch", "names")
        for name in names:
            write(name, 6)
        shown = {f"./{name}" if name[0] == "-" else name.replace("\n", "") for name in names}
        assert {name for _, name in marks(base="names")} == shown
        for name in names:
            assert [mark for mark, _ in marks("--", name, base="names")] == ["~"], name


class TestRepositories:
    def test_a_worktree(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        git("worktree", "add", "-q", "../tree", "-b", "tree", "main")
        monkeypatch.chdir(tmp_path / "tree")
        change()
        assert marks("nets") == [("~", "nets/a.yaml"), ("~", "nets/deep/b.yaml")]

    def test_a_detached_head(self) -> None:
        write("nets/a.yaml", 8)
        commit()
        git("checkout", "-q", "--detach")
        assert marks() == marks(base="HEAD~1") == [("~", "nets/a.yaml")]

    def test_a_shallow_clone(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        write("nets/a.yaml", 8)
        commit()
        git("clone", "-q", "--depth=1", Path.cwd().as_uri(), "../shallow")
        monkeypatch.chdir(tmp_path / "shallow")
        for ref in ("main", "origin/main", "HEAD~1"):
            done = run("compare", "--base", ref)
            assert (done.exit_code, done.stdout) == (2, "")
            assert f"no revision '{ref}'" in done.stderr
            assert "fetch-depth: 0" in done.stderr

    def test_the_first_commit(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        git("init", "-q", "-b", "main", "fresh")
        monkeypatch.chdir("fresh")
        write("a.yaml")
        done = run("compare", "--base", "main")
        assert (done.exit_code, done.stdout) == (2, "")
        assert "has no commit yet" in done.stderr
        commit()
        assert marks() == []
        assert run("compare", "--base", "HEAD~1").exit_code == 2
        write("b.yaml")
        assert marks() == [("+", "b.yaml")]

    def test_a_submodule_is_another_repository(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        git("init", "-q", "-b", "main", "../inner")
        (tmp_path / "inner" / "net.yaml").write_text(NET % 4, "utf-8")
        commit("inner", tmp_path / "inner")
        git("submodule", "--quiet", "add", "../inner", "sub.yaml")
        commit("outer")
        git("branch", "outer")
        write("sub.yaml/net.yaml", 8)
        assert marks(base="outer") == []
        for named in ("sub.yaml", "sub.yaml/net.yaml"):
            done = run("compare", "--base", "outer", named)
            assert done.exit_code == 2
            assert "in a repository of its own, 'sub.yaml'" in done.stderr
        monkeypatch.chdir("sub.yaml")
        assert marks() == marks("net.yaml") == [("~", "net.yaml")]

    def test_a_link_stays_itself(self) -> None:
        Path("link.yaml").symlink_to("nets/a.yaml")
        commit("link")
        git("branch", "link")
        write("nets/a.yaml", 8)
        assert marks(base="link") == [("~", "nets/a.yaml")]

    def test_an_owner_that_git_doubts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
        done = run("compare", "--base", "main")
        assert (done.exit_code, done.stdout) == (2, "")
        assert "git config --global --add safe.directory" in done.stderr

    @pytest.mark.parametrize(
        "ref", ["--output=x", "-", "-h", "--", "--exec=touch x", "@{-1", "main..HEAD", ""]
    )
    def test_a_revision_is_never_an_option(self, ref: str) -> None:
        before = sorted(Path.cwd().iterdir())
        done = run("compare", f"--base={ref}")
        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr.startswith("error: ")
        assert sorted(Path.cwd().iterdir()) == before
