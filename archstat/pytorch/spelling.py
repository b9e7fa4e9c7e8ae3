"""How PyTorch spells each op, as Python text: the one table that lowering builds from and ``graph -f torch`` prints.

A spelling either makes a module (``nn.Conv2d(3, 64, 3)``) or is an expression of its operands, ``{0}``, ``{1}``.
Only numbers and words of the ops' own options enter it. This file doesn't import torch.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import isfinite
from typing import Any, NamedTuple

from archstat.ops.base import IO
from archstat.ops.options import per_axis


class Spelling(NamedTuple):
    """``text`` is a constructor call where ``is_module``, else an expression with ``{0}`` for the first operand."""

    text: str
    is_module: bool = True


def spell(op: Any, io: IO, batched: Sequence[bool] = ()) -> Spelling:
    """Return the spelling of ``op`` between the tensors ``io``.

    ``batched`` says for each operand whether it has the batch of the network's input; a parameter's is one.
    """
    if op.word == "concat":
        return Spelling(_concat(op, io, batched), is_module=False)
    if op.word in _MODULES:
        return Spelling(_MODULES[op.word](op, io))
    if op.word in _EXPRESSIONS:
        return Spelling(_EXPRESSIONS[op.word](op, io), is_module=False)
    name = f"{op.word}_" if getattr(op, "inplace", False) else op.word
    return Spelling(f"torch.{name}({{0}})", is_module=False)


def literal(value: Any) -> str:
    """Write a number, a word, or a tuple of them as Python does; anything else is refused.

    >>> literal((3, 3)), literal(Fraction(1, 2)), literal((1, None))
    ('(3, 3)', '0.5', '(1, None)')
    """
    if isinstance(value, tuple):
        inner = ", ".join(map(literal, value))
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, Fraction | float):
        number = repr(float(value))
        return number if isfinite(value) else f'float("{number}")'
    if value is None or isinstance(value, bool | int):
        return repr(value)
    if isinstance(value, str) and value.replace("-", "_").isidentifier():
        return f'"{value}"'
    raise TypeError(f"no literal: {value!r}")


def call(name: str, *args: Any, **options: tuple[Any, Any]) -> str:
    """Write a call; an option is (value, default) and left out where both agree.

    >>> call("nn.ReLU", inplace=(True, False)), call("nn.ReLU", inplace=(False, False))
    ('nn.ReLU(inplace=True)', 'nn.ReLU()')
    """
    written = [literal(arg) for arg in args]
    written += [f"{key}={literal(v)}" for key, (v, usual) in options.items() if v != usual]
    return f"{name}({', '.join(written)})"


def _one(sizes: Any) -> Any:
    """Write equal sizes along all axes as one number."""
    return sizes[0] if isinstance(sizes, tuple) and len(set(sizes)) == 1 else sizes


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


def _conv(op: Any, io: IO) -> str:
    window = op.window(io.x)
    return call(
        f"nn.Conv{_rank(io)}d", io.x.channels, op.channels, _one(window.kernel),
        stride=(_one(window.stride), 1), padding=(_one(window.padding), 0),
        dilation=(_one(window.dilation), 1), groups=(op.groups, 1), bias=(op.bias, True),
    )  # fmt: skip


def _conv_transpose(op: Any, io: IO) -> str:
    kernel, stride, padding, dilation, output_padding = map(_one, op.axes(io.x))
    return call(
        f"nn.ConvTranspose{_rank(io)}d", io.x.channels, op.channels, kernel,
        stride=(stride, 1), padding=(padding, 0), output_padding=(output_padding, 0),
        groups=(op.groups, 1), bias=(op.bias, True), dilation=(dilation, 1),
    )  # fmt: skip


def _max_pool(op: Any, io: IO) -> str:
    window = op.window(io.x)
    return call(
        f"nn.MaxPool{_rank(io)}d", _one(window.kernel), stride=(_one(window.stride), None),
        padding=(_one(window.padding), 0), dilation=(_one(window.dilation), 1),
        ceil_mode=(op.ceil_mode, False),
    )  # fmt: skip


def _avg_pool(op: Any, io: IO) -> str:
    window = op.window(io.x)
    return call(
        f"nn.AvgPool{_rank(io)}d", _one(window.kernel), stride=(_one(window.stride), None),
        padding=(_one(window.padding), 0), ceil_mode=(op.ceil_mode, False),
        count_include_pad=(op.count_include_pad, True),
    )  # fmt: skip


def _adaptive(kind: str) -> "Write":
    def write(op: Any, io: IO) -> str:
        size = getattr(op, "size", 1)
        return call(f"nn.Adaptive{kind}Pool{_rank(io)}d", _one(per_axis("size", size, _rank(io))))

    return write


def _running_norm(kind: str, affine: bool, tracked: bool) -> "Write":
    def write(op: Any, io: IO) -> str:
        return call(
            f"nn.{kind}{max(_rank(io), 1)}d", io.x.channels,
            eps=(op.eps, Fraction("1e-5")), momentum=(op.momentum, Fraction("0.1")),
            affine=(op.affine, affine), track_running_stats=(op.track_running_stats, tracked),
        )  # fmt: skip

    return write


def _attention(op: Any, io: IO) -> str:
    channels = io.x.channels
    head_dim = op.head_dim or channels // op.heads
    kv_heads = op.kv_heads or op.heads
    return call(
        "SelfAttention", channels, heads=(op.heads, None), kv_heads=(kv_heads, None),
        head_dim=(head_dim, None), causal=(op.causal, None), bias=(op.bias, None),
    )  # fmt: skip


def _upsample(op: Any, io: IO) -> str:
    scale = op.scale if op.size is None else None
    return call(
        "nn.Upsample", size=(op.size, None), scale_factor=(scale and _floats(scale), None),
        mode=(op.mode, "nearest"), align_corners=(op.align_corners or None, None),
    )  # fmt: skip


def _floats(value: Any) -> Any:
    return tuple(map(float, value)) if isinstance(value, tuple) else float(value)


def _inplace(name: str, *fields: str) -> "Write":
    """Write an activation's module with these options and ``inplace``."""
    return lambda op, io: call(
        name, *[float(getattr(op, f)) for f in fields], inplace=(op.inplace, False)
    )


