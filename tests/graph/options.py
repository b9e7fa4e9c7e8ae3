"""Random options of an op: any that its schema allows, and likely ones where few would fit what arrives."""

from collections.abc import Callable
from fractions import Fraction
from math import gcd, prod
from typing import Any

import msgspec
from hypothesis import strategies as st

from archstat.ops import options as kinds
from archstat.ops.base import Op
from archstat.tensor import Tensor

Draw = Callable[[st.SearchStrategy[Any]], Any]
Values = dict[str, Any]

DECIMALS = [Fraction(n) for n in ("0.5", "1", "0", "2", "-1", "0.1", "3", "-0.5")]


def any_options(draw: Draw, op: type[Op], rank: int) -> Values:
    """Draw each option from all that its kind takes, in small numbers; one that may stay away often does."""
    found = {}
    for field, kind in op.options().items():
        required = field in op.__struct_fields__[: _required(op)] or field == op.main
        if required or draw(st.booleans()):
            found[field] = draw(_of_kind(kind, rank))
    return found


def likely_options(draw: Draw, op: type[Op], inputs: tuple[Tensor, ...]) -> Values:
    """Draw options that most often fit what arrives."""
    x = inputs[0]
    found = any_options(draw, op, len(x.spatial))
    if op.word == "scaled_dot_product":
        return {**found, **_heads(draw, *inputs)}
    likely = LIKELY.get(op.word)
    return found if likely is None else {**found, **likely(draw, x)}


def _required(op: type[Op]) -> int:
    return len(op.__struct_fields__) - len(
        [d for d in op.__struct_defaults__ if d is not msgspec.NODEFAULT]
    )


def _of_kind(kind: kinds.Kind, rank: int) -> st.SearchStrategy[Any]:
    match kind:
        case kinds.Whole(minimum=low):
            return st.integers(-3 if low is None else low, 4)
        case kinds.Decimal(low=low, high=high):
            fits = [
                d for d in DECIMALS if (low is None or d >= low) and (high is None or d <= high)
            ]
            return st.sampled_from(fits)
        case kinds.Flag():
            return st.booleans()
        case kinds.Word(choices=choices):
            return st.sampled_from(choices)
        case kinds.Axes(minimum=low):
            return _per_axis(st.integers(low, low + 3), rank)
        case kinds.PaddingAxes():
            side = st.integers(0, 2)
            uneven = _tuples(_tuples(side, 2), max(rank, 1))
            return _per_axis(side, rank) | uneven | st.sampled_from(kind.words)
        case kinds.Wholes(minimum=low, shortest=few, longest=most, single=single):
            one = st.integers(-3 if low is None else low, 3)
            many = st.lists(one, min_size=few, max_size=min(most, 4)).map(tuple)
            return one | many if single else many
        case kinds.DecimalAxes():
            return _per_axis(st.sampled_from(list(SCALES)), rank)
        case kinds.DecimalOrWord(choices=choices):
            return st.sampled_from([*DECIMALS, *choices])
    raise TypeError(f"no strategy for options of kind {type(kind).__name__}")


SCALES = [Fraction(2), Fraction(1), Fraction(3), Fraction(1, 2), Fraction(3, 2), Fraction(2, 3)]


def _tuples(one: st.SearchStrategy[Any], n: int) -> st.SearchStrategy[Any]:
    return st.tuples(*[one] * n)


def _per_axis(one: st.SearchStrategy[Any], rank: int) -> st.SearchStrategy[Any]:
    return one | _tuples(one, max(rank, 1))


def _divisors(n: int) -> list[int]:
    return [d for d in range(1, n + 1) if n % d == 0]


def _dim(x: Tensor) -> st.SearchStrategy[int]:
    return st.integers(-len(x.sample), len(x.sample) - 1)


