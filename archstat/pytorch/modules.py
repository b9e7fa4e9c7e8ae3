"""How PyTorch spells each op: word -> the module to build from the op and its tensors.

An op with params, buffers or a training mode is PyTorch's own module; the others are a :class:`Call` of the
function that PyTorch has for them.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from archstat.ops.base import IO
from archstat.ops.options import per_axis

Build = Callable[[Any, IO], nn.Module]


class Call(nn.Module):
    """A function of tensors as a module; ``text`` is how it prints."""

    def __init__(self, function: Callable[..., Any], text: str) -> None:
        super().__init__()
        self.function = function
        self.text = text

    def forward(self, *inputs: Any) -> Any:
        return self.function(*inputs)

    def extra_repr(self) -> str:
        return self.text


def module(op: Any, io: IO) -> nn.Module:
    """Return PyTorch's form of ``op`` between the tensors ``io``."""
    build = _TABLE.get(op.word)
    if build is not None:
        made = build(op, io)
        return made if isinstance(made, nn.Module) else Call(made, op.word)
    name = f"{op.word}_" if getattr(op, "inplace", False) else op.word
    return Call(getattr(torch, name, None) or getattr(F, op.word), name)


def _rank(io: IO) -> int:
    return len(io.x.spatial)


def _dims(op: Any, io: IO, given: Any = None) -> Any:
    """Return a dimension, or several, counted with the batch."""
    given = op.dim if given is None else given
    if given is None:
        return io.x.channel_dim
    if isinstance(given, tuple):
        return tuple(_dims(op, io, d) for d in given)
    return given + 1 if given >= 0 else given


def _conv(op: Any, io: IO) -> Any:
    window = op.window(io.x)
    return getattr(nn, f"Conv{_rank(io)}d")(
        io.x.channels, op.channels, window.kernel, window.stride, window.padding,
        dilation=window.dilation, groups=op.groups, bias=op.bias,
    )  # fmt: skip


def _conv_transpose(op: Any, io: IO) -> Any:
    kernel, stride, padding, dilation, output_padding = op._axes(io.x)
    return getattr(nn, f"ConvTranspose{_rank(io)}d")(
        io.x.channels, op.channels, kernel, stride, padding,
        output_padding=output_padding, dilation=dilation, groups=op.groups, bias=op.bias,
    )  # fmt: skip


def _max_pool(op: Any, io: IO) -> Any:
    window = op.window(io.x)
    return getattr(nn, f"MaxPool{_rank(io)}d")(
        window.kernel, window.stride, window.padding, window.dilation, ceil_mode=op.ceil_mode
    )


def _avg_pool(op: Any, io: IO) -> Any:
    window = op.window(io.x)
    return getattr(nn, f"AvgPool{_rank(io)}d")(
        window.kernel, window.stride, window.padding, op.ceil_mode, op.count_include_pad
    )


def _adaptive(op: Any, io: IO) -> Any:
    kind = "Avg" if op.word == "adaptive_avg_pool" else "Max"
    size = per_axis("size", op.size, _rank(io))
    return getattr(nn, f"Adaptive{kind}Pool{_rank(io)}d")(size if len(size) > 1 else size[0])


def _global_pool(op: Any, io: IO) -> Any:
    kind = "Avg" if op.word == "global_avg_pool" else "Max"
    return getattr(nn, f"Adaptive{kind}Pool{_rank(io)}d")(1)


def _running_norm(op: Any, io: IO) -> Any:
    kind = "BatchNorm" if op.word == "batch_norm" else "InstanceNorm"
    return getattr(nn, f"{kind}{max(_rank(io), 1)}d")(
        io.x.channels, eps=float(op.eps), momentum=float(op.momentum), affine=op.affine,
        track_running_stats=op.track_running_stats,
    )  # fmt: skip


class Parameter(nn.Module):
    """A learnable tensor of its own, with a batch of one."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(shape))

    def forward(self, x: Any) -> Any:
        return self.weight[None]


class Concat(nn.Module):
    """torch.cat; a parameter's batch of one is expanded to the others', as a class token is."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, *inputs: Any) -> Any:
        batch = max(x.shape[0] for x in inputs)
        full = [x if x.shape[0] == batch else x.expand(batch, *x.shape[1:]) for x in inputs]
        return torch.cat(full, self.dim)


