"""The options that commands have in common, gathered into one value. Imports only click."""

from collections.abc import Callable, Mapping
from functools import update_wrapper
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from archstat.cli.command import nearest, option
from archstat.cli.globs import Globs

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from archstat.report.report import Grouping
    from archstat.units import System

NETWORK, TABLE, OUTPUT = "The network", "The table", "Output"
Function = Callable[..., Any]


class Given(NamedTuple):
    """What the common options say; a command that lacks one has its default."""

    variables: Mapping[str, str] = {}
    input: tuple[int, ...] | None = None
    batch: int = 1
    dtype: str = "float32"
    aux: bool = False
    max_layers: int | None = None
    freeze: tuple[str, ...] = ()
    unfreeze: tuple[str, ...] = ()
    replace_head: int | None = None
    by: "Grouping | None" = None
    depth: int | None = None
    sort: str | None = None
    top: int | None = None
    everything: bool = False
    strict: bool = False
    format: str | None = None
    outputs: tuple[str, ...] = ()
    color: str = "auto"
    plain: bool = False
    units: "System" = "si"
    quiet: bool = False
    engine: str = "static"
    add: tuple[str, ...] = ()


class Size(click.ParamType):  # type: ignore[type-arg]  # generic only in new clicks
    """One sample's shape: ``3x224x224``."""

    name = "shape"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        if isinstance(value, tuple):
            return value
        parts = value.replace("×", "x").split("x")
        if len(parts) > 8 or not all(p.isascii() and p.isdigit() and len(p) <= 8 for p in parts):
            self.fail(f"'{value}' is not a shape like 3x224x224", param, ctx)
        sizes = tuple(int(part) for part in parts)
        if not all(1 <= n <= 2**24 for n in sizes):
            self.fail(f"the sizes of '{value}' must be from 1 to {2**24:,}", param, ctx)
        return sizes


class Count(click.ParamType):  # type: ignore[type-arg]  # generic only in new clicks
    """A whole number from ``least`` up to a limit."""

    name = "count"

    def __init__(self, most: int, least: int = 1) -> None:
        self.most, self.least = most, least

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        if not (value.isascii() and value.isdigit() and self.least <= int(value[:12]) <= self.most):
            limits = f"from {self.least} to {self.most:,}"
            self.fail(f"'{value}' is not a whole number {limits}", param, ctx)
        return int(value)


class Keys(click.ParamType):  # type: ignore[type-arg]  # generic only in new clicks
    """Keys of columns: ``macs,receptive_field``; completes them."""

    name = "keys"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        keys = tuple(key.strip() for key in value.split(","))
        if not all(keys):
            self.fail(f"'{value}' is not KEY,KEY: one of them is empty", param, ctx)
        return keys

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> "list[CompletionItem]":
        from click.shell_completion import CompletionItem

        from archstat.report.columns import BY_KEY, READING_BY_KEY

        before, comma, begun = incomplete.rpartition(",")
        known = (key for key in (*BY_KEY, *READING_BY_KEY) if key.startswith(begun))
        return [CompletionItem(f"{before}{comma}{key}") for key in known]


class ElementType(click.ParamType):  # type: ignore[type-arg]  # generic only in new clicks
    """A PyTorch element type; looked up only when it is given."""

    name = "dtype"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from archstat.tensor import BYTES

        if value not in BYTES:
            hint = nearest(value, list(BYTES)) or f"one of {', '.join(BYTES)}"
            self.fail(f"no element type '{value}': {hint}", param, ctx)
        return str(value)


class Assignment(click.ParamType):  # type: ignore[type-arg]  # generic only in new clicks
    """A variable's value: ``classes=10``."""

    name = "assignment"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        name, equals, number = value.partition("=")
        if not equals or not name.strip() or not number.strip():
            self.fail(f"'{value}' is not NAME=VALUE", param, ctx)
        return name.strip(), number.strip()


