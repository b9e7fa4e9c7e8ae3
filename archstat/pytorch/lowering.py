"""Graph -> torch.fx.GraphModule: one module for each node under its dotted path, so that
``conv3.conv2.weight`` is a key of the state dict."""


from keyword import iskeyword

import torch
from torch import fx, nn

from archstat.graph import Graph
from archstat.pytorch.modules import module


def lower(graph: Graph, *, device: str = "meta") -> fx.GraphModule:
    """Return a module that runs, trains and exports; its parameters are on ``device``, initialised as PyTorch does."""
    root = nn.Module()
    wired = fx.Graph()
    values: list[fx.Node] = [wired.placeholder("input")]
    targets: dict[int, str] = {0: ""}
    dtype = getattr(torch, graph.dtype)
    for index, node in enumerate(graph.nodes[1:], 1):
        with torch.device(device):
            made = module(node.op, node.io).to(dtype)
        targets[index] = target = _attach(root, node.path, made)
        if node.owner != index:
            share(made, root.get_submodule(targets[node.owner]))
        if node.frozen:
            made.requires_grad_(False)
        inputs = tuple(values[i] for i in node.inputs)
        values.append(wired.call_module(target, inputs))
    outputs = tuple(values[i] for i in graph.outputs)
    wired.output(outputs[0] if len(outputs) == 1 else outputs)
    return fx.GraphModule(root, wired, _class_name(graph.name))


def share(made: nn.Module, owner: nn.Module) -> None:
    """Make every parameter of ``made`` the owner's of the same name."""
    for name, _ in list(made.named_parameters()):
        at, _, leaf = name.rpartition(".")
        setattr(made.get_submodule(at), leaf, owner.get_parameter(name))


def _attach(root: nn.Module, path: str, made: nn.Module) -> str:
    """Put ``made`` under ``path``, making the modules around it; return the target's name."""
    at, names = root, []
    *around, last = path.split(".")
    for name in around:
        name = _free(at, name)
        if name not in at._modules:
            at.add_module(name, nn.Module())
        at = at.get_submodule(name)
        names.append(name)
    last = _free(at, last)
    held = at._modules.get(last)
    if held is not None:
        # What stands under a layer's path (its pad) may have been built before the layer itself.
        for name, child in held.named_children():
            made.add_module(name, child)
    at.add_module(last, made) if held is None else setattr(at, last, made)
    return ".".join([*names, last])


def _free(at: nn.Module, name: str) -> str:
    """Return a name that is no keyword and no attribute: a stage called 'class' becomes 'class_'."""
    while iskeyword(name) or (name not in at._modules and hasattr(at, name)):
        name += "_"
    return name


def _class_name(name: str) -> str:
    word = "".join(c if c.isascii() and c.isalnum() else "_" for c in name).strip("_")
    return word if word[:1].isalpha() else f"Net_{word}"