class SelfAttention(nn.Module):
    """Multi-head self-attention under nn.MultiheadAttention's names, with grouped queries."""

    def __init__(self, op: Any, io: IO) -> None:
        super().__init__()
        c = io.x.channels
        self.d = op.head_dim or c // op.heads
        kv = op.kv_heads or op.heads
        self.split = [op.heads * self.d, kv * self.d, kv * self.d]
        self.causal, self.grouped = op.causal, kv != op.heads
        self.in_proj_weight = nn.Parameter(torch.empty(sum(self.split), c))
        self.in_proj_bias = nn.Parameter(torch.empty(sum(self.split))) if op.bias else None
        self.out_proj = nn.Linear(op.heads * self.d, c, bias=op.bias)
        if not self.in_proj_weight.is_meta:
            nn.init.xavier_uniform_(self.in_proj_weight)
            if self.in_proj_bias is not None:
                nn.init.zeros_(self.in_proj_bias)

    def forward(self, x: Any) -> Any:
        qkv = F.linear(x, self.in_proj_weight, self.in_proj_bias).split(self.split, dim=-1)
        q, k, v = (part.unflatten(-1, (-1, self.d)).transpose(-2, -3) for part in qkv)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=self.causal, enable_gqa=self.grouped)
        return self.out_proj(y.transpose(-2, -3).flatten(-2))


def _scaled_dot_product(op: Any, io: IO) -> Any:
    groups = op.kv_heads or op.heads

    def attend(*branches: Any) -> Any:
        heads = (
            x.unflatten(-1, (n, -1)).transpose(-2, -3)
            for x, n in zip(branches, (op.heads, groups, groups), strict=True)
        )
        y = F.scaled_dot_product_attention(
            *heads, is_causal=op.causal, enable_gqa=groups != op.heads
        )
        return y.transpose(-2, -3).flatten(-2)

    return attend


def _function(*names: str) -> Build:
    """Build a call of the function of the op's own name with these options and ``inplace``."""

    def build(op: Any, io: IO) -> Any:
        values = [float(getattr(op, name)) for name in names]
        function = getattr(F, op.word)
        return Call(lambda x: function(x, *values, inplace=op.inplace), op.word)

    return build


def _fold(function: Callable[[Any, Any], Any]) -> Any:
    def run(first: Any, *others: Any) -> Any:
        for other in others:
            first = function(first, other)
        return first

    return run


def _pad(op: Any, io: IO) -> Any:
    sides = (op.sides,) * (2 * _rank(io)) if isinstance(op.sides, int) else op.sides
    value = {"value": float(op.value)} if op.mode == "constant" else {}
    return lambda x: F.pad(x, sides, op.mode, **value)


def _interpolate(op: Any, io: IO) -> Any:
    scale = op.scale if op.size is None else None
    factor = tuple(map(float, scale)) if isinstance(scale, tuple) else scale and float(scale)
    return nn.Upsample(op.size, factor, op.mode, op.align_corners or None)


def _select(op: Any, io: IO) -> Any:
    dim = _dims(op, io)
    if isinstance(op.index, int):
        return lambda x: x.select(dim, op.index)
    index = [i % io.x.shape[dim] for i in op.index]
    return lambda x: x.index_select(dim, torch.tensor(index, device=x.device))


def _slice(op: Any, io: IO) -> Any:
    part = (slice(None),) * (_dims(op, io) % len(io.x.shape)) + (slice(*op.bounds),)
    return lambda x: x[part]


