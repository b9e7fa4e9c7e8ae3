"""Every op against numbers worked out by hand."""

import pytest

from archstat.errors import SpecError
from archstat.ops.base import total
from tests.ops.case import Case, all_cases, all_errors
from tests.ops.sums import holds, work_out

MEMORY = {"owns": None, "shares": 0, "parameter": -1}


@pytest.mark.parametrize("case", all_cases(), ids=str)
def test_case(case: Case) -> None:
    op, io = case.build()
    assert list(io.y.sample) == case.output
    got = {
        "params": total(op.params(io)),
        "buffers": total(op.buffers(io)),
        "macs": total(op.macs(io)),
        "flops": total(op.flops(io)),
    }
    wanted = {name: work_out(getattr(case, name)) for name in got}
    assert got == wanted
    assert op.storage(io) == MEMORY[case.memory]
    assert op.storage(io, training=True) == MEMORY[case.training or case.memory]


@pytest.mark.parametrize("case", all_cases(), ids=str)
def test_steps_hold(case: Case) -> None:
    op, io = case.build()
    for step in op.steps(io):
        assert holds(step)


@pytest.mark.parametrize("case", [c for c in all_cases() if c.pads or "same" in str(c)], ids=str)
def test_split(case: Case) -> None:
    pad = case.pad()
    assert (pad and pad.sides) == (case.pads and tuple(case.pads))


@pytest.mark.parametrize("case", all_errors(), ids=str)
def test_refused(case: Case) -> None:
    with pytest.raises(SpecError) as caught:
        case.build()
    assert caught.value.message == case.error
    assert caught.value.hint == case.hint
