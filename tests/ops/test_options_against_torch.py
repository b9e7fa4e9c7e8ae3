"""Random options against PyTorch: what one accepts the other accepts, with the same shape and the same MACs."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archstat.errors import SpecError
from archstat.ops.base import IO, Op, total
from archstat.ops.conv import Conv, ConvTranspose
from archstat.ops.pad import Pad
from archstat.ops.pool import AdaptiveAvgPool, AvgPool, MaxPool
from archstat.ops.reshape import Flatten, Permute
from archstat.tensor import Tensor

torch = pytest.importorskip("torch", reason="torch is not installed: pip install torch fvcore")
flop_counter = pytest.importorskip("torch.utils.flop_counter")
fake_tensor = pytest.importorskip("torch._subclasses.fake_tensor")
modules = pytest.importorskip("archstat.pytorch.modules")


@st.composite
def ops(draw: st.DrawFn) -> tuple[Op, Tensor]:
    """Draw an op and an image for it."""
    rank = draw(st.integers(1, 3))
    channels = draw(st.sampled_from([2, 4, 6]))
    batch = draw(st.integers(1, 2))
    x = Tensor((batch, channels, *(draw(st.integers(2, 11)) for _ in range(rank))))

    def axes(low: int, high: int) -> Any:
        one = st.integers(low, high)
        return draw(st.one_of(one, st.tuples(*[one] * rank)))

    conv = {"kernel": axes(1, 4), "stride": axes(1, 3), "padding": axes(0, 2)}
    more = {
        "dilation": axes(1, 2),
        "groups": draw(st.sampled_from([1, 2])),
        "bias": draw(st.booleans()),
    }
    pool = {**conv, "ceil_mode": draw(st.booleans())}
    word = draw(st.sampled_from(["conv", "transposed", "max", "avg", "adaptive", "pad"]))
    op: Op
    match word:
        case "conv":
            op = Conv(channels=draw(st.sampled_from([2, 3, 4])), **conv, **more)
        case "transposed":
            op = ConvTranspose(channels=4, output_padding=0, **conv, **more)
        case "max":
            op = MaxPool(dilation=axes(1, 2), **pool)
        case "avg":
            op = AvgPool(**pool)
        case "adaptive":
            op = AdaptiveAvgPool(size=axes(1, 6))
        case _:
            sides = tuple(draw(st.integers(-2, 3)) for _ in range(2 * rank))
            modes = st.sampled_from(["constant", "reflect", "replicate", "circular"])
            op = Pad(sides=sides, mode=draw(modes))
    return op, x


@given(ops())
@settings(max_examples=300)
def test_same_verdict(drawn: tuple[Op, Tensor]) -> None:
    op, x = drawn
    try:
        y = op.output(x)
    except SpecError as error:
        # PyTorch may copy a circular pad onto itself, and give what the memory held before.
        if "that loses" not in error.message and theirs(op, x) is not None:
            raise
        return
    given = theirs(op, x)
    assert given is not None
    shape, flops = given
    assert shape == y.shape
    assert flops == 2 * total(op.macs(IO((x,), y)))


@given(st.permutations([1, 2, 3]), st.integers(0, 2), st.integers(1, 2))
@settings(max_examples=60)
def test_flatten_copies_where_torch_copies(order: list[int], start: int, batch: int) -> None:
    x = Tensor((batch, 3, 1, 4))
    permute, flatten = Permute(dims=tuple(d - 1 for d in order)), Flatten(start_dim=start)
    view = permute.output(x)
    y = flatten.output(view)
    with fake_tensor.FakeTensorMode():
        theirs = torch.zeros(x.shape).permute(0, *order)
        flat = theirs.flatten(start + 1)
        same = flat.untyped_storage()._cdata == theirs.untyped_storage()._cdata
    assert tuple(flat.shape) == y.shape
    assert same == (flatten.storage(IO((view,), y)) == 0)


def theirs(op: Op, x: Tensor) -> tuple[tuple[int, ...], int] | None:
    """Return PyTorch's shape and FLOPs, or ``None`` where it refuses or gives nothing."""
    try:
        with torch.device("meta"), flop_counter.FlopCounterMode(display=False) as counter:
            y = modules.module(op, IO((x,), x))(torch.zeros(x.shape))
    except (RuntimeError, ValueError, SpecError):
        return None
    return (tuple(y.shape), counter.get_total_flops()) if y.numel() else None