def _joined(sign: str) -> "Write":
    return lambda op, io: f" {sign} ".join(f"{{{i}}}" for i in range(len(io.inputs)))


def _add(op: Any, io: IO) -> str:
    if not op.inplace:
        return _joined("+")(op, io)
    return "{0}" + "".join(f".add_({{{i}}})" for i in range(1, len(io.inputs)))


def _concat(op: Any, io: IO, batched: Sequence[bool]) -> str:
    """Write torch.cat; what has no batch of its own is expanded to the others', as a class token is."""
    most = max(x.batch for x in io.inputs)
    batched = batched or [x.batch == most for x in io.inputs]
    like = next((i for i, b in enumerate(batched) if b), 0)
    operands = []
    for i, x in enumerate(io.inputs):
        expand = f".expand({{{like}}}.shape[0], {', '.join(['-1'] * len(x.sample))})"
        operands.append(f"{{{i}}}{'' if batched[i] or not any(batched) else expand}")
    return f"torch.cat([{', '.join(operands)}], {_dims(op, io)})"


def _select(op: Any, io: IO) -> str:
    dim = _dims(op, io)
    if isinstance(op.index, int):
        return f"{{0}}.select({dim}, {op.index})"
    index = [i + io.x.shape[dim] if i < 0 else i for i in op.index]
    return f"{{0}}.index_select({dim}, torch.tensor({index}, device={{0}}.device))"


def _slice(op: Any, io: IO) -> str:
    before = ":, " * (_dims(op, io) % len(io.x.shape))
    return f"{{0}}[{before}{':'.join('' if b is None else str(b) for b in op.bounds)}]"


def _pad(op: Any, io: IO) -> str:
    sides = (op.sides,) * (2 * _rank(io)) if isinstance(op.sides, int) else op.sides
    mode = () if op.mode == "constant" and not op.value else (op.mode,)
    value = (float(op.value),) if op.mode == "constant" and op.value else ()
    return f"F.pad({{0}}, {', '.join(map(literal, (sides, *mode, *value)))})"


def _reduced(op: Any, io: IO) -> str:
    keep = ", keepdim=True" if op.keepdim else ""
    return f"{{0}}.{op.word}({literal(_dims(op, io))}{keep})"


Write = Callable[[Any, IO], str]

