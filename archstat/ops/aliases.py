"""What other frameworks, and habit, call things: only to answer a wrong word with the right one."""

from collections.abc import Collection

_PLAIN = {
    # Linear
    "dense": "linear",
    "fc": "linear",
    "fully_connected": "linear",
    "inner_product": "linear",
    "embed": "embedding",
    "param": "parameter",
    "weight": "parameter",
    "variable": "parameter",
    "constant": "buffer",
    "const": "buffer",
    "register_buffer": "buffer",
    "noise": "buffer",
    "randn": "buffer",
    "zeros": "buffer",
    "ones": "buffer",
    "sinusoid": "buffer",
    "positional_encoding": "buffer",
    # Convolution
    "convolution": "conv",
    "convolutional": "conv",
    "depthwise_conv": "conv",
    "separable_conv": "conv",
    "deconv": "conv_transpose",
    "deconvolution": "conv_transpose",
    "transposed_conv": "conv_transpose",
    "transpose_conv": "conv_transpose",
    "conv_transposed": "conv_transpose",
    "up_conv": "conv_transpose",
    # Pooling
    "max_pooling": "max_pool",
    "maxpooling": "max_pool",
    "pool": "max_pool",
    "pooling": "max_pool",
    "avg_pooling": "avg_pool",
    "average_pool": "avg_pool",
    "average_pooling": "avg_pool",
    "mean_pool": "avg_pool",
    "subsampling": "avg_pool",
    "adaptive_average_pool": "adaptive_avg_pool",
    "gap": "global_avg_pool",
    "global_average_pool": "global_avg_pool",
    "global_average_pooling": "global_avg_pool",
    "global_avg_pooling": "global_avg_pool",
    "global_pool": "global_avg_pool",
    "global_max_pooling": "global_max_pool",
    # Norms
    "bn": "batch_norm",
    "batch_normalization": "batch_norm",
    "batch_normalisation": "batch_norm",
    "ln": "layer_norm",
    "layer_normalization": "layer_norm",
    "gn": "group_norm",
    "group_normalization": "group_norm",
    "in": "instance_norm",
    "instance_normalization": "instance_norm",
    "lrn": "local_response_norm",
    "response_norm": "local_response_norm",
    "local_response_normalization": "local_response_norm",
    "rms": "rms_norm",
    "norm": "batch_norm",
    "l2_norm": "normalize",
    "l2_normalize": "normalize",
    "unit_normalization": "normalize",
    # Activations
    "rectifier": "relu",
    "lrelu": "leaky_relu",
    "parametric_relu": "prelu",
    "swish": "silu",
    "hard_swish": "hardswish",
    "h_swish": "hardswish",
    "hard_sigmoid": "hardsigmoid",
    "h_sigmoid": "hardsigmoid",
    "hard_tanh": "hardtanh",
    "logistic": "sigmoid",
    "log_sigmoid": "logsigmoid",
    "soft_max": "softmax",
    "soft_plus": "softplus",
    "soft_sign": "softsign",
    "quick_gelu": "gelu",
    # Dropout
    "drop": "dropout",
    "spatial_dropout": "dropout",
    "alpha_dropout": "dropout",
    "feature_dropout": "dropout",
    "stochastic_depth": "drop_path",
    "drop_connect": "drop_path",
    # Attention
    "multihead_attention": "attention",
    "multi_head_attention": "attention",
    "mha": "attention",
    "self_attention": "attention",
    "sdpa": "scaled_dot_product",
    "scaled_dot_product_attention": "scaled_dot_product",
    # Shape
    "flat": "flatten",
    "view": "reshape",
    "rearrange": "reshape",
    "patchify": "tokens",
    "swapaxes": "transpose",
    "expand_dims": "unsqueeze",
    "zero_pad": "pad",
    "zero_padding": "pad",
    "padding": "pad",
    "reflection_pad": "pad",
    "replication_pad": "pad",
    "constant_pad": "pad",
    "crop": "pad",
    "cropping": "pad",
    "upsample": "interpolate",
    "up_sampling": "interpolate",
    "upsampling": "interpolate",
    "resize": "interpolate",
    "depth_to_space": "pixel_shuffle",
    "space_to_depth": "pixel_unshuffle",
    "index_select": "select",
    "gather": "select",
    "narrow": "slice",
    "chunk": "slice",
    "split": "slice",
    # Joins
    "concatenate": "concat",
    "concatenation": "concat",
    "cat": "concat",
    "merge": "concat",
    "shortcut": "add",
    "residual": "add",
    "skip": "add",
    "eltwise": "add",
    "subtract": "sub",
    "multiply": "mul",
    "gate": "mul",
    "divide": "div",
    "bmm": "matmul",
    "mm": "matmul",
    "dot": "matmul",
    # Arithmetic
    "power": "pow",
    "reduce_mean": "mean",
    "reduce_sum": "sum",
    "reduce_max": "amax",
    "max": "amax",
    "rescaling": "scale",
}

_LOOPS = "there are no recurrent layers: a graph has no loops"
_SCANS = "there are no scans: a graph has no loops"

