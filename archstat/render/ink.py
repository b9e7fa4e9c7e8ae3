"""Terminal colours and the width of text: the little that tables need of both."""

_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


def ink(text: str, style: str, *, color: bool) -> str:
    """Wrap ``text`` in one of the terminal's own styles; no style, or no text, leaves it as it is.

    >>> ink("TOTAL", "bold", color=True)
    '\\x1b[1mTOTAL\\x1b[0m'
    """
    return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if color and text and style else text


def width(text: str) -> int:
    """Return how many terminal cells ``text`` takes: two for wide characters, none for combining ones.

    >>> width("conv1"), width("畳み込み"), width("e\\u0301")
    (5, 8, 1)
    """
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def pad(text: str, to: int, *, right: bool = False) -> str:
    """Fill ``text`` with spaces to ``to`` cells; ``right`` aligns it to the right."""
    space = " " * (to - width(text))
    return space + text if right else text + space
