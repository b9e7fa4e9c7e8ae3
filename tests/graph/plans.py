"""Random networks: layers over every op of the catalogue, each behind any of the layers before it."""

from collections.abc import Iterator
from typing import Any

import msgspec
from hypothesis import assume
from hypothesis import strategies as st

from archstat.errors import SpecError
from archstat.ops.base import Op
from archstat.ops.catalogue import CATALOGUE, FAMILIES
from archstat.ops.reshape import Transpose
from archstat.tensor import Tensor
from tests.graph.options import Draw, any_options, likely_options
from tests.graph.plan import Layer, Plan, Planned, Refused

LIKELIER = tuple(
    w for family in FAMILIES.values() for w in family for _ in range(1 if len(family) > 9 else 3)
)

KINDS = ("2-d", "2-d", "1-d", "3-d", "tokens", "tokens", "grid", "vector", "ids")
"""What arrives: an image, a sequence, a sequence of rows, a vector, or whole numbers."""

MOST_ELEMENTS = 2_000
LAYERS = (5, 1, 2, 3, 4, 6, 7, 8, 9, 10)

_size = st.integers(1, 6)
_channels = st.sampled_from([4, 2, 3, 6, 8, 1])


@st.composite
def plans(draw: Any) -> Plan:
    """Draw a network of small tensors; some layers are tried that archstat refuses."""
    dtype = draw(
        st.sampled_from(["float32", "float32", "float32", "float64", "float16", "bfloat16"])
    )
    planned = Planned(_arriving(draw, dtype), dtype)
    layers: list[Layer] = []
    refused: list[Refused] = []
    for _ in range(draw(st.sampled_from(LAYERS))):
        for made in _layers(draw, planned, layers):
            try:
                planned.add(made)
            except SpecError as error:
                if made.owner is None:
                    refused.append(Refused(made.op, made.inputs, error.message))
                continue
            if _too_large(planned):
                _take_back(planned)
                continue
            if not planned.builder.nodes[-1].params():
                made = msgspec.structs.replace(made, frozen=False)  # there is nothing to freeze
            layers.append(made)
    assume(layers)
    outputs = {len(layers)}
    if draw(st.integers(0, 4)) == 0:
        outputs.add(draw(st.integers(1, len(layers))))
    return Plan(
        planned.builder.nodes[0].output,
        dtype,
        tuple(layers),
        tuple(sorted(outputs)),
        tuple(refused),
    )


def _arriving(draw: Draw, dtype: str) -> Tensor:
    batch = draw(st.sampled_from([2, 1, 3]))
    kind = draw(st.sampled_from(KINDS))
    match kind:
        case "1-d" | "2-d" | "3-d":
            spatial = [draw(_size) for _ in range(int(kind[0]))]
            return Tensor((batch, draw(_channels), *spatial), dtype)
        case "tokens" | "grid":
            outer = [draw(_size) for _ in range(1 if kind == "tokens" else 2)]
            return Tensor((batch, *outer, draw(_channels)), dtype, len(outer) + 1)
        case "vector":
            return Tensor((batch, draw(_channels)), dtype, 1)
        case _:
            return Tensor((batch, draw(_size)), "int64", 1)


def _layers(draw: Draw, planned: Planned, layers: list[Layer]) -> Iterator[Layer]:
    wild = draw(st.integers(0, 6)) == 6
    # The latest layer is the likeliest input, so that networks grow deep.
    latest = len(planned.nodes) - 1
    at = draw(st.just(latest) | st.integers(0, latest))
    x = planned.output(at)
    op = CATALOGUE[draw(_words(None if wild else x))]
    frozen = draw(st.integers(0, 3)) == 3
    if not wild and op.shareable and draw(st.booleans()):
        owners = [
            n
            for n, layer in enumerate(layers, 1)
            if isinstance(layer.op, op) and planned.builder.nodes[planned.nodes[n]].params()
        ]
        if owners:
            owner = draw(st.sampled_from(owners))
            yield Layer(layers[owner - 1].op, (at,), layers[owner - 1].owner or owner, frozen)
            return
    inputs = (at,) if op.arity == 1 else _branches(draw, op, planned, at, wild)
    if not inputs:
        yield Layer(Transpose(dims=(-1, -2)), (at,))
        inputs = (at, len(planned.nodes) - 1)
    arriving = tuple(planned.output(i) for i in inputs)
    values = any_options(draw, op, len(x.spatial)) if wild else likely_options(draw, op, arriving)
    yield Layer(op(**values), inputs, None, frozen and bool(op.shareable))