_ABSENT = {
    "lstm": _LOOPS,
    "gru": _LOOPS,
    "rnn": _LOOPS,
    "bilstm": _LOOPS,
    "lstm_cell": _LOOPS,
    "gru_cell": _LOOPS,
    "rnn_cell": _LOOPS,
    "conv_lstm": _LOOPS,
    "simple_rnn": _LOOPS,
    "recurrent": _LOOPS,
    "bidirectional": _LOOPS,
    "selective_scan": _SCANS,
    "scan": _SCANS,
    "ssm": _SCANS,
    "mamba": _SCANS,
    "max_unpool": "'interpolate' gives the same shape, and has no params either",
    "unpool": "'interpolate' gives the same shape, and has no params either",
    "deform_conv": "a 'conv' has the same shape and MACs; the offsets are a conv of their own",
    "deformable_conv": "a 'conv' has the same shape and MACs; the offsets are a conv of their own",
    "einsum": "write it with 'transpose', 'reshape' and 'matmul'",
    "rope": "write it with 'slice', 'neg', 'concat' and 'mul', and a 'buffer' for the angles",
    "rotary": "write it with 'slice', 'neg', 'concat' and 'mul', and a 'buffer' for the angles",
    "rotary_embedding": "write it with 'slice', 'neg', 'concat' and 'mul', and a 'buffer' for the angles",
    "moe": "write the experts as branches of an 'add' or a 'concat'",
    "mixture_of_experts": "write the experts as branches of an 'add' or a 'concat'",
    "cross_attention": "'scaled_dot_product' takes branches 'q', 'k' and 'v', each from where you say",
    "maximum": "'concat' the branches, 'reshape' them apart and take 'amax'",
    "maxout": "'reshape' the pieces apart and take 'amax'",
}
"""What there is no op for, and what to do about it."""

_RIGHT = _PLAIN | {right: right for right in _PLAIN.values()}

ALIASES = {
    wrong: right
    for word, right in _RIGHT.items()
    for plain in (word, word.replace("_", ""))
    for wrong in (plain, f"{plain}1d", f"{plain}2d", f"{plain}3d")
    if wrong != right
} | {"conv2d_transpose": "conv_transpose", "conv1d_transpose": "conv_transpose"}
"""A wrong word, in lower case, and the right one; also with a rank (``conv2d``) and without ``_``."""

ARRIVES = "leave it out: it is what arrives"
"""What stands for an option that doesn't exist because the number is what arrives."""

OPTION_ALIASES = {
    "kernel_size": "kernel",
    "pool_size": "kernel",
    "filter_size": "kernel",
    "filters": "channels",
    "out_channels": "channels",
    "num_output": "channels",
    "units": "features",
    "out_features": "features",
    "out": "features",
    "embedding_dim": "features",
    "output_dim": "features",
    "num_embeddings": "entries",
    "input_dim": "entries",
    "vocab": "entries",
    "vocab_size": "entries",
    "strides": "stride",
    "rate": "p",
    "prob": "p",
    "probability": "p",
    "drop_prob": "p",
    "dilation_rate": "dilation",
    "dilations": "dilation",
    "pad": "padding",
    "pads": "padding",
    "padding": "sides",
    "output_pad": "output_padding",
    "use_bias": "bias",
    "group": "groups",
    "num_groups": "groups",
    "ceil": "ceil_mode",
    "epsilon": "eps",
    "elementwise_affine": "affine",
    "negative_slope": "slope",
    "alpha": "slope",
    "output_size": "size",
    "scale_factor": "scale",
    "upscale_factor": "factor",
    "downscale_factor": "factor",
    "num_heads": "heads",
    "n_heads": "heads",
    "num_kv_heads": "kv_heads",
    "num_key_value_heads": "kv_heads",
    "key_dim": "head_dim",
    "is_causal": "causal",
    "axis": "dim",
    "axes": "dim",
    "dims": "dim",
    "dim": "dims",
    "keep_dim": "keepdim",
    "keepdims": "keepdim",
    "shape": "size",
    "target_shape": "shape",
    "in_place": "inplace",
    "num_params": "num_parameters",
    "interpolation": "mode",
    "in_channels": ARRIVES,
    "in_features": ARRIVES,
    "in_planes": ARRIVES,
    "input_channels": ARRIVES,
    "num_features": ARRIVES,
    "num_channels": ARRIVES,
    "normalized_shape": ARRIVES,
    "embed_dim": ARRIVES,
    "input_shape": ARRIVES,
    "input_size": ARRIVES,
}
"""A wrong option and the right one, or a hint where there is none."""

SECOND_CHOICE = {
    "out_channels": "features",
    "num_output": "features",
    "out_features": "channels",
    "out": "channels",
    "rate": "dilation",
    "pad": "sides",
    "pads": "sides",
    "scale_factor": "factor",
    "upscale_factor": "scale",
    "axis": "dims",
    "axes": "dims",
    "shape": "sides",
}
"""What a wrong option means where the op doesn't have the first."""


def right_word(word: str, known: Collection[str]) -> str | None:
    """Return the op that ``word`` means, or ``None``: case, ``_``, ``-`` and a rank don't matter.

    >>> right_word("Conv2DTranspose", ("conv", "conv_transpose"))
    'conv_transpose'
    """
    plain = _letters(word)
    for name in known:
        if _letters(name) == plain:
            return name
    return next((right for wrong, right in _PLAIN.items() if _letters(wrong) == plain), None)


def absent(word: str) -> str | None:
    """Return what to do where there is no op for ``word``; ``None`` if nothing is known of it.

    >>> absent("LSTM")
    'there are no recurrent layers: a graph has no loops'
    """
    plain = _letters(word)
    return next((hint for wrong, hint in _ABSENT.items() if _letters(wrong) == plain), None)


def right_option(option: str, has: Collection[str]) -> str | None:
    """Return which of an op's options ``option`` means, or ``None``.

    >>> right_option("kernel_size", ("channels", "kernel"))
    'kernel'
    >>> right_option("rate", ("p",))
    'p'
    """
    plain = option.lower().replace("-", "_")
    choices = (plain, OPTION_ALIASES.get(plain), SECOND_CHOICE.get(plain))
    return next((name for name in choices if name in has), None)


def _letters(word: str) -> str:
    lower = word.lower().replace("_", "").replace("-", "")
    for rank in "1d", "2d", "3d":
        lower = lower.replace(rank, "")
    return lower
