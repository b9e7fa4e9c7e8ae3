"""How PyTorch spells each op: word -> what to build from the op and its tensors.

A module where the op has params or buffers, else a function of the inputs. ``t`` is torch, which this file can't
import: it is only at hand where torch is installed.
"""

from collections.abc import Callable
from typing import Any

from archstat.ops.base import IO
from archstat.ops.options import per_axis

Build = Callable[[Any, Any, IO], Any]
RANKED = (
    "conv",
    "conv_transpose",
    "max_pool",
    "avg_pool",
    "adaptive_avg_pool",
    "adaptive_max_pool",
)


def rank(io: IO) -> int:
    return len(io.x.spatial)


def number(value: Any) -> Any:
    """Give PyTorch a float where the op holds a fraction."""
    return float(value)


def dims(op: Any, io: IO, value: Any = None) -> Any:
    """Count a dimension, or several, with the batch."""
    given = op.dim if value is None else value
    if given is None:
        return io.x.channel_dim
    if isinstance(given, tuple):
        return tuple(dims(op, io, d) for d in given)
    return given + 1 if given >= 0 else given


def conv(t: Any, op: Any, io: IO) -> Any:
    extra = {"output_padding": op.output_padding} if op.word == "conv_transpose" else {}
    kind = "ConvTranspose" if extra else "Conv"
    padding = (
        op._axes(io.x)[2] if extra else op.window(io.x).padding
    )  # both sides alike: checked by the cases' output
    return getattr(t.nn, f"{kind}{rank(io)}d")(
        io.x.channels,
        op.channels,
        op.kernel,
        op.stride,
        padding,
        dilation=op.dilation,
        groups=op.groups,
        bias=op.bias,
        **extra,
    )


def pool(t: Any, op: Any, io: IO) -> Any:
    function = getattr(t.nn.functional, f"{op.word}{rank(io)}d")
    more = (
        {"dilation": op.dilation}
        if op.word == "max_pool"
        else {"count_include_pad": op.count_include_pad}
    )
    window = op.window(io.x)
    return lambda x: function(
        x, window.kernel, window.stride, window.padding, ceil_mode=op.ceil_mode, **more
    )


def adaptive(t: Any, op: Any, io: IO) -> Any:
    function = getattr(t.nn.functional, f"{op.word}{rank(io)}d")
    size = per_axis("size", op.size, rank(io))
    return lambda x: function(x, size if len(size) > 1 else size[0])


def global_pool(t: Any, op: Any, io: IO) -> Any:
    function = getattr(t.nn.functional, f"adaptive_{op.word[7:]}{rank(io)}d")
    return lambda x: function(x, 1)


def running_norm(t: Any, op: Any, io: IO) -> Any:
    kind = "BatchNorm" if op.word == "batch_norm" else "InstanceNorm"
    return getattr(t.nn, f"{kind}{max(rank(io), 1)}d")(
        io.x.channels,
        eps=number(op.eps),
        momentum=number(op.momentum),
        affine=op.affine,
        track_running_stats=op.track_running_stats,
    )


def parameter(t: Any, op: Any, io: IO) -> Any:
    class Parameter(t.nn.Module):  # type: ignore[misc]  # torch is Any here
        def __init__(self) -> None:
            super().__init__()
            self.weight = t.nn.Parameter(t.zeros(op.shape or op.tokens))

        def forward(self, x: Any) -> Any:
            return self.weight[None]

    return Parameter()


def attention(t: Any, op: Any, io: IO) -> Any:
    """The module where it can do it, else its arithmetic under the same names.

    Of several samples the module returns a transposed view, as an accident of its inside: no rule copies that.
    """
    if op.kv_heads is None and op.head_dim is None and io.x.batch == 1 and len(io.x.shape) == 3:
        mha = t.nn.MultiheadAttention(io.x.channels, op.heads, bias=op.bias, batch_first=True)
        mask = t.ones(io.x.shape[1], io.x.shape[1], dtype=t.bool).triu(1) if op.causal else None
        return _Wrapped(
            mha,
            lambda x: mha(x, x, x, need_weights=False, attn_mask=mask, is_causal=op.causal)[0],
        )
    d, kv = op.head_dim or io.x.channels // op.heads, op.kv_heads or op.heads
    split = [op.heads * d, kv * d, kv * d]

    class Attention(t.nn.Module):  # type: ignore[misc]  # torch is Any here
        def __init__(self) -> None:
            super().__init__()
            c = io.x.channels
            self.in_proj_weight = t.nn.Parameter(t.zeros(sum(split), c))
            self.in_proj_bias = t.nn.Parameter(t.zeros(sum(split))) if op.bias else None
            self.out_proj = t.nn.Linear(op.heads * d, c, bias=op.bias)

        def forward(self, x: Any) -> Any:
            f = t.nn.functional
            qkv = f.linear(x, self.in_proj_weight, self.in_proj_bias).split(split, dim=-1)
            q, k, v = (p.unflatten(-1, (-1, d)).transpose(-2, -3) for p in qkv)
            y = f.scaled_dot_product_attention(
                q, k, v, is_causal=op.causal, enable_gqa=kv != op.heads
            )
            return self.out_proj(y.transpose(-2, -3).flatten(-2))

    return Attention()


