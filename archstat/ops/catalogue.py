"""All ops, by family; what other frameworks call them is in :mod:`archstat.ops.aliases`."""

from archstat.ops import (
    activation,
    arithmetic,
    attention,
    conv,
    dropout,
    index,
    join,
    linear,
    norm,
    pad,
    pool,
    reshape,
    resize,
    response_norm,
    smooth,
)
from archstat.ops import softmax as along
from archstat.ops.base import Op

FAMILIES: dict[str, tuple[type[Op], ...]] = {
    "Convolution": (conv.Conv, conv.ConvTranspose),
    "Linear and tables": (linear.Linear, linear.Embedding, linear.Parameter),
    "Pooling": (
        pool.MaxPool,
        pool.AvgPool,
        pool.AdaptiveAvgPool,
        pool.AdaptiveMaxPool,
        pool.GlobalAvgPool,
        pool.GlobalMaxPool,
    ),
    "Normalisation": (
        norm.BatchNorm,
        norm.LayerNorm,
        norm.GroupNorm,
        norm.InstanceNorm,
        norm.RMSNorm,
        response_norm.LocalResponseNorm,
    ),
    "Activation": (
        activation.ReLU,
        activation.ReLU6,
        activation.LeakyReLU,
        activation.PReLU,
        smooth.ELU,
        smooth.SELU,
        smooth.CELU,
        smooth.GELU,
        smooth.SiLU,
        smooth.Mish,
        smooth.Softplus,
        smooth.Softsign,
        smooth.Sigmoid,
        smooth.LogSigmoid,
        smooth.Tanh,
        smooth.TanhShrink,
        activation.HardSigmoid,
        activation.HardSwish,
        activation.HardTanh,
        activation.Threshold,
        along.Softmax,
        along.LogSoftmax,
        along.GLU,
    ),
    "Attention": (attention.Attention, attention.ScaledDotProduct),
    "Dropout": (dropout.Dropout, dropout.DropPath),
    "Join": (join.Concat, join.Add, join.Sub, join.Mul, join.Div, join.MatMul),
    "Shape": (
        reshape.Flatten,
        reshape.Reshape,
        reshape.Tokens,
        reshape.Permute,
        reshape.Transpose,
        index.Squeeze,
        index.Unsqueeze,
    ),
    "Part": (index.Select, index.Slice, index.Roll, index.ChannelShuffle),
    "Size": (pad.Pad, resize.Interpolate, resize.PixelShuffle, resize.PixelUnshuffle),
    "Arithmetic": (
        arithmetic.Scale,
        arithmetic.Pow,
        arithmetic.Square,
        arithmetic.Sqrt,
        arithmetic.Abs,
        arithmetic.Exp,
        arithmetic.Neg,
        arithmetic.Mean,
        arithmetic.Sum,
        arithmetic.AMax,
        arithmetic.Normalize,
    ),
}

CATALOGUE: dict[str, type[Op]] = {op.word: op for family in FAMILIES.values() for op in family}

NORMS = {
    "batch": "batch_norm",
    "layer": "layer_norm",
    "group": "group_norm",
    "instance": "instance_norm",
    "rms": "rms_norm",
}
"""What ``norm:`` takes, and the op it inserts."""

ACTIVATIONS = tuple(op.word for op in FAMILIES["Activation"] if op.word not in ("threshold", "glu"))
"""What ``act:`` takes."""
