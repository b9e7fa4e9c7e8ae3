"""Graph -> torch.fx.GraphModule: one module for each node under its dotted path, so that
``conv3.conv2.weight`` is a key of the state dict."""

import torch
from torch import fx, nn

from archstat.graph import Graph
from archstat.pytorch.modules import module
from archstat.pytorch.names import class_name, module_name
from archstat.pytorch.outline import batches


def lower(graph: Graph, *, device: str = "meta") -> fx.GraphModule:
    """Return a module that runs, trains and exports; its parameters are on ``device``, initialised as PyTorch does."""
    root = nn.Module()
    wired = fx.Graph()
    values: list[fx.Node] = [wired.placeholder("input")]
    dtype = getattr(torch, graph.dtype)
    batched = batches(graph)
    for index, node in enumerate(graph.nodes[1:], 1):
        with torch.device(device):
            made = module(node.op, node.io, [batched[i] for i in node.inputs])
        if dtype != torch.float32:
            made = made.to(dtype)
        target = target_of(node.path)
        _attach(root, target, made)
        if node.owner != index:
            share(made, root.get_submodule(target_of(graph.nodes[node.owner].path)))
        if node.frozen:
            # Not what stands under its path, which is a layer of its own.
            for name in node.params():
                made.get_parameter(name).requires_grad_(False)
        inputs = tuple(values[i] for i in node.inputs)
        values.append(wired.call_module(target, inputs))
    outputs = tuple(values[i] for i in graph.outputs)
    wired.output(outputs[0] if len(outputs) == 1 else outputs)
    return fx.GraphModule(root, wired, class_name(graph.name))


def target_of(path: str) -> str:
    """Return the submodule's dotted name for a layer's path."""
    return ".".join(map(module_name, path.split(".")))


def share(made: nn.Module, owner: nn.Module) -> None:
    """Make every parameter of ``made`` the owner's of the same name."""
    for name, _ in list(made.named_parameters()):
        at, _, leaf = name.rpartition(".")
        setattr(made.get_submodule(at), leaf, owner.get_parameter(name))


def _attach(root: nn.Module, target: str, made: nn.Module) -> None:
    """Put ``made`` under ``target``, making the modules around it."""
    at = root
    *around, last = target.split(".")
    for name in around:
        if name not in at._modules:
            at.add_module(name, nn.Module())
        at = at.get_submodule(name)
    held = at._modules.get(last)
    if held is None:
        at.add_module(last, made)
        return
    # What stands under a layer's path (its pad) was built before the layer itself.
    for name, child in held.named_children():
        made.add_module(name, child)
    setattr(at, last, made)
