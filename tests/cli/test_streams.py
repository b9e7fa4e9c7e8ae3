"""What a shell sees: streams, encodings, pipes, colours, terminals, exit codes, and what gets imported."""

import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from archstat.spec import bundled
from tests.cli.run import COMMAND, ROOT, shell

ESCAPE = b"\x1b"


def modules_after(*args: str) -> set[str]:
    """Return the modules that are loaded when a command ends."""
    code = (
        "import atexit, sys; atexit.register(lambda: sys.stderr.write(' '.join(sys.modules)));"
        f"sys.argv = ['archstat', *{list(args)!r}]; from archstat.cli.main import program; program.main()"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=env, check=True
    )
    return set(done.stderr.split())


def on_a_terminal(*args: str, columns: int = 100, env: dict[str, str] | None = None) -> str:
    """Run with standard output on a terminal of so many columns and return what it shows."""
    ours, theirs = pty.openpty()
    full = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "TERM": "xterm", "LANG": "C.UTF-8",
            "COLUMNS": str(columns), **(env or {})}  # fmt: skip
    process = subprocess.Popen([*COMMAND, *args], stdout=theirs, stderr=subprocess.PIPE, env=full)
    os.close(theirs)
    seen = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # Linux says EIO when the other end is closed.
            break
        if not piece:
            break
        seen += piece
    os.close(ours)
    process.communicate()
    return seen.decode().replace("\r\n", "\n")


def test_data_on_stdout_errors_on_stderr() -> None:
    done = shell("params", "alexnet", "nonesuch")
    assert done.returncode == 2
    assert b"60,965,224" in done.stdout
    assert b"nonesuch" not in done.stdout
    assert done.stderr.startswith(b"error: no spec 'nonesuch'")


def test_a_pipe_gets_whole_numbers_and_no_colour() -> None:
    done = shell("memory", "vgg16", "--backward")
    assert done.returncode == 0
    assert ESCAPE not in done.stdout
    assert "█".encode() not in done.stdout
    assert b"15,237,608" in done.stdout
    assert b"left out" not in done.stdout


