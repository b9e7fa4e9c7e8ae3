"""fvcore's FlopCountAnalysis, which counts MACs, and norms, pools and upsampling by formulas of its own.

Source: fvcore 0.1.5.post20221221, fvcore/nn/flop_count.py, jit_handles.py, parameter_count.py

It traces what PyTorch runs, and under torch.no_grad() PyTorch runs a nn.MultiheadAttention in evaluation mode as one
fused kernel, of which fvcore counts nothing. With gradients its rules are what ``archstat verify`` holds it to.
"""

from archstat.graph import Node
from archstat.pytorch.references import counted, reason
from archstat.report.accountings.modules import runs_fused
from archstat.report.accountings.sums import Addends, Figure, Tool, from_macs, macs_of, params


def _macs(node: Node) -> Addends:
    theirs = counted("fvcore", "flops", node)
    if theirs != macs_of(node):
        yield reason("fvcore", "flops", node, theirs), theirs - macs_of(node)


def _fused(node: Node) -> Addends:
    if runs_fused(node):
        yield "fvcore doesn't know the kernel that attention is without gradients", -macs_of(node)
    else:
        yield from _macs(node)


_VERSION = "0.1.5.post20221221"
_PARAMS = Figure(of="params", called='parameter_count(model)[""]', lines=params)

TOOLS = (
    Tool(
        name="fvcore",
        version=_VERSION,
        note="with gradients enabled; fvcore-no-grad is the same under torch.no_grad()",
        figures=(
            Figure(of="macs", called="FlopCountAnalysis(model, x).total()", lines=from_macs(_macs)),
            _PARAMS,
        ),
    ),
    Tool(
        name="fvcore-no-grad",
        package="fvcore",
        version=_VERSION,
        note="under torch.no_grad(); fvcore is the same with gradients enabled",
        figures=(
            Figure(
                of="macs",
                called="FlopCountAnalysis(model, x).total() under torch.no_grad()",
                lines=from_macs(_fused),
            ),
            _PARAMS,
        ),
    ),
)
