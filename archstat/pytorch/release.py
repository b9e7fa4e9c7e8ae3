"""The PyTorch that is installed: which rules hold of it, and what its fake tensors get wrong."""

from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from archstat.ops.tape import Mode

RELEASE = tuple(int(part) for part in torch.__version__.split(".")[:2])


def running(**how: Any) -> Mode:
    """Return a mode under the rules of the installed PyTorch."""
    return Mode(torch=RELEASE, **how)


class Fake(FakeTensorMode):
    """FakeTensorMode, but for a norm whose output it lays out otherwise than the CPU's kernel does.

    Since PyTorch 2.14 it gives group norm's as row-major where the input is channels_last; the kernel keeps that.
    """

    def dispatch(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = super().dispatch(func, types, args, kwargs)
        if func is torch.ops.aten.native_group_norm.default:
            suggested = torch._prims_common.suggest_memory_format(args[0])
            return (out[0].contiguous(memory_format=suggested), *out[1:])
        return out
