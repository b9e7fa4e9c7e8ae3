"""The entry point: the group of commands, and the boundary where every error becomes one message and an exit code.

Only click is imported here; a command's module is imported when the command is run.
"""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any, NoReturn

import click

from archstat import __version__
from archstat.cli.command import Option, columns, help_flag, nearest

COMMANDS: dict[str, dict[str, str]] = {
    "Numbers": {
        "summary": "one row per network: params, MACs, activations, memory, output",
        "params": "parameters, layer by layer",
        "flops": "multiply-accumulates or FLOPs, layer by layer",
        "memory": "activation memory, layer by layer, as the lecture counts it",
        "shapes": "every tensor's shape, in network order",
        "receptive-field": "what one unit sees of the input, layer by layer",
        "explain": "the arithmetic behind a layer's numbers, as on the board",
        "reproduce": "printed figures beside the computed ones",
        "verify": "every number held against PyTorch and fvcore",
        "compare": "what differs between networks, or since a revision, and what it costs",
        "check": "budgets: whether networks keep to their limits, for CI",
    },
    "Design": {
        "sweep": "every combination of some settings, one row each",
        "solve": "the largest width, batch or resolution that fits a limit",
    },
    "Specs": {
        "list": "the bundled networks",
        "new": "write a spec to start from",
        "graph": "a network as PyTorch code, or as a diagram",
        "lint": "check specs and say where they don't hold",
        "expand": "a spec with blocks, repeats, variables and extends written out",
        "schema": "the JSON Schema of the spec format, for editors",
    },
    "Shell": {
        "completion": "the script that completes commands, networks and layers",
    },
}

ABOUT = "What a neural network costs, exactly: parameters, MACs, FLOPs and memory."

EXAMPLES = """
archstat summary alexnet vgg16 resnet50     compare networks
archstat params vgg16                       where the parameters are
archstat memory vgg16 --backward            the lecture's memory table
archstat explain alexnet conv1              the arithmetic of a layer
archstat flops net.yaml -f json             exact numbers for a program
"""

AFTERWORD = (
    "SPEC is a path to a YAML spec, a bundled network, or - for standard input.",
    "archstat COMMAND -h says more; archstat --version says which.",
)

BUG = 70
INTERRUPTED = 130


class Program(click.Group):
    """The group. Commands are found by name in COMMANDS and imported when used."""

    verbose = False

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for section in COMMANDS.values() for name in section]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = import_module(f"archstat.cli.{cmd_name.replace('-', '_')}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if not name.startswith("-") and name not in self.list_commands(ctx):
            hint = nearest(name, self.list_commands(ctx)) or _meant_spec(name)
            raise Refused(f"no command '{name}'", hint or "archstat --help lists the commands", ctx)
        return super().resolve_command(ctx, args)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write lines that are short enough as they stand: breaking text is half of the time that --help takes."""
        lines = [ABOUT, "", "Examples:", *(f"  {line}" for line in EXAMPLES.strip().splitlines())]
        lines += ["", "Usage: archstat COMMAND ..."]
        for section, commands in COMMANDS.items():
            lines += ["", f"{section}:"]
            lines += [f"  {name:<15}  {about}" for name, about in commands.items()]
        formatter.write("\n".join([*lines, "", *AFTERWORD, ""]))

    def main(self, args: Sequence[str] | None = None, *more: Any, **extra: Any) -> NoReturn:
        """Run and exit: never returns, never shows a traceback unless a bug meets ``-v``."""
        self.verbose = False
        _prepare_streams()
        given = list(sys.argv[1:] if args is None else args) or ["--help"]
        extra["prog_name"] = "archstat"
        extra["terminal_width"] = min(columns() or 80, 100) - 2
        extra["standalone_mode"] = False
        try:
            code = super().main(given, **extra)
        except click.ClickException as error:
            _complain(_usage_message(error))
            code = 2
        except (click.Abort, KeyboardInterrupt):
            _complain("interrupted")
            code = INTERRUPTED
        except BrokenPipeError:
            code = _reader_left()
        sys.exit(code or 0)

    def invoke(self, ctx: click.Context) -> int:
        try:
            code = super().invoke(ctx)
            sys.stdout.flush()
        except (click.ClickException, click.exceptions.Exit):
            raise
        except BrokenPipeError:
            return _reader_left()
        except KeyboardInterrupt:
            _complain("interrupted")
            return INTERRUPTED
        except Exception as error:  # the boundary: what else gets here is a bug, and is said to be
            return _failed(error, verbose=self.verbose)
        return int(code or 0)


class Refused(click.UsageError):
    """A usage error with a hint of its own."""

    def __init__(self, message: str, hint: str, ctx: click.Context | None = None) -> None:
        super().__init__(message, ctx)
        self.hint = hint


def _failed(error: Exception, *, verbose: bool) -> int:
    """Say what went wrong and return the exit code."""
    from archstat.errors import ArchstatError

    if isinstance(error, ArchstatError):
        from archstat.cli.output import complain

        complain(error)
        return error.exit_code
    if isinstance(error, OSError) and error.filename is None and error.errno is not None:
        _complain(f"error: can't write the output: {error.strerror}")
        return 2
    what = " ".join(f"{type(error).__name__}: {error}".split())
    _complain(f"a bug in archstat {__version__}: {what[:300]}")
    if verbose:
        import traceback

        traceback.print_exception(error)
    else:
        _complain("  please report it, with the spec and what the same command prints with -v")
    return BUG


def _usage_message(error: click.ClickException) -> str:
    said = error.format_message().rstrip(".")
    message = f"error: {said[:1].lower()}{said[1:]}"
    ctx = getattr(error, "ctx", None)
    if isinstance(error, click.NoSuchOption):
        near = nearest(error.option_name, error.possibilities or ())
        message = f"error: no option '{error.option_name}'"
        return f"{message}\n  hint: {near or f'{ctx.command_path} --help' if ctx else 'archstat --help'}"
    if isinstance(error, Refused):
        return f"{message}\n  hint: {error.hint}"
    return f"{message}\n  hint: {ctx.command_path if ctx else 'archstat'} --help"


def _meant_spec(name: str) -> str | None:
    """Answer ``archstat vgg16``: a spec where a command should stand."""
    from pathlib import Path

    from archstat.spec import bundled

    if name in bundled() or Path(name).is_file():
        return f"'{name}' is a spec: archstat summary {name}"
    return None


def _prepare_streams() -> None:
    """Make sure that a character the terminal can't show is a '?', not an error, and that a closed stream is empty."""
    for name in ("stdin", "stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "r" if name == "stdin" else "w"))  # noqa: PTH123, SIM115  # stays open
        elif name != "stdin" and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def _complain(message: str) -> None:
    click.echo(message, file=sys.stderr)


def _reader_left() -> int:
    """Be quiet when ``| head`` has seen enough; nothing more can be written, not even at exit."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _show_version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        click.echo(f"archstat {__version__}", file=sys.stdout)
        ctx.exit()


program = Program(
    "archstat",
    add_help_option=False,
    params=[
        help_flag(),
        Option(
            ["--version"], is_flag=True, is_eager=True, expose_value=False, callback=_show_version
        ),
    ],
)


def run_and_leave() -> NoReturn:
    """Run the command line and leave: taking every object apart at the end would be a fifth of a run."""
    try:
        program.main()
    except SystemExit as done:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(done.code if isinstance(done.code, int) else BUG)


if __name__ == "__main__":
    run_and_leave()
