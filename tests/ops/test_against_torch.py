"""Every case against PyTorch itself: shape, params, MACs, memory and layout. Needs torch; runs no arithmetic."""

from typing import Any

import pytest

from archstat.ops.base import IO, total
from tests.ops.case import Case, all_cases

torch = pytest.importorskip("torch", reason="torch is not installed: pip install torch fvcore")
flop_counter = pytest.importorskip("torch.utils.flop_counter")
release = pytest.importorskip("archstat.pytorch.release")
modules = pytest.importorskip("archstat.pytorch.modules")

CASES = pytest.mark.parametrize("case", all_cases(), ids=str)


def arriving(case: Case, device: str) -> list[Any]:
    """Make the inputs, and run what stands before the op: tensors that may be views."""
    tensors = []
    for x in case.arriving():
        made = torch.zeros(x.shape, dtype=getattr(torch, x.dtype), device=device)
        pad = case.pad()
        for step in [*case.chain(), *([pad] if pad else [])]:
            y = step.output(x)
            made = modules.module(step, IO((x,), y))(made)
            x = y
        tensors.append(made)
    return tensors


@CASES
def test_shape_params_and_buffers(case: Case) -> None:
    op, io = case.build()
    with torch.device("meta"):
        module = modules.module(op, io)
        y = module(*arriving(case, "meta"))
    assert tuple(y.shape) == io.y.shape
    params, buffers = op.params(io), op.buffers(io)
    if isinstance(getattr(module, "training", None), bool):
        assert {n: tuple(p.shape) for n, p in module.named_parameters()} == params
        assert {n: tuple(b.shape) for n, b in module.named_buffers()} == buffers
    else:
        assert (params, buffers) == ({}, {})


@CASES
def test_macs(case: Case) -> None:
    op, io = case.build()
    with torch.device("meta"):
        module = modules.module(op, io)
        inputs = arriving(case, "meta")
        with flop_counter.FlopCounterMode(display=False) as counter:
            module(*inputs)
    assert counter.get_total_flops() == 2 * total(op.macs(io))


@CASES
@pytest.mark.parametrize("training", [False, True], ids=["inference", "training"])
def test_memory(case: Case, training: bool) -> None:
    op, io = case.build()
    with release.Fake(), torch.no_grad():
        module = modules.module(op, io)
        if hasattr(module, "train"):
            module.train(training)
        inputs = arriving(case, "cpu")
        held = [x.untyped_storage()._cdata for x in inputs]
        if op.storage(io) == -1:
            own = [*module.parameters(), *module.buffers()]
            held = [t.untyped_storage()._cdata for t in own]
        y = module(*inputs)
        at = y.untyped_storage()._cdata
    index = op.storage(io, training=training)
    assert (at in held) == (index is not None)
    if not training:
        assert layout(y.shape, y.stride()) == layout(io.y.shape, io.y.steps())


def layout(shape: Any, strides: Any) -> list[int]:
    """Return the strides that matter: a step along an axis of one is never taken."""
    return [s for n, s in zip(shape, strides, strict=True) if n > 1]