def _verbose(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value:
        ctx.find_root().command.verbose = True  # type: ignore[attr-defined]  # ours: Program


_SET = (
    option("--set", "variables", type=Assignment(), multiple=True, metavar="NAME=VALUE", section=NETWORK,
           help="Change one of the spec's vars. Repeatable."),
)  # fmt: skip

_BUILD = (
    option("--input", type=Size(), metavar="3x224x224", section=NETWORK,
           help="Another input, without the batch."),
    option("--max-layers", type=Count(10**9), metavar="N", section=NETWORK,
           help="How many layers a spec may unfold to; 50,000 by default."),
)  # fmt: skip

_RUN = (
    option("--batch", type=Count(2**24), default=1, metavar="N", section=NETWORK,
           help="Samples at a time, 1 by default."),
    option("--dtype", type=ElementType(), default="float32", metavar="TYPE", section=NETWORK,
           help="Element type of weights and activations, float32 by default."),
    option("--aux", is_flag=True, section=NETWORK, help="Count the auxiliary heads too."),
)  # fmt: skip

_TRANSFER = (
    option("--freeze", type=Globs(), multiple=True, metavar="GLOB[,GLOB]", section=NETWORK,
           help="Don't train these: all, or layers and stages by name or glob. Repeatable."),
    option("--unfreeze", type=Globs(), multiple=True, metavar="GLOB[,GLOB]", section=NETWORK,
           help="But train these, of what --freeze or the spec freezes. Repeatable."),
    option("--replace-head", type=Count(2**24), metavar="N", section=NETWORK,
           help="A new last layer with N outputs, which is trained; in auxiliary heads too."),
)  # fmt: skip

_GROUPING = (
    option("--by", type=click.Choice(["layer", "stage", "op"]), section=TABLE,
           help="One row per layer, stage or op. By default layers, and stages when there are many."),
    option("--depth", type=Count(48), metavar="N", section=TABLE,
           help="One row per first N parts of the path."),
)  # fmt: skip

_ORDER = (
    option("--sort", metavar="KEY", section=TABLE,
           help="network (the default), name, or a column's key as JSON has it: params, macs, ..."),
    option("-n", "--top", type=Count(10**9), metavar="N", section=TABLE,
           help="The N largest rows; the rest in one row."),
    option("--strict", is_flag=True, section=TABLE, help="A layer whose cost is unknown is an error."),
    option("--all", "everything", is_flag=True, section=TABLE, help="Every layer, also where there is nothing."),
)  # fmt: skip

_COLUMNS = (
    option("--add", type=Keys(), multiple=True, metavar="KEY[,KEY]", section=TABLE,
           help="Further columns: receptive_field, macs, ..., by the keys that JSON has. Repeatable."),
)  # fmt: skip

_FORMAT = (
    option("-f", "--format", type=click.Choice(["table", "csv", "tsv", "json", "markdown"]), section=OUTPUT,
           help="table by default."),
)  # fmt: skip

_FILES = (
    option("-o", "--output", "outputs", multiple=True, metavar="FILE", section=OUTPUT,
           help="Write to a file; .txt .csv .tsv .json .md name the format. Repeatable."),
)  # fmt: skip

_FILE = (
    option("-o", "--output", "outputs", multiple=True, metavar="FILE", section=OUTPUT,
           help="Write to a file instead of standard output."),
)  # fmt: skip

_UNITS = (
    option("--units", type=click.Choice(["si", "iec"]), default="si", section=OUTPUT,
           help="Bytes in MB = 10^6 (si, the default) or MiB = 2^20 (iec)."),
)  # fmt: skip

_SCREEN = (
    option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", section=OUTPUT,
           help="auto (the default) is colour on a terminal, unless NO_COLOR is set."),
    option("--plain", is_flag=True, section=OUTPUT, help="Only ASCII, no rules, no colour."),
)  # fmt: skip

_ALWAYS = (
    option("-q", "--quiet", is_flag=True, section=OUTPUT, help="Nothing but errors on standard error."),
    option("-v", "--verbose", is_flag=True, expose_value=False, callback=_verbose, section=OUTPUT,
           help="Show a traceback when archstat itself fails."),
)  # fmt: skip

_ENGINE = (
    option("--engine", type=click.Choice(["static", "torch", "fvcore"]), default="static", section=TABLE,
           help="static (the default): archstat's rules; torch, fvcore: the PyTorch graph, measured."),
)  # fmt: skip

_GROUPS = {
    "spec": (*_SET, *_BUILD),
    "build": _BUILD,
    "run": _RUN,
    "transfer": _TRANSFER,
    "grouping": _GROUPING,
    "order": _ORDER,
    "columns": _COLUMNS,
    "format": (*_FORMAT, *_FILES, *_SCREEN),
    "screen": _SCREEN,
    "file": _FILE,
    "units": _UNITS,
    "engine": _ENGINE,
}


def common(*groups: str) -> Callable[[Function], Function]:
    """Add groups of options to a command, which gets them all as its first argument, a :class:`Given`.

    Groups: spec (what is built), build (the same without --set), run (batch, type), transfer (what is trained),
    grouping, order, columns, format (and files and the screen), screen, file, units, engine.
    """
    added = [*(one for group in groups for one in _GROUPS[group]), *_ALWAYS]

    def decorate(function: Function) -> Function:
        def gathered(**kwargs: Any) -> Any:
            held = {name: kwargs.pop(name) for name in Given._fields if name in kwargs}
            held["variables"] = dict(held.get("variables", ()))
            for name in ("freeze", "unfreeze", "add"):
                held[name] = tuple(one for several in held.get(name, ()) for one in several)
            return function(Given(**held), **kwargs)

        command: Function = update_wrapper(gathered, function)
        for add in reversed(added):
            command = add(command)
        return command

    return decorate
