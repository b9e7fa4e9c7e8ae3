"""``input:``: the tensor that arrives at the network."""

import re

from archstat.errors import SpecError, UsageError
from archstat.ops.options import LARGEST_DIM, Value, Whole, Word
from archstat.spec import expressions
from archstat.spec.model import Settings
from archstat.spec.nodes import Mapping, Scalar, Sequence, YamlNode, expect, kind_of, printable
from archstat.spec.words import nearest
from archstat.tensor import BYTES, Tensor

MOST_AXES = 4
_SIZE = Whole(1, LARGEST_DIM)
_KEYS = ("tokens", "shape", "dtype")
_ONE = (
    "a network has one input: give several of one shape an axis of their own, as [2, 3, 32, 32], "
    "and 'select' takes each"
)


def read_input(node: YamlNode, variables: dict[str, Value], settings: Settings) -> Tensor:
    """Return the input with its batch: ``[C, *S]``, or ``{tokens: [L, D], dtype: int64}``."""
    dtype, sizes, tokens = settings.dtype, node, False
    if isinstance(node, Mapping):
        for key, value in node.entries:
            if key.text not in _KEYS:
                hint = nearest(key.text, _KEYS) or (None if isinstance(value, Scalar) else _ONE)
                raise key.error(f"'input' has no '{printable(key.text)}'", hint=hint)
            if key.text == "dtype":
                dtype = _dtype(expect(value, Scalar, "'dtype' is a word"))
        listed = [node.get(word) for word in ("tokens", "shape") if node.get(word) is not None]
        if len(listed) != 1 or listed[0] is None:
            raise node.error("'input' needs 'tokens' or 'shape', one of them")
        sizes, tokens = listed[0], node.get("tokens") is not None
    shape = _shape(sizes, variables)
    if settings.input is not None:
        if len(settings.input) != len(shape):
            written = "x".join(map(str, settings.input[:8]))
            raise UsageError(
                f"--input {written} has {_axes(len(settings.input))}, the spec's input {len(shape)}"
            )
        shape = settings.input
    channel_dim = len(shape) if tokens or len(shape) == 1 else 1
    return Tensor((settings.batch, *shape), dtype, channel_dim)


def check_settings(settings: Settings) -> None:
    """Refuse a batch, a shape, a type or a limit that no network has."""
    if settings.dtype not in BYTES:
        known = [*BYTES]
        raise UsageError(
            f"--dtype: no type '{settings.dtype[:40]}'",
            hint=nearest(settings.dtype, known) or f"there are {', '.join(known)}",
        )
    sizes = [("--batch", settings.batch), *(("--input", n) for n in settings.input or ())]
    if settings.transfer.replace_head is not None:
        sizes.append(("--replace-head", settings.transfer.replace_head))
    for option, size in sizes:
        try:
            Whole(1).read(option, size)
        except SpecError as error:
            raise UsageError(error.message) from None
    for glob in (*settings.transfer.freeze, *settings.transfer.unfreeze):
        if not isinstance(glob, str):
            raise UsageError("--freeze and --unfreeze take the names of layers and stages, as text")
    if isinstance(settings.max_layers, bool) or not settings.max_layers > 0:
        raise UsageError("--max-layers must be a positive whole number")


def _shape(node: YamlNode, variables: dict[str, Value]) -> tuple[int, ...]:
    hint = None
    if isinstance(node, Scalar) and set(node.text) <= set("0123456789x×, "):
        sizes = re.findall("[0-9]+", node.text)
        hint = f"write [{', '.join(sizes)}]" if sizes else None
    if not isinstance(node, Sequence):
        raise node.error(
            f"'input' is a list of sizes, without the batch, not {kind_of(node)}", hint=hint
        )
    if not node.items:
        raise node.error("'input' is empty")
    if len(node.items) > MOST_AXES:
        raise node.error(
            f"'input' has {_axes(len(node.items))}, and {MOST_AXES} are the most",
            hint="leave out the batch",
        )
    return tuple(_size(item, variables) for item in node.items)


def _axes(count: int) -> str:
    return f"{count} {'axis' if count == 1 else 'axes'}"


def _size(node: YamlNode, variables: dict[str, Value]) -> int:
    if not isinstance(node, Scalar):
        raise node.error(f"a size is a whole number, not {kind_of(node)}")
    try:
        return _SIZE.read("a size", expressions.evaluate(node.text, variables))
    except SpecError as error:
        raise error.at(node.mark) from None


def _dtype(node: Scalar) -> str:
    try:
        return Word(tuple(BYTES)).read("dtype", node.text)
    except SpecError as error:
        raise error.at(node.mark) from None
