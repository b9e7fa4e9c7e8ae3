"""Fields side by side, drawn by Rich: a header, rows, and a total between rules.

The fields fit before Rich sees them, so it never wraps a cell or cuts a number.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from archstat.render.ink import width
from archstat.render.layout import Field
from archstat.render.style import Style

GAP = "  "

_RULED = "    \n    \n ── \n    \n    \n ── \n    \n    \n"
_ASCII = _RULED.replace("─", "-")
_WIDEST = 10_000


def draw(
    chosen: Sequence[Field], style: Style, bar: Sequence[str] = (), inks: Sequence[str] = ()
) -> Iterator[str]:
    """Yield the lines of a table; ``bar`` stands behind each row, ``inks`` colour the sign that a row begins with."""
    from rich.box import Box
    from rich.table import Table

    plain = style.plain
    table = Table(
        box=None if plain else Box(_RULED if style.unicode else _ASCII, ascii=not style.unicode),
        show_edge=False,
        pad_edge=False,
        padding=(0, len(GAP) if plain else len(GAP) - 1, 0, 0),
        show_footer=any(field.footer for field in chosen),
        header_style="bold",
        footer_style="bold",
        border_style="dim",
    )
    columns = [_aligned(field) for field in chosen]
    for field, (title, footer, *_) in zip(chosen, columns, strict=True):
        table.add_column(title, footer, no_wrap=True, min_width=field_width(field))
    if bar:
        table.add_column("", style="cyan", no_wrap=True)
    for i, texts in enumerate(zip(*(column[2:] for column in columns), strict=True)):
        cells: list[Any] = [_path(texts[0], inks[i] if inks else ""), *texts[1:]]
        table.add_row(*cells, *([bar[i]] if bar else ()))
    yield from _printed(table, style).splitlines()


def _aligned(field: Field) -> list[str]:
    """Return the title, the footer and the cells, pushed to the right where the field is aligned so.

    Rich would drop the blanks at the end of a cell.
    """
    texts = [field.title, field.footer, *field.cells]
    wide = field_width(field)
    return [f"{'':{wide - width(text)}}{text}" for text in texts] if field.right else texts


def field_width(field: Field) -> int:
    """Return how many terminal cells the widest text of a field takes."""
    return max(map(width, (field.title, field.footer, *field.cells)))


def line_width(chosen: Sequence[Field]) -> int:
    """Return how many terminal cells a line of these fields takes."""
    return sum(map(field_width, chosen)) + len(GAP) * (len(chosen) - 1)


def _path(path: str, ink: str) -> Any:
    """Dim what stands around a layer, so that its own name is read first; ``ink`` is that of a sign before it."""
    from rich.text import Text

    sign, at = bool(ink), path.rfind(".") + 1
    if not at and not sign:
        return path
    return Text.assemble((path[:sign], ink), (path[sign:at], "dim"), path[max(sign, at) :])


def _printed(table: Any, style: Style) -> str:
    import io

    from rich.console import Console

    # Every setting is ours: nothing of the environment may change a table, and markup in a name is a name.
    console = Console(
        file=io.StringIO(),
        width=_WIDEST,
        height=100,
        color_system="standard" if style.color else None,
        force_terminal=True,
        legacy_windows=False,
        highlight=False,
        markup=False,
        emoji=False,
        _environ={},
    )
    with console.capture() as capture:
        console.print(table, no_wrap=True, crop=False)
    return capture.get()