def _words(x: Tensor | None) -> st.SearchStrategy[str]:
    """Draw a word; those of small families are likelier, for there are many activations."""
    return st.sampled_from([w for w in LIKELIER if x is None or _suits(w, x)])


def _suits(word: str, x: Tensor) -> bool:
    """Say whether an op has a chance behind this tensor."""
    image = x.channels_first and 3 <= len(x.shape) <= 5
    if not x.is_floating:
        return word in (
            "embedding",
            "parameter",
            "buffer",
            "reshape",
            "slice",
            "select",
            "unsqueeze",
        )
    match word:
        case "embedding":
            return False
        case "pixel_shuffle" | "pixel_unshuffle":
            return image and len(x.shape) == 4
        case "linear":
            return x.channels_last
        case "layer_norm" | "rms_norm" | "attention" | "scaled_dot_product":
            return x.channels_last and len(x.shape) > 2
        case "batch_norm" | "group_norm" | "channel_shuffle":
            return x.channels_first
        case "squeeze":
            return 1 in x.sample and len(x.sample) > 1
        case "glu":
            return any(n % 2 == 0 for n in x.sample)
        case "mean" | "sum" | "amax":
            return len(x.sample) > 1
        case "matmul":
            return len(x.shape) > 2
        case _:
            return image or word not in IMAGES


IMAGES = (
    "conv", "conv_transpose", "max_pool", "avg_pool", "adaptive_avg_pool", "adaptive_max_pool", "global_avg_pool",
    "global_max_pool", "instance_norm", "local_response_norm", "interpolate", "tokens",
)  # fmt: skip
"""Ops that need [C, *S]."""


def _branches(draw: Draw, op: type[Op], planned: Planned, at: int, wild: bool) -> tuple[int, ...]:
    """Draw what is joined with layer ``at``, which most joins take as its own partner, too."""
    count = len(op.roles) or (2 if op.word == "matmul" else draw(st.integers(2, 3)))
    everything = range(len(planned.nodes))
    if wild:
        return (at, *(draw(st.sampled_from(everything)) for _ in range(count - 1)))
    x = planned.output(at)
    fitting = [n for n in everything if _fits(op, x, planned.output(n))]
    if not fitting:
        return ()
    others = tuple(draw(st.sampled_from(fitting)) for _ in range(count - 1))
    if op.word not in ("scaled_dot_product", "add") and draw(st.booleans()):
        return (*others, at)
    return (at, *others)


def _fits(op: type[Op], x: Tensor, other: Tensor) -> bool:
    if op.word == "scaled_dot_product":
        return x.sample[:-1] == other.sample[:-1] and other.is_sequence
    if other.channels_first != x.channels_first and len(other.sample) > 1:
        return False
    if op.word == "matmul":
        return x.shape[-1:] == other.shape[-2:-1]
    if op.word == "concat":
        return other.sample[:-1] == x.sample[:-1] or other.sample[1:] == x.sample[1:]
    sizes = zip(x.shape, other.shape, strict=False)
    return len(x.shape) == len(other.shape) and all(a == b or 1 in (a, b) for a, b in sizes)


def _too_large(planned: Planned) -> bool:
    node = planned.builder.nodes[-1]
    weights = sum(_numel(shape) for shape in node.params().values())
    return node.output.numel > MOST_ELEMENTS or weights > 4 * MOST_ELEMENTS


def _numel(shape: tuple[int, ...]) -> int:
    return Tensor(shape).numel


def _take_back(planned: Planned) -> None:
    planned.nodes.pop()
    before = planned.nodes[-1]
    del planned.builder.nodes[before + 1 :]
