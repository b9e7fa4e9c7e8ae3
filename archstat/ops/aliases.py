"""What other frameworks, and habit, call things: only to answer a wrong word with the right one."""

from archstat.ops.base import Op

ALIASES = {
    # Linear
    "dense": "linear",
    "fc": "linear",
    "fully_connected": "linear",
    "inner_product": "linear",
    "gemm": "linear",
    "mlp": "linear",
    "embed": "embedding",
    "param": "parameter",
    "weight": "parameter",
    "variable": "parameter",
    # Convolution
    "convolution": "conv",
    "convolutional": "conv",
    "cnn": "conv",
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
    "mp": "max_pool",
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
    "subpixel": "pixel_shuffle",
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
    "route": "concat",
    "shortcut": "add",
    "residual": "add",
    "skip": "add",
    "eltwise": "add",
    "plus": "add",
    "subtract": "sub",
    "multiply": "mul",
    "times": "mul",
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
"""A wrong word, without its rank, and the right one."""

OPTION_ALIASES = {
    "kernel_size": ("kernel",),
    "pool_size": ("kernel",),
    "filter_size": ("kernel",),
    "window": ("kernel",),
    "k": ("kernel",),
    "filters": ("channels",),
    "out_channels": ("channels", "features"),
    "out_planes": ("channels",),
    "planes": ("channels",),
    "width": ("channels", "features"),
    "num_output": ("channels", "features"),
    "units": ("features",),
    "out_features": ("features", "channels"),
    "out": ("features", "channels"),
    "embedding_dim": ("features",),
    "output_dim": ("features",),
    "num_embeddings": ("entries",),
    "input_dim": ("entries",),
    "vocab": ("entries",),
    "vocab_size": ("entries",),
    "strides": ("stride",),
    "s": ("stride",),
    "rate": ("p", "dilation"),
    "prob": ("p",),
    "probability": ("p",),
    "drop_prob": ("p",),
    "dilation_rate": ("dilation",),
    "dilations": ("dilation",),
    "pad": ("padding", "sides"),
    "pads": ("padding", "sides"),
    "padding": ("sides",),
    "output_pad": ("output_padding",),
    "use_bias": ("bias",),
    "has_bias": ("bias",),
    "group": ("groups",),
    "num_groups": ("groups",),
    "ceil": ("ceil_mode",),
    "count_padding": ("count_include_pad",),
    "epsilon": ("eps",),
    "elementwise_affine": ("affine",),
    "scale_and_shift": ("affine",),
    "negative_slope": ("slope",),
    "alpha": ("slope",),
    "output_size": ("size",),
    "scale_factor": ("scale", "factor"),
    "upscale_factor": ("factor", "scale"),
    "downscale_factor": ("factor",),
    "r": ("factor",),
    "num_heads": ("heads",),
    "n_heads": ("heads",),
    "num_kv_heads": ("kv_heads",),
    "num_key_value_heads": ("kv_heads",),
    "key_dim": ("head_dim",),
    "is_causal": ("causal",),
    "axis": ("dim", "dims"),
    "axes": ("dim", "dims"),
    "dims": ("dim",),
    "dim": ("dims",),
    "keep_dim": ("keepdim",),
    "keepdims": ("keepdim",),
    "shape": ("size", "sides"),
    "target_shape": ("shape",),
    "in_place": ("inplace",),
    "num_params": ("num_parameters",),
    "interpolation": ("mode",),
}
"""A wrong option, and the right ones: the first that the op has is meant."""

ARRIVING = frozenset(
    {
        "in_channels",
        "in_features",
        "in_planes",
        "input_channels",
        "num_features",
        "num_channels",
        "normalized_shape",
        "embed_dim",
        "input_shape",
        "input_size",
    }
)
"""Options that don't exist because the number is what arrives."""

ARRIVES = "leave it out: it is what arrives"
"""The hint for one of :data:`ARRIVING`."""


def right_word(word: str, known: frozenset[str]) -> str | None:
    """Return the op that ``word`` means, or ``None``: case, ``_``, ``-`` and a rank don't matter.

    >>> right_word("Conv2DTranspose", frozenset({"conv", "conv_transpose"}))
    'conv_transpose'
    """
    plain = _plain(word)
    for name in sorted(known):
        if _plain(name) == plain:
            return name
    return next((right for wrong, right in ALIASES.items() if _plain(wrong) == plain), None)


def right_option(op: type[Op], option: str) -> str | None:
    """Return the option of ``op`` that ``option`` means, or ``None``.

    >>> from archstat.ops.conv import Conv
    >>> right_option(Conv, "kernel_size")
    'kernel'
    """
    has = op.options()
    plain = option.lower().replace("-", "_")
    if plain in has:
        return plain
    return next((right for right in OPTION_ALIASES.get(plain, ()) if right in has), None)


def _plain(word: str) -> str:
    lower = word.lower().replace("_", "").replace("-", "")
    for rank in "1d", "2d", "3d":
        lower = lower.replace(rank, "")
    return lower
