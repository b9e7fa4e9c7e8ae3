"""Builds an op's PyTorch module from its spelling."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from archstat.ops.base import IO
from archstat.pytorch import pieces
from archstat.pytorch.spelling import spell

_NAMES = {
    "nn": nn, "torch": torch, "F": F, "Attend": pieces.Attend, "Buffer": pieces.Buffer, "DropPath": pieces.DropPath,
    "Parameter": pieces.Parameter, "SelfAttention": pieces.SelfAttention,
}  # fmt: skip


class Call(nn.Module):
    """An expression of tensors as a module; ``text`` is how it prints."""

    def __init__(self, function: Callable[..., Any], text: str) -> None:
        super().__init__()
        self.function = function
        self.text = text

    def forward(self, *inputs: Any) -> Any:
        return self.function(*inputs)

    def extra_repr(self) -> str:
        return self.text


def module(op: Any, io: IO, batched: Sequence[bool] = ()) -> nn.Module:
    """Return PyTorch's form of ``op`` between the tensors ``io``; ``batched`` as for :func:`spell`."""
    spelling = spell(op, io, batched)
    if spelling.is_module:
        # The text is the spelling table's, with literals of the op's options in it: nothing of the spec's wording.
        made: nn.Module = eval(spelling.text, dict(_NAMES))
        return made
    operands = [f"x{i}" for i in range(len(io.inputs))]
    text = spelling.text.format(*operands)
    return Call(eval(f"lambda {', '.join(operands)}: {text}", dict(_NAMES)), text)
