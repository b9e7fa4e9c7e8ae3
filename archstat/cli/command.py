"""How commands and options look in help: what it does, examples, then options by section. Imports only click."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


class Option(click.Option):
    """An option that stands in a section of the help, and is given once unless it is a flag or ``multiple``."""

    def __init__(self, *args: Any, section: str = "Options", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.section = section

    @property
    def once(self) -> bool:
        """Whether it has one value: of two, Click would take the last without a word."""
        return not (self.is_flag or self.multiple or self.count)

    def add_to_parser(self, parser: Any, ctx: click.Context) -> None:
        """Have the parser keep every value of an option that may have one."""
        if self.once:
            parser.add_option(self, self.opts, self.name, action="append", nargs=self.nargs)
        else:
            super().add_to_parser(parser, ctx)

    def handle_parse_result(
        self, ctx: click.Context, opts: Mapping[str, Any], args: list[str]
    ) -> tuple[Any, list[str]]:
        """Take the one value. Raises a UsageError where there are more."""
        values = opts.get(self.name or "") if self.once else None
        if values:
            if len(values) > 1 and not ctx.resilient_parsing:
                self._refuse(len(values))
            opts = {**opts, self.name or "": values[-1]}
        return super().handle_parse_result(ctx, opts, args)

    def _refuse(self, count: int) -> NoReturn:
        from archstat.errors import UsageError

        name = max(self.opts, key=len)
        times = "twice" if count == 2 else f"{count:,} times"
        listed = "," in (self.metavar or "")
        hint = f"one takes several: {name} {self.metavar}" if listed else "leave out all but one"
        raise UsageError(f"{name} is given {times}", hint=hint)


class Command(click.Command):
    """A command whose help begins with what it does and examples."""

    def __init__(self, *args: Any, examples: str = "", **kwargs: Any) -> None:
        kwargs["add_help_option"] = False
        super().__init__(*args, **kwargs)
        self.params.append(help_flag())
        self.examples = examples

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse, with short options written out.

        Click tries ``-f`` as a long option first, and words a refusal that nobody reads: 3 ms of every run.
        """
        long = {
            opt: next((name for name in param.opts if name.startswith("--")), opt)
            for param in self.params
            for opt in param.opts
            if len(opt) == 2
        }
        end = args.index("--") if "--" in args else len(args)
        return super().parse_args(ctx, [long.get(arg, arg) for arg in args[:end]] + args[end:])

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        write_text(formatter, self.help or "")
        write_examples(formatter, self.examples)
        formatter.write_paragraph()
        self.format_usage(ctx, formatter)
        self.format_options(ctx, formatter)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        sections: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx) if isinstance(param, click.Option) else None
            if record is not None:
                sections.setdefault(getattr(param, "section", "Options"), []).append(record)
        for name in sorted(sections, key=_ORDER.index):
            with formatter.section(name):
                formatter.write_dl(sections[name], col_max=28)


def help_flag() -> Option:
    """Return -h and --help. Click's own looks for translations, which takes a millisecond of every run."""

    def show(ctx: click.Context, param: click.Parameter, value: bool) -> None:
        if value and not ctx.resilient_parsing:
            click.echo(ctx.get_help(), file=sys.stdout)
            ctx.exit()

    return Option(
        ["-h", "--help"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=show,
        help="Show this message.",
    )


def write_text(formatter: click.HelpFormatter, text: str) -> None:
    """Write the text of a docstring, its paragraphs wrapped."""
    for i, paragraph in enumerate(text.strip().split("\n\n")):
        if i:
            formatter.write_paragraph()
        formatter.write_text(" ".join(paragraph.split()))


def write_examples(formatter: click.HelpFormatter, examples: str) -> None:
    """Write example lines as they are."""
    if examples:
        with formatter.section("Examples"):
            for line in examples.strip().splitlines():
                formatter.write(f"{'':>{formatter.current_indent}}{line.strip()}\n")


def option(*names: str, section: str = "Options", **kwargs: Any) -> Callable[[F], F]:
    """Add an option to a command, in a section of its help."""
    return click.option(*names, cls=Option, section=section, **kwargs)


def columns() -> int | None:
    """Return the width of the terminal that standard output is, ``None`` if it is none; COLUMNS overrides it."""
    if not sys.stdout.isatty():
        return None
    asked = os.environ.get("COLUMNS", "")
    if asked.isascii() and asked.isdigit() and int(asked[:6]) > 0:
        return int(asked[:6])
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or None
    except (OSError, ValueError):
        return None


def nearest(word: str, known: Sequence[str]) -> str | None:
    """Return a hint with the known words that ``word`` begins, else those most like it.

    >>> nearest("--fromat", ["--format", "--top"]), nearest("--foo", ["--color", "--top"])
    ("did you mean '--format'?", None)
    """
    from difflib import get_close_matches

    begun = [name for name in known if len(word.lstrip("-")) > 1 and name.startswith(word)]
    close = begun[:3] or get_close_matches(word, known, 3, 0.7)
    return f"did you mean {' or '.join(repr(name) for name in close)}?" if close else None


_ORDER = ("Options", "Against", "Limits", "The network", "The table", "Output")
