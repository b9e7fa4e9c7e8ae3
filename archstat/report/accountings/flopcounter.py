"""PyTorch's FlopCounterMode: two FLOPs for each MAC, and nothing else.

Source: torch 2.13.0, torch/utils/flop_counter.py

On meta tensors. On tensors of the CPU it counts nothing of attention, whose fused kernel it has no formula for.
"""

from archstat.report.accountings.sums import Figure, Tool, twice

TOOL = Tool(
    name="flopcounter",
    package="torch",
    version="2.13.0",
    note="on meta tensors; on the CPU's it counts nothing of attention",
    figures=(Figure(of="flops", called="FlopCounterMode().get_total_flops()", lines=twice),),
)
