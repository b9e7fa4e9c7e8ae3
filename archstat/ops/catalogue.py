"""All ops by name and family; what other frameworks call them is in :mod:`archstat.ops.aliases`.

An op's file is imported when the op is first asked for: a small network uses few of them, and a short command
shouldn't wait for the rest.
"""

from collections.abc import Iterator, MutableMapping
from importlib import import_module

from archstat.ops.base import Op

FAMILIES: dict[str, dict[str, str]] = {
    "Convolution": {
        "conv": "conv.Conv",
        "conv_transpose": "conv.ConvTranspose",
    },
    "Linear and tables": {
        "linear": "linear.Linear",
        "embedding": "linear.Embedding",
        "parameter": "linear.Parameter",
        "buffer": "linear.Buffer",
    },
    "Pooling": {
        "max_pool": "pool.MaxPool",
        "avg_pool": "pool.AvgPool",
        "adaptive_avg_pool": "pool.AdaptiveAvgPool",
        "adaptive_max_pool": "pool.AdaptiveMaxPool",
        "global_avg_pool": "pool.GlobalAvgPool",
        "global_max_pool": "pool.GlobalMaxPool",
    },
    "Normalisation": {
        "batch_norm": "norm.BatchNorm",
        "layer_norm": "layer_norm.LayerNorm",
        "group_norm": "layer_norm.GroupNorm",
        "instance_norm": "norm.InstanceNorm",
        "rms_norm": "layer_norm.RMSNorm",
        "local_response_norm": "response_norm.LocalResponseNorm",
    },
    "Activation": {
        "relu": "activation.ReLU",
        "relu6": "activation.ReLU6",
        "leaky_relu": "activation.LeakyReLU",
        "prelu": "activation.PReLU",
        "elu": "smooth.ELU",
        "selu": "smooth.SELU",
        "celu": "smooth.CELU",
        "gelu": "smooth.GELU",
        "silu": "smooth.SiLU",
        "mish": "smooth.Mish",
        "softplus": "smooth.Softplus",
        "softsign": "smooth.Softsign",
        "sigmoid": "smooth.Sigmoid",
        "logsigmoid": "smooth.LogSigmoid",
        "tanh": "smooth.Tanh",
        "tanhshrink": "smooth.TanhShrink",
        "hardsigmoid": "activation.HardSigmoid",
        "hardswish": "activation.HardSwish",
        "hardtanh": "activation.HardTanh",
        "threshold": "activation.Threshold",
        "softmax": "softmax.Softmax",
        "log_softmax": "softmax.LogSoftmax",
        "glu": "softmax.GLU",
    },
    "Attention": {
        "attention": "attention.Attention",
        "scaled_dot_product": "attention.ScaledDotProduct",
    },
    "Dropout": {
        "dropout": "dropout.Dropout",
        "drop_path": "dropout.DropPath",
    },
    "Join": {
        "concat": "join.Concat",
        "add": "join.Add",
        "sub": "join.Sub",
        "mul": "join.Mul",
        "div": "join.Div",
        "matmul": "join.MatMul",
    },
    "Shape": {
        "flatten": "reshape.Flatten",
        "reshape": "reshape.Reshape",
        "tokens": "reshape.Tokens",
        "permute": "reshape.Permute",
        "transpose": "reshape.Transpose",
        "squeeze": "index.Squeeze",
        "unsqueeze": "index.Unsqueeze",
    },
    "Part": {
        "select": "index.Select",
        "slice": "index.Slice",
        "roll": "index.Roll",
        "channel_shuffle": "index.ChannelShuffle",
    },
    "Size": {
        "pad": "pad.Pad",
        "interpolate": "resize.Interpolate",
        "pixel_shuffle": "resize.PixelShuffle",
        "pixel_unshuffle": "resize.PixelUnshuffle",
    },
    "Arithmetic": {
        "scale": "arithmetic.Scale",
        "pow": "arithmetic.Pow",
        "square": "arithmetic.Square",
        "sqrt": "arithmetic.Sqrt",
        "abs": "arithmetic.Abs",
        "exp": "arithmetic.Exp",
        "neg": "arithmetic.Neg",
        "mean": "arithmetic.Mean",
        "sum": "arithmetic.Sum",
        "amax": "arithmetic.AMax",
        "normalize": "arithmetic.Normalize",
    },
}
"""Family -> the words of its ops, each with its file and class. A new op gets a line here."""


class Catalogue(MutableMapping[str, type[Op]]):
    """Word -> op. Looking a word up imports its file; asking whether there is such a word doesn't."""

    def __init__(self, places: dict[str, str]) -> None:
        self._places = places
        self._ops: dict[str, type[Op]] = {}

    def __getitem__(self, word: str) -> type[Op]:
        op = self._ops.get(word)
        if op is None:
            module, _, name = self._places[word].partition(".")
            op = getattr(import_module(f"archstat.ops.{module}"), name)
            self._ops[word] = op
        return op

    def __setitem__(self, word: str, op: type[Op]) -> None:
        self._places[word] = f"{op.__module__}.{op.__name__}"
        self._ops[word] = op

    def __delitem__(self, word: str) -> None:
        del self._places[word]
        self._ops.pop(word, None)

    def __contains__(self, word: object) -> bool:
        return word in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


CATALOGUE = Catalogue({w: place for family in FAMILIES.values() for w, place in family.items()})

NORMS = {
    "batch": "batch_norm",
    "layer": "layer_norm",
    "group": "group_norm",
    "instance": "instance_norm",
    "rms": "rms_norm",
}
"""What ``norm:`` takes, and the op it inserts."""

ACTIVATIONS = tuple(word for word in FAMILIES["Activation"] if word not in ("threshold", "glu"))
"""What ``act:`` takes."""
