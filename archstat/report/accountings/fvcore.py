"""fvcore's FlopCountAnalysis, which counts MACs, and norms, pools and upsampling by formulas of its own.

Source: fvcore 0.1.5.post20221221, fvcore/nn/flop_count.py, jit_handles.py, parameter_count.py

With gradients not switched off: under torch.no_grad() a nn.MultiheadAttention in evaluation mode is one fused kernel,
of which it counts nothing. What its rules are is also what ``archstat verify`` holds it to.
"""

from archstat.graph import Node
from archstat.pytorch.references import counted, reason
from archstat.report.accountings.sums import Addends, Figure, Tool, from_macs, macs_of, params


def _macs(node: Node) -> Addends:
    theirs = counted("fvcore", "flops", node)
    if theirs != macs_of(node):
        yield reason("fvcore", "flops", node, theirs), theirs - macs_of(node)


TOOL = Tool(
    name="fvcore",
    version="0.1.5.post20221221",
    note="with gradients enabled; under torch.no_grad() it counts nothing of nn.MultiheadAttention",
    figures=(
        Figure(of="macs", called="FlopCountAnalysis(model, x).total()", lines=from_macs(_macs)),
        Figure(of="params", called='parameter_count(model)[""]', lines=params),
    ),
)