def scaled_dot_product(t: Any, op: Any, io: IO) -> Any:
    groups = op.kv_heads or op.heads

    def run(*branches: Any) -> Any:
        heads = (
            x.unflatten(-1, (n, -1)).transpose(-2, -3)
            for x, n in zip(branches, (op.heads, groups, groups), strict=True)
        )
        y = t.nn.functional.scaled_dot_product_attention(
            *heads, is_causal=op.causal, enable_gqa=groups != op.heads
        )
        return y.transpose(-2, -3).flatten(-2)

    return run


class _Wrapped:
    """A module that is called in another way than by itself."""

    def __init__(self, module: Any, call: Callable[[Any], Any]) -> None:
        self.module, self.call = module, call

    def __call__(self, x: Any) -> Any:
        return self.call(x)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.module, name)


def pointwise(t: Any, op: Any, io: IO) -> Any:
    function = getattr(t, f"{op.word}_" if getattr(op, "inplace", False) else op.word, None)
    return function or getattr(t.nn.functional, op.word)


def with_inplace(*names: str) -> Build:
    """A function that takes inplace, and these options as numbers."""
    return lambda t, op, io: (
        lambda x: getattr(t.nn.functional, op.word)(
            x, *(number(getattr(op, name)) for name in names), inplace=op.inplace
        )
    )


def fold(op: Any, function: Callable[[Any, Any], Any]) -> Any:
    def run(first: Any, *others: Any) -> Any:
        for other in others:
            first = function(first, other)
        return first

    return run


def join(t: Any, op: Any, io: IO) -> Any:
    return fold(op, getattr(t, op.word))


def pad(t: Any, op: Any, io: IO) -> Any:
    sides = (op.sides,) * (2 * rank(io)) if isinstance(op.sides, int) else op.sides
    value = {"value": number(op.value)} if op.mode == "constant" else {}
    return lambda x: t.nn.functional.pad(x, sides, op.mode, **value)


def interpolate(t: Any, op: Any, io: IO) -> Any:
    scale = op.scale if op.size is None else None
    if isinstance(scale, tuple):
        scale = tuple(map(float, scale))
    return lambda x: t.nn.functional.interpolate(
        x,
        size=op.size,
        scale_factor=float(scale) if scale is not None and not isinstance(scale, tuple) else scale,
        mode=op.mode,
        align_corners=op.align_corners or None,
    )


def reduction(t: Any, op: Any, io: IO) -> Any:
    return lambda x: getattr(t, op.word)(x, dims(op, io), op.keepdim)


def select(t: Any, op: Any, io: IO) -> Any:
    if isinstance(op.index, int):
        return lambda x: x.select(dims(op, io), op.index)
    return lambda x: x.index_select(
        dims(op, io), t.tensor([i % x.shape[dims(op, io)] for i in op.index], device=x.device)
    )


def cut(t: Any, op: Any, io: IO) -> Any:
    at = dims(op, io) % len(io.x.shape)
    return lambda x: x[(slice(None),) * at + (slice(*op.bounds),)]


def reshape(t: Any, op: Any, io: IO) -> Any:
    return lambda x: x.reshape(x.shape[0], *(op.shape or op.tokens))


def drop_path(t: Any, op: Any, io: IO) -> Any:
    """As torchvision's stochastic_depth in mode row."""

    class DropPath(t.nn.Module):  # type: ignore[misc]  # torch is Any here
        def forward(self, x: Any) -> Any:
            if not self.training or op.p == 0:
                return x
            keep = 1 - number(op.p)
            noise = t.empty([x.shape[0]] + [1] * (x.ndim - 1)).bernoulli_(keep).div_(keep)
            return x * noise

    return DropPath()


