"""A network written the plain way, as archstat.report.accountings means it: its layers side by side on meta."""

import operator
from typing import Any

import torch
from torch import fx, nn

from archstat.graph import Graph
from archstat.pytorch.lowering import lower, target_of
from archstat.report.accountings.modules import class_of


def plainly(graph: Graph) -> fx.GraphModule:
    """Return the network with one module of torch.nn a layer, no layer inside another, in evaluation mode."""
    lowered = lower(graph)
    targets = [target_of(node.path) for node in graph.nodes]
    parts = [lowered.get_submodule(target) for target in targets[1:]]
    root, wired = nn.Module(), fx.Graph()
    values: list[fx.Node] = [wired.placeholder("input")]
    for index, node in enumerate(graph.nodes[1:], 1):
        name, part = f"layer{index}", parts[index - 1]
        inputs = tuple(values[i] for i in node.inputs)
        if node.op.word == "parameter":
            root.register_parameter(name, part.weight)
            values.append(wired.call_function(operator.getitem, (wired.get_attr(name), None)))
        elif class_of(node) == "MultiheadAttention":
            root.add_module(name, _multihead(node, part))
            if getattr(node.op, "causal", False):
                length = node.io.x.shape[-2]
                root.register_buffer(f"{name}_mask", torch.zeros(length, length, device="meta"))
            values.append(_called(wired, name, inputs[0], node))
        else:
            root.add_module(name, _alone(part, targets[index], targets))
            values.append(wired.call_module(name, inputs))
    outputs = tuple(values[i] for i in graph.outputs)
    wired.output(outputs[0] if len(outputs) == 1 else outputs)
    return fx.GraphModule(root, wired).eval()


def _alone(part: Any, target: str, targets: list[str]) -> Any:
    """Take what stands under a layer's path, its norm say, out of the layer's module."""
    below = {t[len(target) + 1 :].partition(".")[0] for t in targets if t.startswith(f"{target}.")}
    for name in below:
        part._modules.pop(name, None)
    return part


def _multihead(node: Any, part: Any) -> nn.Module:
    op = node.op
    made = nn.MultiheadAttention(
        node.io.x.channels, op.heads, bias=op.bias, batch_first=True, device="meta"
    )
    for name, p in part.named_parameters():
        at, _, leaf = name.rpartition(".")
        setattr(made.get_submodule(at), leaf, p)
    return made


def _called(wired: fx.Graph, name: str, x: fx.Node, node: Any) -> fx.Node:
    """Call attention on [N, L, C]; axes between the batch and the sequence join the batch.

    Causal attention gets its mask of numbers, as torch.nn.Transformer makes it.
    """
    shape, options = node.io.x.shape, {"need_weights": False}
    if node.op.causal:
        options |= {"attn_mask": wired.get_attr(f"{name}_mask"), "is_causal": True}
    if len(shape) > 3:
        x = wired.call_method("reshape", (x, -1, *shape[-2:]))
    y = wired.call_module(name, (x, x, x), options)
    y = wired.call_function(operator.getitem, (y, 0))
    return wired.call_method("reshape", (y, *shape)) if len(shape) > 3 else y
