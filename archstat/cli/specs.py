"""What commands over specs share: the argument, loading several, one table for each."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from archstat.cli.options import Given

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from archstat.cli.output import Detail
    from archstat.report.arrange import Arrangement
    from archstat.report.grouping import Layout
    from archstat.report.kinds import Kind
    from archstat.report.report import Report
    from archstat.spec import Settings
    from archstat.spec.model import Spec

FAILED = 2
"""The exit code when a spec among several doesn't hold."""


class Reference(click.ParamType):  # type: ignore[type-arg]  # generic only in new clicks
    """A path, a bundled name or ``-``; completes names and files."""

    name = "spec"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> "list[CompletionItem]":
        from click.shell_completion import CompletionItem

        from archstat.spec import bundled

        names = [CompletionItem(name) for name in bundled() if name.startswith(incomplete)]
        return names or [CompletionItem(incomplete, type="file")]


def spec_arguments(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the argument SPEC..."""
    return click.argument("specs", nargs=-1, required=True, type=Reference(), metavar="SPEC...")(
        function
    )


def settings_of(given: Given) -> "Settings":
    """Return what the options change about a spec."""
    from archstat.spec.model import MAX_LAYERS, Settings, Transfer

    return Settings(
        variables=given.variables,
        input=given.input,
        batch=given.batch,
        dtype=given.dtype,
        max_layers=given.max_layers or MAX_LAYERS,
        transfer=Transfer(
            freeze=given.freeze, unfreeze=given.unfreeze, replace_head=given.replace_head
        ),
    )


def load_each(references: Sequence[str], given: Given) -> "tuple[list[Spec], bool]":
    """Load specs; report one that doesn't hold and go on. Return those that do, and whether all did."""
    from archstat.cli.output import complain
    from archstat.errors import ArchstatError
    from archstat.spec import load

    settings = settings_of(given)
    loaded = []
    for reference in references:
        try:
            loaded.append(load(reference, settings))
        except ArchstatError as error:
            complain(error)
    return loaded, len(loaded) == len(references)


def arrangement_of(given: Given, detail: "Detail", layout: "Layout" = "chw") -> "Arrangement":
    """Return how the options arrange a table's rows."""
    from archstat.report.arrange import Arrangement

    return Arrangement(
        by=given.by,
        depth=given.depth,
        sort=given.sort,
        top=given.top,
        detail=detail,
        layout=layout,
    )


def with_added(kind: "Kind", given: Given) -> "Kind":
    """Return the table with the columns of ``--add``. Raises a UsageError where rules alone have them."""
    if not given.add:
        return kind
    from archstat.cli.refusals import refuse_beside
    from archstat.report.added import beside

    if given.engine != "static":
        refuse_beside(f"--engine {given.engine}", {"--add": given.add})
    if kind.devices is not None and kind.devices.divide == "channels":
        refuse_beside("--split", {"--add": given.add})
    return beside(kind, given.add)


def print_tables(
    references: Sequence[str], given: Given, kind: "Kind", layout: "Layout" = "chw"
) -> int:
    """Print the table of each spec and return the exit code."""
    from archstat.cli.output import emit
    from archstat.report.tabulate import tabulate

    kind = with_added(kind, given)
    specs, whole = load_each(references, given)
    if given.engine != "static":
        from archstat.report.engines import measured

        kind = measured(kind, given.engine)

    def build(detail: "Detail") -> "list[Report]":
        arrangement = arrangement_of(given, detail, layout)
        settings = settings_of(given)
        return [tabulate(s, kind, arrangement, aux=given.aux, settings=settings) for s in specs]

    if specs:
        emit(given, build)
    return 0 if whole else FAILED


class Layer(click.ParamType):  # type: ignore[type-arg]  # generic only in new clicks
    """A layer of the spec named before it; completes paths."""

    name = "layer"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> "list[CompletionItem]":
        from click.shell_completion import CompletionItem

        return [CompletionItem(path) for path in layer_names(ctx, incomplete)]


def layer_names(ctx: click.Context, begun: str) -> list[str]:
    """Return the layers and stages that begin so, one level at a time, as a shell completes folders."""
    from archstat.errors import ArchstatError
    from archstat.spec import load

    # Behind an option that waits for its value, click leaves arguments unread.
    named = (ctx.params.get("spec"), *(ctx.params.get("specs") or ()), *ctx.args)
    try:
        nodes = load(next((n for n in named if n and not n.startswith("-")), "")).graph.nodes
    except ArchstatError:
        return []
    depth = begun.count(".") + 1
    paths = dict.fromkeys(".".join(node.path.split(".")[:depth]) for node in nodes)
    return [path for path in paths if path.startswith(begun)]