def _some_dims(draw: Draw, x: Tensor) -> Any:
    rank = len(x.sample)
    if rank == 1 or draw(st.booleans()):
        return draw(_dim(x))
    return tuple(draw(st.permutations(range(rank)))[: draw(st.integers(1, rank - 1))])


def _conv(draw: Draw, x: Tensor) -> Values:
    channels = draw(st.integers(1, 6))
    common = _divisors(gcd(channels, x.channels))
    groups = draw(st.sampled_from(common))
    if draw(st.integers(0, 3)) == 0:  # depthwise
        groups, channels = x.channels, x.channels * draw(st.integers(1, 2))
    return {"channels": channels, "groups": groups}


def _conv_transpose(draw: Draw, x: Tensor) -> Values:
    rank = max(len(x.spatial), 1)
    padding = _per_axis(st.integers(0, 1), rank) | st.just("same")
    return {
        **_conv(draw, x),
        "padding": draw(padding),
        "output_padding": draw(_per_axis(st.integers(0, 1), rank)),
    }


def _reshape(draw: Draw, x: Tensor) -> Values:
    """Deal the prime factors of the elements out to a few axes."""
    sizes = [1] * draw(st.integers(1, 4))
    left, factor = prod(x.sample), 2
    while left > 1:
        if left % factor:
            factor += 1
            continue
        sizes[draw(st.integers(0, len(sizes) - 1))] *= factor
        left //= factor
    if draw(st.booleans()):
        sizes[draw(st.integers(0, len(sizes) - 1))] = -1
    shape = tuple(sizes)
    return (
        {"shape": None, "tokens": shape}
        if draw(st.booleans())
        else {"shape": shape, "tokens": None}
    )


def _parameter(draw: Draw, x: Tensor) -> Values:
    shape = tuple(n if draw(st.booleans()) else 1 for n in x.sample)
    return {"shape": None, "tokens": shape} if x.is_sequence else {"shape": shape, "tokens": None}


def _buffer(draw: Draw, x: Tensor) -> Values:
    return {**_parameter(draw, x), "dtype": draw(st.sampled_from([None, "int64"]))}


def _flatten(draw: Draw, x: Tensor) -> Values:
    start = draw(st.integers(0, len(x.sample) - 1))
    end = draw(st.integers(start, len(x.sample) - 1))
    return {"start_dim": start, "end_dim": draw(st.sampled_from([-1, end, end - len(x.sample)]))}


def _slice(draw: Draw, x: Tensor) -> Values:
    dim = draw(_dim(x))
    n = x.sample[dim]
    start = draw(st.integers(0, n - 1))
    stop = draw(st.integers(start + 1, n))
    bounds = (start - draw(st.sampled_from([0, n])), stop)
    step = (draw(st.integers(1, 3)),) if draw(st.booleans()) else ()
    return {"bounds": bounds + step, "dim": dim}


def _select(draw: Draw, x: Tensor) -> Values:
    dim = draw(_dim(x))
    one = st.integers(-x.sample[dim], x.sample[dim] - 1)
    return {"index": draw(one | st.lists(one, min_size=1, max_size=4).map(tuple)), "dim": dim}


def _roll(draw: Draw, x: Tensor) -> Values:
    dims = _some_dims(draw, x)
    shift = st.integers(-3, 3)
    return {
        "dims": dims,
        "shifts": draw(shift if isinstance(dims, int) else _tuples(shift, len(dims))),
    }


def _squeeze(draw: Draw, x: Tensor) -> Values:
    ones = [d for d, n in enumerate(x.sample) if n == 1]
    if not ones:
        return {"dim": 0}
    return {"dim": draw(st.sampled_from(ones) | st.just(tuple(ones)))}


def _pad(draw: Draw, x: Tensor) -> Values:
    pairs = draw(st.integers(1, len(x.sample)))
    side = st.integers(-1, 2)
    uneven = _tuples(side, 2 * pairs) | _tuples(side, 2 * max(len(x.spatial), 1))
    return {"sides": draw(uneven | side if x.channels_first else uneven)}