class DropPath(nn.Module):
    """Stochastic depth by row, as torchvision's stochastic_depth."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Any) -> Any:
        if not self.training or self.p == 0:
            return x
        keep = 1 - self.p
        noise = torch.empty([x.shape[0]] + [1] * (x.ndim - 1), dtype=x.dtype, device=x.device)
        return x * noise.bernoulli_(keep).div_(keep)


_TABLE: dict[str, Callable[[Any, IO], Any]] = {
    "conv": _conv,
    "conv_transpose": _conv_transpose,
    "linear": lambda op, io: nn.Linear(io.x.channels, op.features, op.bias),
    "embedding": lambda op, io: nn.Embedding(op.entries, op.features),
    "parameter": lambda op, io: Parameter(op.shape or op.tokens),
    "max_pool": _max_pool,
    "avg_pool": _avg_pool,
    "adaptive_avg_pool": _adaptive,
    "adaptive_max_pool": _adaptive,
    "global_avg_pool": _global_pool,
    "global_max_pool": _global_pool,
    "batch_norm": _running_norm,
    "instance_norm": _running_norm,
    "layer_norm": lambda op, io: nn.LayerNorm(io.x.channels, float(op.eps), op.affine, bias=op.bias),
    "group_norm": lambda op, io: nn.GroupNorm(op.groups, io.x.channels, float(op.eps), op.affine),
    "rms_norm": lambda op, io: nn.RMSNorm(
        io.x.channels, None if op.eps is None else float(op.eps), op.affine
    ),
    "local_response_norm": lambda op, io: nn.LocalResponseNorm(
        op.size, float(op.alpha), float(op.beta), float(op.k)
    ),
    "relu": lambda op, io: nn.ReLU(op.inplace),
    "relu6": lambda op, io: nn.ReLU6(op.inplace),
    "silu": lambda op, io: nn.SiLU(op.inplace),
    "mish": lambda op, io: nn.Mish(op.inplace),
    "leaky_relu": lambda op, io: nn.LeakyReLU(float(op.slope), op.inplace),
    "elu": lambda op, io: nn.ELU(float(op.alpha), op.inplace),
    "celu": lambda op, io: nn.CELU(float(op.alpha), op.inplace),
    "hardsigmoid": lambda op, io: nn.Hardsigmoid(op.inplace),
    "hardswish": lambda op, io: nn.Hardswish(op.inplace),
    "hardtanh": lambda op, io: nn.Hardtanh(inplace=op.inplace),
    "threshold": lambda op, io: nn.Threshold(float(op.threshold), float(op.value), op.inplace),
    "prelu": lambda op, io: nn.PReLU(op.num_parameters),
    "gelu": lambda op, io: nn.GELU(op.approximate),
    "softplus": lambda op, io: nn.Softplus(float(op.beta)),
    "softmax": lambda op, io: nn.Softmax(_dims(op, io)),
    "log_softmax": lambda op, io: nn.LogSoftmax(_dims(op, io)),
    "glu": lambda op, io: nn.GLU(_dims(op, io)),
    "attention": SelfAttention,
    "scaled_dot_product": _scaled_dot_product,
    "dropout": lambda op, io: nn.Dropout(float(op.p), op.inplace),
    "drop_path": lambda op, io: DropPath(float(op.p)),
    "concat": lambda op, io: Concat(_dims(op, io)),
    "add": lambda op, io: _fold((lambda a, b: a.add_(b)) if op.inplace else torch.add),
    "sub": lambda op, io: _fold(torch.sub),
    "mul": lambda op, io: _fold(torch.mul),
    "div": lambda op, io: _fold(torch.div),
    "matmul": lambda op, io: _fold(torch.matmul),
    "flatten": lambda op, io: nn.Flatten(_dims(op, io, op.start_dim), _dims(op, io, op.end_dim)),
    "reshape": lambda op, io: lambda x: x.reshape(x.shape[0], *(op.shape or op.tokens)),
    "tokens": lambda op, io: lambda x: x.flatten(2).transpose(1, 2),
    "permute": lambda op, io: lambda x: x.permute(0, *_dims(op, io, op.dims)),
    "transpose": lambda op, io: lambda x: x.transpose(*_dims(op, io, op.dims)),
    "squeeze": lambda op, io: lambda x: x.squeeze(_dims(op, io)),
    "unsqueeze": lambda op, io: lambda x: x.unsqueeze(_dims(op, io)),
    "select": _select,
    "slice": _slice,
    "roll": lambda op, io: lambda x: x.roll(op.shifts, _dims(op, io, op.dims)),
    "channel_shuffle": lambda op, io: nn.ChannelShuffle(op.groups),
    "pad": _pad,
    "interpolate": _interpolate,
    "pixel_shuffle": lambda op, io: nn.PixelShuffle(op.factor),
    "pixel_unshuffle": lambda op, io: nn.PixelUnshuffle(op.factor),
    "scale": lambda op, io: lambda x: x * float(op.factor),
    "pow": lambda op, io: lambda x: x ** float(op.exponent),
    "mean": lambda op, io: lambda x: x.mean(_dims(op, io), op.keepdim),
    "sum": lambda op, io: lambda x: x.sum(_dims(op, io), op.keepdim),
    "amax": lambda op, io: lambda x: x.amax(_dims(op, io), op.keepdim),
    "normalize": lambda op, io: lambda x: F.normalize(x, float(op.p), _dims(op, io), float(op.eps)),
}  # fmt: skip
"""Words that are missing are called the same in torch or torch.nn.functional, and take no option but inplace."""
