"""What to do about text that is not YAML: the parser's words for it help nobody who doesn't know its grammar."""

import re

import yaml

from archstat.errors import Mark, SpecError
from archstat.spec.nodes import SourceText, printable

_OPTIONS = re.compile(r"\s*(?:- +)*(?P<all>[\w-]+: *[^,:]+,.*:.*?)\s*(?:#.*)?\Z")
_NESTED = re.compile(
    r"(?P<before>\s*(?:- +)*)(?P<name>[\w/+-]+): +(?P<rest>[\w/+-]+:.*?)\s*(?:#.*)?\Z"
)
_OPENERS = {"sequence": ("[", "]"), "mapping": ("{", "}")}


def malformed(origin: SourceText, error: yaml.MarkedYAMLError) -> SpecError:
    """Return the error for text that the parser refuses, with its place and what is probably meant."""
    at, began = (_mark(origin, mark) for mark in (error.problem_mark, error.context_mark))
    problem = str(error.problem or "it can't be parsed")
    context = str(error.context or "")
    place = at or began or origin.mark(0, 0)
    if began is not None and not place.text.strip():
        place = began  # the parser noticed at the end of the file
    message, hint = printable(problem, 120), None
    if "\t" in place.text[: place.column]:
        hint = "indent with spaces, not tabs"
    elif "mapping values are not allowed" in problem:
        message, hint = "a second ':' in one entry", _second_colon(place.text)
    elif "could not find expected ':'" in problem:
        place = began or place
        message = "a '- ' or a ':' is missing"
        hint = "a layer in a list begins with '- ', and a name ends with ':'"
    elif "while scanning a quoted scalar" in context:
        place = began or place
        message, hint = "the quote is not closed", "write it once more where the text ends"
    elif "while parsing a flow node" in context and not _character(place):
        message, hint = "the file ends inside brackets", "close the '[' or '{' that is open"
    elif "while parsing a flow node" in context:
        message = f"a value can't begin with '{_character(place)}'"
    elif "while parsing a flow" in context:
        message, hint, place = _unclosed(context, place, began)
    elif "cannot start any token" in problem:
        message = f"a value can't begin with '{_character(place)}'"
        hint = "put the text in quotes"
    elif "while parsing a block" in context:
        message, hint = _block(context, place, began)
    return SpecError(f"not valid YAML: {message}", hint=hint, mark=place)


def _mark(origin: SourceText, mark: yaml.Mark | None) -> Mark | None:
    return None if mark is None else origin.mark(mark.line, mark.column)


def _character(place: Mark) -> str:
    return printable(place.text[place.column - 1 : place.column])


def _second_colon(line: str) -> str:
    """Return what is meant by ``- conv: 64, kernel: 3`` or ``conv1: conv: 64``."""
    options = _OPTIONS.match(line)
    if options is not None:
        return f"several options stand in braces: {{{printable(options['all'])}}}"
    nested = _NESTED.match(line)
    if nested is None:
        return "is a ':' missing at the end of the line above, or are quotes around a text?"
    name, rest = nested["name"], printable(nested["rest"])
    if "-" in nested["before"]:
        return f"a mapping inside an entry stands in braces: {name}: {{{rest}}}"
    if not nested["before"]:
        return f"put the text in quotes: {name}: '{rest}'"
    return f"a body is a list: {name}: [{rest}]"


def _unclosed(context: str, place: Mark, began: Mark | None) -> tuple[str, str | None, Mark]:
    """Say which bracket is open; show it where it stands, unless another one stands where it should close."""
    opener, closer = next(pair for kind, pair in _OPENERS.items() if kind in context)
    if began is None or (place.line == began.line and place is not began):
        hint = f"is a ',' missing, or a '{closer}' before it?"
        return f"the '{opener}' is not closed", hint, place
    return f"the '{opener}' is not closed", f"write '{closer}' where it ends", began


def _block(context: str, place: Mark, began: Mark | None) -> tuple[str, str | None]:
    """Say what is wrong with a line of a list or of a mapping."""
    here = _character(place)
    if here and here in "]}":
        return f"there is a '{here}' too many", None
    line = place.text
    if line[: place.column - 1].strip():
        inside = "to go on inside a list, close it later" if "]" in line else None
        return f"'{here}' can't stand here", inside
    since = f" that began at line {began.line}" if began is not None else ""
    if "collection" in context:
        hint = "is a '- ' missing before it, or does it stand too far to the right?"
        return f"the list{since} goes on without '- '", hint
    hint = "indent it as far as its neighbours"
    if line.lstrip().startswith("- "):
        hint = "a body is a list or named stages, not both: indent it as far as its neighbours"
    return f"the mapping{since} goes on without a name", hint
