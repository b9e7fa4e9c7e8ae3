"""Options that take one value, given twice."""

from importlib import import_module

import click
import pytest

from archstat.cli.command import Command, Option
from archstat.cli.main import COMMANDS
from tests.cli.run import run

NAMES = [name for section in COMMANDS.values() for name in section]


@pytest.mark.parametrize(
    ("args", "said", "hint"),
    [
        (
            ("solve", "resnet", "--vary", "width", "--vary", "depth"),
            "--vary is given twice",
            "leave out all but one",
        ),
        (
            ("sweep", "resnet", "--pareto", "+params", "--pareto=macs"),
            "--pareto is given twice",
            "one takes several: --pareto KEY,KEY",
        ),
        (
            ("explain", "lenet5", "--formula", "macs", "--formula", "macs"),
            "--formula is",
            "leave out all but one",
        ),
        (
            ("memory", "lenet5", "--gpus", "2", "--gpus", "4"),
            "--gpus is given twice",
            "leave out all but one",
        ),
        (
            ("params", "lenet5", "-n3", "--top", "4"),
            "--top is given twice",
            "leave out all but one",
        ),
        (
            ("params", "lenet5", *("-f", "csv") * 3),
            "--format is given 3 times",
            "leave out all but one",
        ),
        (
            ("params", "lenet5", "--sort", "name", "--sort", "name"),
            "--sort is given twice",
            "leave out all but one",
        ),
    ],
)
def test_a_second_value_is_refused(args: tuple[str, ...], said: str, hint: str) -> None:
    done = run(*args)
    assert done.exit_code == 2
    assert done.output == done.stderr
    assert said in done.stderr
    assert hint in done.stderr.partition("hint: ")[2]


@pytest.mark.parametrize("name", NAMES)
def test_every_command_refuses_them(name: str) -> None:
    command = import_module(f"archstat.cli.{name.replace('-', '_')}").command
    assert isinstance(command, Command)
    options = [param for param in command.params if isinstance(param, click.Option)]
    assert all(isinstance(option, Option) for option in options)
    for option in options:
        if not (option.is_flag or option.multiple):
            given = (option.opts[-1], "1") * 2
            said = run(name, *given).stderr
            assert f"{max(option.opts, key=len)} is given twice" in said, said


def test_flags_and_repeatable_options_are_given_twice() -> None:
    once = run("params", "lenet5", "--all", "--add", "macs,flops")
    twice = run("params", "lenet5", *("--all",) * 2, "--add", "macs", "--add", "flops")
    assert (once.exit_code, twice.exit_code) == (0, 0)
    assert once.output == twice.output
