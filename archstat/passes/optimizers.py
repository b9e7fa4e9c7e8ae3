"""What optimizers keep for each parameter, and what lives while they step, as torch.optim's own code does it."""

from collections.abc import Iterator, Sequence
from typing import Literal, Protocol

import msgspec

from archstat.graph import Graph
from archstat.ops.tape import Device
from archstat.passes.reached import reached_layers
from archstat.passes.trace import trained_nodes
from archstat.tensor import BYTES, Tensor

Name = Literal["sgd", "momentum", "adam", "adamw"]
Implementation = Literal["for-loop", "foreach", "fused"]


class Optimizer(msgspec.Struct, frozen=True):
    """``momentum`` is SGD with momentum; AdamW decays weights in place, which costs nothing."""

    name: Name = "sgd"
    implementation: Implementation = "for-loop"
    weight_decay: bool = False


class Trained(Protocol):
    """A parameter that is trained."""

    @property
    def node(self) -> int: ...

    @property
    def tensor(self) -> Tensor: ...


COPIES = {"sgd": 0, "momentum": 1, "adam": 2, "adamw": 2}
"""How many tensors of the parameter's size an optimizer keeps."""


def state_bytes(optimizer: Optimizer, parameter: Tensor, device: Device = "cpu") -> tuple[int, ...]:
    """Return the sizes of what the optimizer keeps on the device for one parameter, from the second step on.

    Counts:  momentum buffers; Adam's two averages, and its counter of steps in single precision, which only the fused
             implementation has on a GPU
    Unit:    bytes
    Source:  torch.optim.SGD, Adam, AdamW
    """
    copies = (parameter.nbytes,) * COPIES[optimizer.name]
    counts = optimizer.name.startswith("adam")
    there = device == "cpu" or optimizer.implementation == "fused"
    return (*copies, BYTES["float32"]) if counts and there else copies


def gradient_bytes(graph: Graph) -> tuple[int, ...]:
    """Measure the gradients of the params that are trained, as they stand after the backward pass.

    Counts:  one gradient for each trained param, at the owner of a shared one
    Ignores: frozen params; layers whose output nothing reads; the gradients of activations, which come and go
    Unit:    bytes
    Source:  torch.Tensor.grad
    """
    return tuple(sum(p.nbytes for p in own) for own in _trained(graph))


def optimizer_bytes(graph: Graph, optimizer: Optimizer, device: Device = "cpu") -> tuple[int, ...]:
    """Measure what the optimizer keeps on the device from step to step.

    Counts:  :func:`state_bytes` of each trained param, at the owner of a shared one
    Ignores: temporaries of the step
    Unit:    bytes
    Source:  torch.optim.Optimizer.state
    """
    return tuple(
        sum(sum(state_bytes(optimizer, p, device)) for p in own) for own in _trained(graph)
    )


def momentum_bytes(graph: Graph) -> tuple[int, ...]:
    """Measure what SGD with momentum keeps from step to step.

    Counts:  one buffer of the size of each trained param, at the owner of a shared one
    Ignores: frozen params; layers whose output nothing reads; temporaries of the step
    Unit:    bytes
    Source:  torch.optim.SGD
    """
    return optimizer_bytes(graph, Optimizer("momentum"))


def adam_bytes(graph: Graph) -> tuple[int, ...]:
    """Measure what Adam and AdamW keep from step to step.

    Counts:  two averages of the size of each trained param, and its counter of steps in single precision
    Ignores: frozen params; layers whose output nothing reads; temporaries of the step
    Unit:    bytes
    Source:  torch.optim.Adam
    """
    return optimizer_bytes(graph, Optimizer("adam"))


def _trained(graph: Graph) -> list[list[Tensor]]:
    trained = trained_nodes(graph)
    learning = {graph.nodes[index].owner for index in reached_layers(graph)}
    return [
        [Tensor(shape, graph.dtype) for shape in node.params().values()]
        if node.owner == index and trained[index] and index in learning
        else []
        for index, node in enumerate(graph.nodes)
    ]


def transients(
    optimizer: Optimizer, parameters: Sequence[Trained]
) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Yield what is alive for a while in the optimizer's step: a parameter's node, and sizes in bytes.

    Source:  the functions _single_tensor_*, _multi_tensor_* and _fused_* of torch.optim
    """
    adam = optimizer.name.startswith("adam")
    decays = optimizer.weight_decay and optimizer.name != "adamw"
    if optimizer.implementation == "fused":
        return
    if optimizer.implementation == "foreach":
        if parameters and (adam or decays):
            # Adam's decayed gradients are gone before the roots of its averages are made: never both.
            yield parameters[-1].node, tuple(p.tensor.nbytes for p in parameters)
        return
    before = 0
    for parameter in parameters:
        nbytes = parameter.tensor.nbytes
        if adam:
            decayed = (nbytes,) if decays else ()
            yield parameter.node, (*decayed, nbytes, nbytes, *((before,) if before else ()))
            before = nbytes
        elif decays:
            yield parameter.node, (nbytes,)
