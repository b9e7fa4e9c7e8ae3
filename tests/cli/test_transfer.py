"""--freeze, --unfreeze and --replace-head on the command line."""

import json
from pathlib import Path

import pytest

from archstat.cli.main import COMMANDS
from tests.cli.run import run, shell

HEAD = ("--freeze", "all", "--replace-head", "102")
NET = """\
input: [3, 8, 8]
layers:
  stem: [{conv: 4, kernel: 3}]
  head: [flatten, linear: 10]
"""


@pytest.fixture
def net(tmp_path: Path) -> str:
    path = tmp_path / "net.yaml"
    path.write_text(NET)
    return str(path)


def totals(*args: str) -> dict[str, int]:
    done = run(*args, "-f", "json")
    assert done.exit_code == 0, done.stderr
    found: dict[str, int] = json.loads(done.stdout)["reports"][0]["totals"]
    return found


def test_every_command_that_measures_a_network_has_the_options() -> None:
    with_options = {
        name
        for section in COMMANDS.values()
        for name in section
        if all(option in run(name, "--help").output for option in ("--freeze", "--replace-head"))
    }
    assert with_options == {
        "summary", "params", "flops", "memory", "shapes", "explain", "verify", "compare", "check", "sweep", "solve",
        "graph", "expand",
    }  # fmt: skip


def test_the_frozen_vgg16() -> None:
    asked = ("vgg16", *HEAD, "--unfreeze", "conv5")
    found = totals("params", *asked)
    assert (found["params"], found["trainable_params"]) == (134_678_438, 7_497_318)
    text = run("params", *asked, "--by", "stage").output
    assert "float32, freeze all, unfreeze conv5, head of 102" in text
    assert "TOTAL                      134,678,438  7,497,318  100.0%" in text
    assert "published" not in text
    assert "134.7 M    7.497 M" in run("summary", *asked).output


def test_globs_may_stand_behind_commas_or_repeat() -> None:
    one = totals("params", "vgg16", "--freeze", "conv1, conv2,fc*")
    several = ("--freeze", "conv1", "--freeze", "conv2", "--freeze", "fc*")
    assert totals("params", "vgg16", *several) == one
    assert one["trainable_params"] == 14_714_688 - 1_792 - 36_928 - 73_856 - 147_584


def test_json_says_what_was_asked() -> None:
    settings = json.loads(run("params", "lenet5", *HEAD, "-f", "json").stdout)["reports"][0][
        "settings"
    ]
    assert (settings["freeze"], settings["unfreeze"], settings["replace_head"]) == (
        ["all"],
        [],
        102,
    )
    plain = json.loads(run("params", "lenet5", "-f", "json").stdout)["reports"][0]["settings"]
    assert "freeze" not in plain
    swept = run("sweep", "resnet", "--set", "depth=18", *HEAD, "-f", "json").stdout
    assert json.loads(swept)["settings"]["replace_head"] == 102


def test_other_commands_follow(net: str) -> None:
    assert totals("shapes", net, *HEAD) == {}
    assert "10 -> 102" not in run("explain", net, "head", *HEAD).output
    assert "144*102" in run("explain", net, "head", *HEAD).output
    assert "training leaves them as they are" in run("explain", net, "stem", *HEAD).output
    code = run("graph", net, "-f", "torch", *HEAD).output
    assert "self.stem.requires_grad_(False)" in code
    assert code.count("requires_grad_") == 1
    written = run("expand", net, *HEAD).output
    assert "linear: 102" in written
    assert written.endswith("freeze: [stem]\n")
    assert totals("flops", net, "--backward", *HEAD)["backward_macs"] == 144 * 102
    assert run("check", net, "--max", "trainable_params=14790", *HEAD).exit_code == 0
    assert run("check", net, "--max", "trainable_params=14789", *HEAD).exit_code == 1
    swept = run("sweep", "resnet", "--set", "depth=18,50", "--metric", "trainable_params", *HEAD)
    assert "52,326" in swept.output
    assert "208,998" in swept.output


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (("vgg16", "--freeze", "conv6"), "vgg16: --freeze: 'conv6' matches no layer\n  hint: did you mean 'conv5'?"),
        (("vgg16", "--freeze", "all,"), "vgg16: --freeze: '' matches no layer"),
        (("vgg16", "--freeze", "conv1.max_pool1"), "'conv1.max_pool1' matches no layer with weights\n  hint:"),
        (("vgg16", "--unfreeze", "fc8"), "vgg16: --unfreeze: nothing is frozen"),
        (("vgg16", "--freeze", "\x1b[31m"), "'·[31m' matches no layer"),
        (("vgg16", "--replace-head", "0"), "'0' is not a whole number from 1 to 16,777,216"),
        (("vgg16", "--replace-head", "-1"), "'-1' is not a whole number"),
        (("gpt2_small", "--replace-head", "2"), "gpt2_small: --replace-head: 'head.linear1' shares its weights"),
    ],
)  # fmt: skip
def test_what_can_not_be_is_one_line_and_exit_code_2(asked: tuple[str, ...], message: str) -> None:
    done = run("params", *asked)
    assert done.exit_code == 2
    assert message in done.stderr
    assert done.stderr.count("\n") <= 2
    assert done.stdout == ""


def test_a_spec_that_can_not_follow_hides_no_other() -> None:
    done = run("summary", "resnet18", "inception_naive", "--replace-head", "10")
    assert done.exit_code == 2
    assert "resnet18" in done.stdout
    assert "inception_naive: --replace-head: 'concat1' joins several layers" in done.stderr


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("archstat params vgg16 --freeze fc", ["fc6", "fc7", "fc8"]),
        ("archstat graph lenet5 --unfreeze conv1,li", ["conv1,linear1", "conv1,linear2", "conv1,linear3"]),
        ("archstat summary resnet50 vgg16 --freeze stem.c", ["stem.conv1"]),
        ("archstat params - --freeze co", []),
        ("archstat params --freeze co", []),
    ],
)  # fmt: skip
def test_globs_are_completed(words: str, completed: list[str]) -> None:
    env = {
        "_ARCHSTAT_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(words.count(" ")),
    }
    lines = shell(env=env).stdout.decode().split()
    assert [line.partition(",")[2] for line in lines] == completed
