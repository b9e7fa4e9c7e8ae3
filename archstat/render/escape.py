"""Text from a spec on its way out: nothing in it may act."""

from collections.abc import Iterable

from archstat.tensor import Shape

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet run a cell."""

_MARKDOWN = str.maketrans(
    {c: f"\\{c}" for c in "\\`*_[]|~"} | {"<": "&lt;", ">": "&gt;", "&": "&amp;", "@": "&#64;"}
)


def clean(text: str) -> str:
    """Drop what doesn't print: control characters, direction overrides, lone surrogates.

    >>> clean("conv\\x1b[31m1\\u202e")
    'conv[31m1'
    """
    return text if text.isprintable() else "".join(c for c in text if c.isprintable())


def clean_lines(text: str) -> str:
    """Clean a message of several lines, keeping the lines."""
    return "\n".join(clean(line.replace("\t", " ")) for line in text.split("\n"))


def markdown(text: str) -> str:
    """Escape for a cell of a Markdown table; nobody is mentioned.

    >>> markdown("a|b <i> @team")
    'a\\\\|b &lt;i&gt; &#64;team'
    """
    return clean(text).translate(_MARKDOWN)


def cell(text: str) -> str:
    """Escape for CSV: a cell that a spreadsheet would run as a formula begins with an apostrophe.

    >>> cell("=1+1"), cell("conv1")
    ("'=1+1", 'conv1')
    """
    text = clean(text)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def shape(sizes: Shape | None) -> str:
    """Write a shape: ``64x224x224``; nothing for none."""
    return "" if sizes is None else "x".join(map(str, sizes)) or "1"


def shapes(many: Iterable[Shape]) -> str:
    """Write several shapes, equal neighbours together: ``2 of 64x56x56``."""
    written: list[tuple[str, int]] = []
    for one in map(shape, many):
        if written and written[-1][0] == one:
            written[-1] = (one, written[-1][1] + 1)
        else:
            written.append((one, 1))
    return ", ".join(one if n == 1 else f"{n} of {one}" for one, n in written)
