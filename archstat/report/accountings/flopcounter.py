"""PyTorch's FlopCounterMode: two FLOPs for each MAC, and nothing else.

Source: torch 2.13.0, torch/utils/flop_counter.py

On meta tensors, with gradients enabled. On tensors of the CPU it has no formula for attention's kernels.
"""

from archstat.report.accountings.sums import Figure, Tool, twice

TOOL = Tool(
    name="flopcounter",
    package="torch",
    version="2.13.0",
    note="on meta tensors; on the CPU's it doesn't see QK^T and AV, nor under torch.no_grad() the projections",
    figures=(Figure(of="flops", called="FlopCounterMode().get_total_flops()", lines=twice),),
)
