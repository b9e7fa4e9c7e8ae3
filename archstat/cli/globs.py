"""Names and globs of layers on the command line. Imports only click."""

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class Globs(click.ParamType):  # type: ignore[type-arg]  # generic only in new clicks
    """Layers and stages by name or glob: ``conv1,*.norm``; completes those of the first spec."""

    name = "globs"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        return tuple(glob.strip() for glob in value.split(","))

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> "list[CompletionItem]":
        from click.shell_completion import CompletionItem

        from archstat.cli.specs import layer_names

        before, comma, begun = incomplete.rpartition(",")
        return [CompletionItem(f"{before}{comma}{path}") for path in layer_names(ctx, begun)]
