"""What a published figure is made of: its metric, its printed number, its expressions."""

from archstat.errors import ArchstatError, SpecError
from archstat.spec import expressions
from archstat.spec.model import METRICS, Figure
from archstat.spec.nodes import Mapping, Scalar, expect, printable
from archstat.spec.words import nearest
from archstat.units import parse as parse_quantity

_OTHER_METRICS = {
    "parameters": "params", "weight": "weights", "multiply_adds": "macs", "madds": "macs",
    "mult_adds": "macs", "multadds": "macs", "memory": "activation_bytes", "layers": "depth",
}  # fmt: skip


def known_metric(text: str) -> str:
    """Return a metric's name. Raises a SpecError, without a place, if there is none of that name."""
    if text not in METRICS:
        other = _OTHER_METRICS.get(text.lower())
        hint = f"did you mean '{other}'?" if other else nearest(text, METRICS)
        raise SpecError(f"no metric is called '{printable(text)}'", hint=hint)
    return text


def read_metric(key: Scalar) -> str:
    try:
        return known_metric(key.text)
    except SpecError as error:
        raise error.at(key.mark) from None


def read_text(entry: Mapping, key: str) -> Scalar | None:
    node = entry.get(key)
    return None if node is None else expect(node, Scalar, f"'{key}' is a text")


def quoted(node: Scalar) -> str:
    if "'" in node.text or "\\" in node.text or not node.text.isascii():
        raise node.error(f"'{printable(node.text)}' can't name a layer")
    return f"'{node.text}'"


def read_expression(node: Scalar) -> str:
    try:
        expressions.parse(node.text, strings=True)
    except SpecError as error:
        raise error.at(node.mark) from None
    return node.text


def check_suffix(figure: Figure, read_as: Scalar) -> None:
    """Refuse a suffix that the printed number can't be read with."""
    if not figure.suffix:
        raise read_as.error(f"'{printable(figure.printed)}' has no suffix to read as another")
    try:
        parse_quantity(figure.meant)
    except ArchstatError:
        raise read_as.error(
            f"'{printable(read_as.text)}' is not a suffix", hint="write Ki, MiB or the like"
        ) from None


def read_printed(node: Scalar, metric: str = "") -> str:
    """Check that the printed text is a number with a unit, or a shape (28x28x480); an output is a shape."""
    parts = node.text.split("x")
    shape = all(part.isascii() and part.isdigit() and len(part) <= 15 for part in parts)
    if shape and (len(parts) > 1 or metric == "output"):
        return node.text
    if metric == "output":
        raise node.error(
            f"'{printable(node.text)}' is not a shape", hint="write 28x28x480, or 1000"
        )
    try:
        parse_quantity(node.text)
    except ArchstatError as error:
        raise node.error(error.message, hint=error.hint) from None
    return node.text