def _pool(draw: Draw, x: Tensor) -> Values:
    return {
        "padding": draw(
            _per_axis(st.integers(0, 1), len(x.spatial)) | st.sampled_from(["same", "tf_same"])
        )
    }


def _interpolate(draw: Draw, x: Tensor) -> Values:
    rank = max(len(x.spatial), 1)
    sized = draw(st.booleans())
    own = {1: ("linear",), 2: ("bilinear", "bicubic"), 3: ("trilinear",)}.get(rank, ())
    mode = draw(st.sampled_from(("nearest", "nearest-exact", "area", *own)))
    return {
        "size": draw(_per_axis(st.integers(1, 6), rank)) if sized else None,
        "scale": None if sized else draw(_per_axis(st.sampled_from(SCALES), rank)),
        "mode": mode,
        "align_corners": mode in own and draw(st.booleans()),
    }


def _attention(draw: Draw, x: Tensor) -> Values:
    heads = draw(st.sampled_from(_divisors(x.channels)))
    groups = draw(st.sampled_from([None, *_divisors(heads)]))
    return {"heads": heads, "kv_heads": groups, "head_dim": draw(st.sampled_from([None, 1, 2, 3]))}


def _heads(draw: Draw, q: Tensor, k: Tensor, v: Tensor) -> Values:
    """Choose a width per head that divides queries and keys, in numbers that divide each other."""
    pairs = [(q.channels // d, k.channels // d) for d in _divisors(gcd(q.channels, k.channels))]
    fitting = [(h, kv) for h, kv in pairs if h % kv == v.channels % kv == 0] or [(1, 1)]
    heads, kv = draw(st.sampled_from(fitting))
    return {"heads": heads, "kv_heads": kv if kv != heads or draw(st.booleans()) else None}


def _one_of_divisors(option: str) -> Callable[[Draw, Tensor], Values]:
    return lambda draw, x: {option: draw(st.sampled_from(_divisors(x.channels)))}


def _one_dim(draw: Draw, x: Tensor) -> Values:
    return {"dim": draw(_dim(x) | st.none())}


LIKELY: dict[str, Callable[[Draw, Tensor], Values]] = {
    "conv": _conv,
    "conv_transpose": _conv_transpose,
    "max_pool": _pool,
    "avg_pool": _pool,
    "parameter": _parameter,
    "buffer": _buffer,
    "group_norm": _one_of_divisors("groups"),
    "channel_shuffle": _one_of_divisors("groups"),
    "prelu": lambda draw, x: {
        "num_parameters": draw(st.sampled_from([1, x.channels] if x.channels_first else [1]))
    },
    "softmax": _one_dim,
    "log_softmax": _one_dim,
    "glu": _one_dim,
    "normalize": _one_dim,
    "attention": _attention,
    "flatten": _flatten,
    "reshape": _reshape,
    "permute": lambda draw, x: {"dims": tuple(draw(st.permutations(range(len(x.sample)))))},
    "transpose": lambda draw, x: {"dims": (draw(_dim(x)), draw(_dim(x)))},
    "squeeze": _squeeze,
    "unsqueeze": lambda draw, x: {"dim": draw(st.integers(-len(x.shape), len(x.sample)))},
    "select": _select,
    "slice": _slice,
    "roll": _roll,
    "pad": _pad,
    "interpolate": _interpolate,
    "pixel_shuffle": lambda draw, x: {"factor": 2 if x.channels % 4 == 0 else 1},
    "pixel_unshuffle": lambda draw, x: {
        "factor": draw(st.sampled_from(_divisors(gcd(*x.shape[2:]) if len(x.shape) == 4 else 1)))
    },
    "mean": lambda draw, x: {"dim": _some_dims(draw, x)},
    "sum": lambda draw, x: {"dim": _some_dims(draw, x)},
    "amax": lambda draw, x: {"dim": _some_dims(draw, x)},
}