TABLE: dict[str, Build] = {
    "conv": conv,
    "conv_transpose": conv,
    "linear": lambda t, op, io: t.nn.Linear(io.x.channels, op.features, op.bias),
    "embedding": lambda t, op, io: t.nn.Embedding(op.entries, op.features),
    "parameter": parameter,
    "max_pool": pool,
    "avg_pool": pool,
    "adaptive_avg_pool": adaptive,
    "adaptive_max_pool": adaptive,
    "global_avg_pool": global_pool,
    "global_max_pool": global_pool,
    "batch_norm": running_norm,
    "instance_norm": running_norm,
    "layer_norm": lambda t, op, io: t.nn.LayerNorm(
        io.x.channels, number(op.eps), op.affine, bias=op.bias
    ),
    "group_norm": lambda t, op, io: t.nn.GroupNorm(
        op.groups, io.x.channels, number(op.eps), op.affine
    ),
    "rms_norm": lambda t, op, io: t.nn.RMSNorm(
        io.x.channels, None if op.eps is None else number(op.eps), op.affine
    ),
    "local_response_norm": lambda t, op, io: (
        lambda x: t.nn.functional.local_response_norm(
            x, op.size, number(op.alpha), number(op.beta), number(op.k)
        )
    ),
    "relu6": with_inplace(),
    "leaky_relu": with_inplace("slope"),
    "elu": with_inplace("alpha"),
    "celu": with_inplace("alpha"),
    "silu": with_inplace(),
    "mish": with_inplace(),
    "hardsigmoid": with_inplace(),
    "hardswish": with_inplace(),
    "hardtanh": lambda t, op, io: lambda x: t.nn.functional.hardtanh(x, inplace=op.inplace),
    "threshold": with_inplace("threshold", "value"),
    "prelu": lambda t, op, io: t.nn.PReLU(op.num_parameters),
    "gelu": lambda t, op, io: lambda x: t.nn.functional.gelu(x, approximate=op.approximate),
    "softplus": lambda t, op, io: lambda x: t.nn.functional.softplus(x, number(op.beta)),
    "softmax": lambda t, op, io: lambda x: t.softmax(x, dims(op, io)),
    "log_softmax": lambda t, op, io: lambda x: t.log_softmax(x, dims(op, io)),
    "glu": lambda t, op, io: lambda x: t.nn.functional.glu(x, dims(op, io)),
    "attention": attention,
    "scaled_dot_product": scaled_dot_product,
    "dropout": lambda t, op, io: t.nn.Dropout(number(op.p), op.inplace),
    "drop_path": drop_path,
    "concat": lambda t, op, io: lambda *xs: t.cat(xs, dims(op, io)),
    "add": lambda t, op, io: fold(op, (lambda a, b: a.add_(b)) if op.inplace else t.add),
    "sub": join,
    "mul": join,
    "div": join,
    "matmul": join,
    "flatten": lambda t, op, io: (
        lambda x: x.flatten(dims(op, io, op.start_dim), dims(op, io, op.end_dim))
    ),
    "reshape": reshape,
    "tokens": lambda t, op, io: lambda x: x.flatten(2).transpose(1, 2),
    "permute": lambda t, op, io: lambda x: x.permute(0, *dims(op, io, op.dims)),
    "transpose": lambda t, op, io: lambda x: x.transpose(*dims(op, io, op.dims)),
    "squeeze": lambda t, op, io: lambda x: x.squeeze(dims(op, io)),
    "unsqueeze": lambda t, op, io: lambda x: x.unsqueeze(dims(op, io)),
    "select": select,
    "slice": cut,
    "roll": lambda t, op, io: lambda x: x.roll(op.shifts, dims(op, io, op.dims)),
    "channel_shuffle": lambda t, op, io: t.nn.ChannelShuffle(op.groups),
    "pad": pad,
    "interpolate": interpolate,
    "pixel_shuffle": lambda t, op, io: t.nn.PixelShuffle(op.factor),
    "pixel_unshuffle": lambda t, op, io: t.nn.PixelUnshuffle(op.factor),
    "scale": lambda t, op, io: lambda x: x * number(op.factor),
    "pow": lambda t, op, io: lambda x: x ** number(op.exponent),
    "mean": reduction,
    "sum": reduction,
    "amax": reduction,
    "normalize": lambda t, op, io: (
        lambda x: t.nn.functional.normalize(x, number(op.p), dims(op, io), number(op.eps))
    ),
}
"""Words that are missing are called the same in torch or torch.nn.functional, and take no option but inplace."""


def build(t: Any, op: Any, io: IO) -> Any:
    """Return PyTorch's form of ``op``."""
    return TABLE.get(op.word, pointwise)(t, op, io)
