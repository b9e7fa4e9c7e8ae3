"""Keras's count_params() of a network: of keras.applications where it is there, else of the same layers in Keras."""

import os
from importlib import import_module
from typing import Any

from archstat.graph import Graph, Node

APPLICATIONS = {
    "vgg16": "VGG16", "vgg19": "VGG19", "mobilenet_v1": "MobileNet", "mobilenet_v2": "MobileNetV2",
    "densenet121": "DenseNet121", "convnext_tiny": "ConvNeXtTiny",
}  # fmt: skip
"""Bundled specs, and the networks of keras.applications that they are."""


def count_params(network: str, graph: Graph) -> int | None:
    """Return Keras's count, or nothing where it has no such layer; no weight is made."""
    if any(
        getattr(node.op, "groups", 1) > 1
        for node in graph.nodes
        if node.op.word == "conv_transpose"
    ):
        return None
    os.environ.setdefault("KERAS_BACKEND", "torch")
    keras: Any = import_module("keras")
    with keras.StatelessScope():
        if network in APPLICATIONS:
            made = getattr(keras.applications, APPLICATIONS[network])(weights=None)
            return int(made.count_params())
        owners = [node for i, node in enumerate(graph.nodes) if node.owner == i and node.params()]
        return sum(_counted(keras.layers, node) for node in owners)


def _counted(layers: Any, node: Node) -> int:
    if node.op.word == "parameter":
        return node.output.numel  # the model's own weight, in no layer
    layer, x = _LAYERS[node.op.word](layers, node), node.io.x
    sample = (*x.sample[1:], x.channels) if x.channels_first and len(x.sample) > 1 else x.sample
    shape = (x.batch, *sample)
    layer.build(*[shape] * (2 if node.op.word == "attention" else 1))
    return int(layer.count_params())


def _conv(layers: Any, node: Node) -> Any:
    op: Any = node.op
    window = op.window(node.io.x)
    return getattr(layers, f"Conv{len(node.io.x.spatial)}D")(
        op.channels, window.kernel, strides=window.stride, groups=op.groups, use_bias=op.bias
    )


def _conv_transpose(layers: Any, node: Node) -> Any:
    op: Any = node.op
    kernel, stride, *_ = op.axes(node.io.x)
    return getattr(layers, f"Conv{len(node.io.x.spatial)}DTranspose")(
        op.channels, kernel, strides=stride, use_bias=op.bias
    )


def _attention(layers: Any, node: Node) -> Any:
    op: Any = node.op
    width = op.head_dim or node.io.x.channels // op.heads
    if op.kv_heads in (None, op.heads):
        return layers.MultiHeadAttention(op.heads, width, use_bias=op.bias)
    return layers.GroupQueryAttention(width, op.heads, op.kv_heads, use_bias=op.bias)


def _affine(node: Node) -> dict[str, bool]:
    names = node.params()
    return {"center": "bias" in names, "scale": "weight" in names}


_LAYERS: dict[str, Any] = {
    "conv": _conv,
    "conv_transpose": _conv_transpose,
    "attention": _attention,
    "linear": lambda layers, node: layers.Dense(node.op.features, use_bias=node.op.bias),
    "embedding": lambda layers, node: layers.Embedding(node.op.entries, node.op.features),
    "batch_norm": lambda layers, node: layers.BatchNormalization(**_affine(node)),
    "layer_norm": lambda layers, node: layers.LayerNormalization(**_affine(node)),
    "group_norm": lambda layers, node: layers.GroupNormalization(node.op.groups, **_affine(node)),
    "instance_norm": lambda layers, node: layers.GroupNormalization(-1, **_affine(node)),
    "rms_norm": lambda layers, node: layers.RMSNormalization(),
    "prelu": lambda layers, node: layers.PReLU(
        shared_axes=[*range(1, len(node.io.x.shape) - (node.op.num_parameters > 1))]
    ),
}
"""How Keras says each op that learns."""