_MODULES: dict[str, Write] = {
    "conv": _conv,
    "conv_transpose": _conv_transpose,
    "linear": lambda op, io: call("nn.Linear", io.x.channels, op.features, bias=(op.bias, True)),
    "embedding": lambda op, io: call("nn.Embedding", op.entries, op.features),
    "parameter": lambda op, io: call("Parameter", *(op.shape or op.tokens)),
    "buffer": lambda op, io: call(
        "Buffer", *(op.shape or op.tokens), dtype=(op.dtype, None)
    ),
    "max_pool": _max_pool,
    "avg_pool": _avg_pool,
    "adaptive_avg_pool": _adaptive("Avg"),
    "adaptive_max_pool": _adaptive("Max"),
    "global_avg_pool": _adaptive("Avg"),
    "global_max_pool": _adaptive("Max"),
    "batch_norm": _running_norm("BatchNorm", True, True),
    "instance_norm": _running_norm("InstanceNorm", False, False),
    "layer_norm": lambda op, io: call(
        "nn.LayerNorm", io.x.channels, eps=(op.eps, Fraction("1e-5")),
        elementwise_affine=(op.affine, True), bias=(op.bias, True),
    ),
    "group_norm": lambda op, io: call(
        "nn.GroupNorm", op.groups, io.x.channels, eps=(op.eps, Fraction("1e-5")), affine=(op.affine, True),
    ),
    "rms_norm": lambda op, io: call(
        "nn.RMSNorm", io.x.channels, eps=(op.eps, None), elementwise_affine=(op.affine, True)
    ),
    "local_response_norm": lambda op, io: call(
        "nn.LocalResponseNorm", op.size, alpha=(op.alpha, Fraction("1e-4")), beta=(op.beta, Fraction("0.75")),
        k=(op.k, 1),
    ),
    "relu": _inplace("nn.ReLU"),
    "relu6": _inplace("nn.ReLU6"),
    "selu": _inplace("nn.SELU"),
    "silu": _inplace("nn.SiLU"),
    "mish": _inplace("nn.Mish"),
    "leaky_relu": _inplace("nn.LeakyReLU", "slope"),
    "elu": _inplace("nn.ELU", "alpha"),
    "celu": _inplace("nn.CELU", "alpha"),
    "hardsigmoid": _inplace("nn.Hardsigmoid"),
    "hardswish": _inplace("nn.Hardswish"),
    "hardtanh": _inplace("nn.Hardtanh"),
    "threshold": _inplace("nn.Threshold", "threshold", "value"),
    "prelu": lambda op, io: call("nn.PReLU", num_parameters=(op.num_parameters, 1)),
    "gelu": lambda op, io: call("nn.GELU", approximate=(op.approximate, "none")),
    "softplus": lambda op, io: call("nn.Softplus", beta=(op.beta, 1)),
    "softsign": lambda op, io: "nn.Softsign()",
    "logsigmoid": lambda op, io: "nn.LogSigmoid()",
    "tanhshrink": lambda op, io: "nn.Tanhshrink()",
    "softmax": lambda op, io: call("nn.Softmax", dim=(_dims(op, io), None)),
    "log_softmax": lambda op, io: call("nn.LogSoftmax", dim=(_dims(op, io), None)),
    "glu": lambda op, io: call("nn.GLU", dim=(_dims(op, io), None)),
    "attention": _attention,
    "scaled_dot_product": lambda op, io: call(
        "Attend", heads=(op.heads, None), kv_heads=(op.kv_heads or op.heads, None), causal=(op.causal, None)
    ),
    "dropout": lambda op, io: call("nn.Dropout", op.p, inplace=(op.inplace, False)),
    "drop_path": lambda op, io: call("DropPath", op.p),
    "flatten": lambda op, io: call(
        "nn.Flatten", start_dim=(_dims(op, io, op.start_dim), 1), end_dim=(_dims(op, io, op.end_dim), -1)
    ),
    "channel_shuffle": lambda op, io: call("nn.ChannelShuffle", op.groups),
    "interpolate": _upsample,
    "pixel_shuffle": lambda op, io: call("nn.PixelShuffle", op.factor),
    "pixel_unshuffle": lambda op, io: call("nn.PixelUnshuffle", op.factor),
}  # fmt: skip

_EXPRESSIONS: dict[str, Write] = {
    "add": _add,
    "sub": _joined("-"),
    "mul": _joined("*"),
    "div": _joined("/"),
    "matmul": _joined("@"),
    "reshape": lambda op, io: f"{{0}}.reshape({{0}}.shape[0], {', '.join(map(str, op.shape or op.tokens))})",
    "tokens": lambda op, io: "{0}.flatten(2).transpose(1, 2)",
    "permute": lambda op, io: f"{{0}}.permute(0, {', '.join(map(str, _dims(op, io, op.dims)))})",
    "transpose": lambda op, io: f"{{0}}.transpose({', '.join(map(str, _dims(op, io, op.dims)))})",
    "squeeze": lambda op, io: f"{{0}}.squeeze({literal(_dims(op, io))})",
    "unsqueeze": lambda op, io: f"{{0}}.unsqueeze({_dims(op, io)})",
    "select": _select,
    "slice": _slice,
    "roll": lambda op, io: f"{{0}}.roll({literal(op.shifts)}, {literal(_dims(op, io, op.dims))})",
    "pad": _pad,
    "scale": lambda op, io: f"{{0}} * {float(op.factor)!r}",
    "pow": lambda op, io: f"{{0}} ** {float(op.exponent)!r}",
    "mean": _reduced,
    "sum": _reduced,
    "amax": _reduced,
    "normalize": lambda op, io: (
        f"F.normalize({{0}}, {float(op.p)!r}, {literal(_dims(op, io))}, {float(op.eps)!r})"
    ),
}  # fmt: skip
"""Words that are in neither table are functions of the same name in torch, and take no option but inplace."""
