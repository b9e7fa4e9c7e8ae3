"""torch.autocast, and fake tensors that have the types that the CPU's kernels give under it."""

import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import torch
import torch.nn.attention

from archstat.ops.tape import Mode
from archstat.pytorch.release import Fake

ATEN = torch.ops.aten

HELD = {ATEN.native_batch_norm.default: (1, 3), ATEN.native_layer_norm.default: (2,),
        ATEN.native_group_norm.default: (1,)}  # fmt: skip
"""Norms that make statistics, and where among their arguments their weight and running mean are."""


class Mixed(Fake):
    """Fake tensors, but for norms of half precision with weights in single: fake, their statistics are in half, too."""

    def dispatch(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = super().dispatch(func, types, args, kwargs)
        if func in HELD:
            held = next((args[i] for i in HELD[func] if args[i] is not None), args[0])
            with self:
                return (out[0], *(t.to(held.dtype) for t in out[1:]))
        if func is ATEN.native_group_norm_backward.default and out[0] is not None:
            with self:
                return (out[0].to(args[1].dtype), *out[1:])
        return out


def tensors(mode: Mode) -> AbstractContextManager[Any]:
    """Return the mode in which tensors are made: fake ones of the CPU, or real ones on the GPU."""
    if mode.device == "cuda":
        return _on_gpu()
    return Mixed() if mode.autocast else Fake()


@contextmanager
def _on_gpu() -> Iterator[None]:
    """Make real tensors, and leave cuDNN's kernel of attention out, which only some GPUs have."""
    backends = torch.nn.attention.SDPBackend
    with (
        torch.device("cuda"),
        torch.nn.attention.sdpa_kernel(
            [backends.FLASH_ATTENTION, backends.EFFICIENT_ATTENTION, backends.MATH]
        ),
    ):
        yield


@contextmanager
def autocast(mode: Mode) -> Iterator[None]:
    """Run under torch.autocast as the mode has it, if it has it."""
    if not mode.autocast:
        yield
        return
    with (
        warnings.catch_warnings(),
        torch.autocast(mode.device, dtype=getattr(torch, mode.autocast)),
    ):
        # Autocast brings rms_norm a weight of another type than its input, which is what is to be measured.
        warnings.filterwarnings("ignore", "Mismatch dtype between input and weight")
        yield
