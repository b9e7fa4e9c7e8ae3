"""GitHub's workflow commands: ``::error file=net.yaml,line=3,col=9,title=...::message``."""

from collections.abc import Callable

from archstat.errors import Mark
from archstat.render.escape import clean, clean_lines

LONGEST = 4_000
"""Characters of a message; GitHub cuts off what is much longer."""

_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})


def annotation(
    kind: str, message: str, mark: Mark, *, title: str, locate: Callable[[str], str] = str
) -> str:
    """Write one annotation: ``kind`` is error, warning or notice, ``locate`` gives a file's path in the repository.

    >>> print(annotation("error", "100% over\\nby 3", Mark("a,b.yaml", 3, 9), title="net: macs"))
    ::error file=a%2Cb.yaml,line=3,col=9,title=net%3A macs::100%25 over%0Aby 3
    """
    properties = {
        "file": locate(mark.file),
        "line": str(mark.line),
        "col": str(mark.column),
        "title": title[:200],
    }
    written = ",".join(f"{key}={escape_property(value)}" for key, value in properties.items())
    return f"::{kind} {written}::{escape_data(message[:LONGEST])}"


def escape_data(text: str) -> str:
    """Escape a message: nothing in it begins another command."""
    return clean_lines(text).translate(_DATA)


def escape_property(text: str) -> str:
    """Escape a property's value, which a comma or a colon would end."""
    return clean(text).translate(_PROPERTY)