@pytest.mark.parametrize(
    ("args", "env", "colored"),
    [
        ((), {"FORCE_COLOR": "1"}, True),
        ((), {"FORCE_COLOR": "0"}, False),
        ((), {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ((), {"FORCE_COLOR": "1", "NO_COLOR": ""}, True),
        (("--color", "always"), {"NO_COLOR": "1"}, True),
        (("--color", "never"), {"FORCE_COLOR": "1"}, False),
        (("--color", "always", "--plain"), {}, False),
    ],
)
def test_who_decides_about_colour(
    args: tuple[str, ...], env: dict[str, str], colored: bool
) -> None:
    done = shell("params", "alexnet", *args, env=env)
    assert (ESCAPE in done.stdout) == colored


def test_ascii_where_the_encoding_is_not_utf8() -> None:
    done = shell("params", "alexnet", env={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0
    assert done.stdout.isascii()
    assert b"----" in done.stdout
    assert b"?" not in done.stdout


def test_a_character_that_the_encoding_lacks_is_a_question_mark() -> None:
    spec = "name: Netz für Käfer\ninput: [3]\nlayers: [linear: 2]\n".encode()
    done = shell("params", "-", env={"PYTHONIOENCODING": "ascii"}, stdin=spec)
    assert done.returncode == 0
    assert done.stdout.startswith(b"Netz f?r K?fer")
    assert shell("params", "-", "--plain", stdin=spec).stdout.isascii()


def test_a_terminal_gets_colour_and_bars() -> None:
    shown = on_a_terminal("params", "vgg16")
    assert "\x1b[1mTOTAL" in shown
    assert "█" in shown


def test_a_list_has_one_line_a_spec_on_80_columns() -> None:
    shown = on_a_terminal("list", columns=80, env={"NO_COLOR": "1"}).splitlines()
    first = [line.split()[0] for line in shown if line.split()]
    assert [name for name in bundled() if first.count(name) != 1] == []
    assert len(first) == len(bundled()) + 2, "the titles and a rule"
    assert max(map(len, shown)) <= 80


def test_a_list_keeps_what_a_spec_is_about_where_it_fits() -> None:
    titles = on_a_terminal("list", "vgg19", columns=100, env={"NO_COLOR": "1"}).splitlines()[0]
    assert titles.split() == ["spec", "about"]


def test_shapes_keep_the_op_on_80_columns() -> None:
    shown = on_a_terminal("shapes", "alexnet", columns=80, env={"NO_COLOR": "1"})
    assert shown.splitlines()[2].split() == ["layer", "op", "output"]


@pytest.mark.parametrize("env", [{"TERM": "dumb"}, {"NO_COLOR": "1"}])
def test_a_dumb_terminal_and_no_color_get_none(env: dict[str, str]) -> None:
    assert "\x1b" not in on_a_terminal("params", "vgg16", env=env)


def test_a_narrow_terminal_loses_columns_and_no_digit() -> None:
    shown = on_a_terminal("memory", "vgg16", columns=50, env={"NO_COLOR": "1"})
    assert "left out to fit 50 columns: share" in shown
    assert "15,237,608" in shown
    assert max(map(len, shown.splitlines())) <= 50


def test_head_ends_it_quietly() -> None:
    command = " ".join(f"'{part}'" for part in COMMAND)
    done = subprocess.run(
        ["bash", "-c", f"{command} params resnet152 --all | head -2; echo ${{PIPESTATUS[0]}}"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] == "0"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_an_error_not_a_bug() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*COMMAND, "params", "alexnet"], stdout=full, stderr=subprocess.PIPE, text=True, check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr == "error: can't write the output: No space left on device\n"


@pytest.mark.parametrize(("closed", "code"), [(">&-", 0), ("2>&-", 0), ("<&-", 0)])
def test_a_closed_stream_is_empty(closed: str, code: int) -> None:
    command = " ".join(f"'{part}'" for part in COMMAND)
    done = subprocess.run(
        ["bash", "-c", f"{command} params lenet5 {closed}"], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == code
    assert done.stderr == ""


def test_control_c_from_outside() -> None:
    process = subprocess.Popen(
        [*COMMAND, "params", "-"], stdin=subprocess.PIPE, stderr=subprocess.PIPE, stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True,
        # A shell's background job ignores Ctrl-C, and what it starts would too.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    time.sleep(3)  # until it waits for standard input
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=10)
    assert process.returncode == 130
    assert said == "interrupted\n"


def test_several_files_from_one_run(tmp_path: Path) -> None:
    done = shell(
        "params",
        "resnet50",
        "-o",
        "a.json",
        "-o",
        "b.md",
        "-o",
        "c.csv",
        "-o",
        "d.txt",
        cwd=tmp_path,
    )
    assert done.returncode == 0
    assert done.stdout == b""
    assert done.stderr.decode().splitlines() == [
        "wrote a.json",
        "wrote b.md",
        "wrote c.csv",
        "wrote d.txt",
    ]
    texts = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()}
    assert set(texts) == {"a.json", "b.md", "c.csv", "d.txt"}
    assert '"params": 25557032' in texts["a.json"]
    assert "| **TOTAL** |" in texts["b.md"]
    assert "25557032" in texts["c.csv"]
    assert "by stage; --by layer shows all" in texts["d.txt"]
    assert "\x1b" not in texts["d.txt"]


def test_a_file_is_replaced_whole_and_keeps_its_permissions(tmp_path: Path) -> None:
    target, link = tmp_path / "out.csv", tmp_path / "link.csv"
    target.write_text("old", encoding="utf-8")
    target.chmod(0o640)
    link.symlink_to(target)
    done = shell("params", "lenet5", "-o", str(link), "-q")
    assert (done.returncode, done.stderr) == (0, b"")
    assert link.is_symlink()
    assert "61706" in target.read_text(encoding="utf-8")
    assert target.stat().st_mode & 0o777 == 0o640
    assert len(list(tmp_path.iterdir())) == 2


def test_a_failed_run_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    target.write_text("old", encoding="utf-8")
    assert shell("params", "nonesuch", "-o", str(target)).returncode == 2
    assert target.read_text(encoding="utf-8") == "old"
    assert (
        shell("params", "lenet5", "-o", str(target), "-o", str(tmp_path / "x.docx")).returncode == 2
    )
    assert target.read_text(encoding="utf-8") == "old"


def test_a_dash_is_standard_output() -> None:
    done = shell("params", "lenet5", "-f", "json", "-o", "-")
    assert b'"params": 61706' in done.stdout
    assert done.stderr == b""


def test_an_error_cannot_act_on_the_terminal(tmp_path: Path) -> None:
    spec = tmp_path / "x.yaml"
    spec.write_text('input: [3]\nlayers: [{"li\\e[31mnear": 2}]\n', encoding="utf-8")
    done = shell("params", str(spec))
    assert done.returncode == 2
    assert ESCAPE not in done.stderr


def test_help_imports_only_click() -> None:
    loaded = {m for m in modules_after("--help") if m.startswith("archstat")}
    assert loaded == {"archstat", "archstat.cli", "archstat.cli.main", "archstat.cli.command"}
    assert not modules_after("--help") & {"yaml", "msgspec", "rich"}


@pytest.mark.parametrize("command", ["params", "flops", "memory", "shapes", "summary", "explain"])
def test_neither_torch_nor_numpy(command: str) -> None:
    assert not modules_after(command, "alexnet") & {"torch", "numpy", "fvcore"}


def test_json_does_not_import_the_table() -> None:
    loaded = modules_after("params", "alexnet", "-f", "json")
    assert not loaded & {"archstat.render.table", "archstat.render.csv", "rich", "csv"}


def test_completion_scripts_name_the_program() -> None:
    for name in ("bash", "zsh", "fish"):
        done = shell("completion", name)
        assert done.returncode == 0
        assert b"_ARCHSTAT_COMPLETE" in done.stdout
        assert b"archstat" in done.stdout


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("archstat par", ["params"]),
        ("archstat params alexnet_l", ["alexnet_lecture"]),
        ("archstat params --back", []),
        ("archstat memory --back", ["--backward"]),
        ("archstat explain alexnet conv1.max", ["conv1.max_pool1"]),
        ("archstat explain alexnet fc", ["fc6", "fc7", "fc8"]),
        ("archstat explain nonesuch fc", []),
        ("archstat params alexnet --by ", ["layer", "stage", "op"]),
        ("archstat params alexnet --add rec", ["receptive_field"]),
        ("archstat params alexnet --add macs,ju", ["macs,jump"]),
        ("archstat explain alexnet --against tor", ["torchinfo", "torchvision"]),
    ],
)
def test_completion(words: str, completed: list[str]) -> None:
    env = {
        "_ARCHSTAT_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(re.split(r" +", words)) - 1),
    }
    lines = shell(env=env).stdout.decode().split()
    assert [line.partition(",")[2] for line in lines] == completed
