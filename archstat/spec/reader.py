"""Bytes of a YAML file -> nodes with places. Iterates over the parser's events, so that nothing in a
stranger's file is resolved, constructed, aliased or nested without a limit.

PyYAML's own loaders segfault on deep nesting, take seconds on alias bombs, keep the last of two equal
keys, and read ``3:3`` as 183. Here a scalar stays text, and what the language has no use for is refused.
"""

import codecs
from collections.abc import Iterator

import yaml

from archstat.errors import SpecError
from archstat.spec.nodes import Mapping, Scalar, Sequence, SourceText, YamlNode, printable

DEEPEST = 48
"""Levels of nesting, the top mapping being the first."""

LARGEST_FILE = 2**20
"""Bytes in one spec file."""

# The C parser where PyYAML was built with it: ten times faster, the same events.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read(data: bytes, file: str, *, quoted: bool = True) -> YamlNode:
    """Parse one document. Raises a SpecError for anything but plain YAML in UTF-8.

    Messages show the line they are about if ``quoted``.
    """
    origin = SourceText(file, "", quoted=quoted)
    if len(data) > LARGEST_FILE:
        raise SpecError(f"the file is larger than {LARGEST_FILE:,} bytes", mark=origin.mark(0, 0))
    origin = SourceText(file, _decode(data, origin), quoted=quoted)
    try:
        return _document(origin, iter(yaml.parse(origin.text, Loader=_Loader)))
    except yaml.reader.ReaderError as error:
        raise _unreadable(origin, error) from None
    except yaml.MarkedYAMLError as error:
        from archstat.spec.malformed import malformed

        _look_before(origin, error)
        raise malformed(origin, error) from None


def _look_before(origin: SourceText, error: yaml.MarkedYAMLError) -> None:
    """Raise what is wrong before the place where the parser's own limit of nesting ended it.

    The parser looks ahead, and newer ones refuse what is nested in a thousand levels before they tell of the first.
    """
    if error.problem_mark is None or "nesting" not in (error.problem or ""):
        return
    try:
        _document(origin, iter(yaml.parse(origin.text[: error.problem_mark.index], Loader=_Loader)))
    except yaml.MarkedYAMLError:
        return


def _decode(data: bytes, origin: SourceText) -> str:
    try:
        return data.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        # The place is one in what was decoded, which begins behind a BOM.
        before = error.object[: error.start].decode()
        hint = "save it as UTF-8"
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            hint = "it looks like UTF-16; " + hint
        mark = origin.mark_behind(before)
        raise SpecError("the file is not UTF-8 text", hint=hint, mark=mark) from None


def _unreadable(origin: SourceText, error: yaml.reader.ReaderError) -> SpecError:
    """Say which character YAML forbids; the parser gives its place in bytes of UTF-8, or in characters."""
    code = ord(error.character) if isinstance(error.character, str) else int(error.character)
    at = max(0, origin.text.find(chr(code)))
    return SpecError(
        f"the file holds a control character (U+{code:04X})",
        mark=origin.mark_behind(origin.text[:at]),
    )


def _document(origin: SourceText, events: Iterator[yaml.Event]) -> YamlNode:
    root: YamlNode | None = None
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent) and root is not None:
            start = event.start_mark
            mark = origin.mark(start.line, start.column) if start else None
            raise SpecError("a spec is one YAML document, and here a second one begins", mark=mark)
        if isinstance(event, yaml.NodeEvent):
            root = _node(origin, events, event, 1)
    if root is None:
        raise SpecError("the file is empty", mark=origin.mark(0, 0))
    return root


def _node(
    origin: SourceText, events: Iterator[yaml.Event], event: yaml.Event, depth: int
) -> YamlNode:
    start = event.start_mark
    assert start is not None
    line, column = start.line, start.column
    if type(event) is yaml.ScalarEvent and event.anchor is None and event.tag is None:
        return Scalar(origin, line, column, event.value, event.style not in (None, ""))
    _refuse_extras(origin, event, line, column)
    if depth > DEEPEST:
        raise SpecError(f"nested deeper than {DEEPEST} levels", mark=origin.mark(line, column))
    if isinstance(event, yaml.SequenceStartEvent):
        items = []
        for inner in events:
            if type(inner) is yaml.SequenceEndEvent:
                break
            items.append(_node(origin, events, inner, depth + 1))
        return Sequence(origin, line, column, tuple(items))
    return Mapping(origin, line, column, tuple(_entries(origin, events, depth)))


def _refuse_extras(origin: SourceText, event: yaml.Event, line: int, column: int) -> None:
    """Refuse what YAML can do and the language has no use for: anchors, aliases, tags."""
    if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
        raise SpecError(
            "anchors and aliases are not part of the format",
            hint="name what repeats under 'blocks:', 'vars:' or 'defaults:'",
            mark=origin.mark(line, column),
        )
    tag = getattr(event, "tag", None)
    if tag is not None:
        raise SpecError(
            f"the tag '{printable(tag)}' is not part of the format",
            mark=origin.mark(line, column),
        )


def _entries(
    origin: SourceText, events: Iterator[yaml.Event], depth: int
) -> Iterator[tuple[Scalar, YamlNode]]:
    seen: dict[str, int] = {}
    for event in events:
        if type(event) is yaml.MappingEndEvent:
            return
        key = _node(origin, events, event, depth + 1)
        if not isinstance(key, Scalar):
            raise key.error("a key must be a single word, not a list or a mapping")
        if key.text == "<<":
            raise key.error(
                "merge keys are not part of the format", hint="use 'defaults:' or 'extends:'"
            )
        if key.text in seen:
            raise key.error(
                f"duplicate key '{printable(key.text)}' (first at line {seen[key.text]})"
            )
        seen[key.text] = key.line + 1
        yield key, _node(origin, events, next(events), depth + 1)
