"""archstat's own totals, so that a figure can be found to be one of them."""

from archstat import passes
from archstat.graph import Graph
from archstat.report.accountings.sums import Figure, Line, Tool, macs, params, twice
from archstat.report.grouping import total


def _flops(graph: Graph) -> list[Line]:
    """Add what archstat's own FLOPs have beside two per MAC."""
    doubled = twice(graph)
    rest = (total(passes.flops(graph)) or 0) - sum(line.amount for line in doubled)
    return [*doubled, Line("bias, norms, activations, pooling, softmax, elementwise work", rest)]


TOOLS = (
    Tool(
        name="macs",
        figures=(
            Figure(
                of="macs",
                called="MACs; the FLOPs of the ResNet, EfficientNet and ConvNeXt papers",
                lines=macs,
            ),
        ),
    ),
    Tool(
        name="flops",
        figures=(Figure(of="flops", called="FLOPs: all floating-point operations", lines=_flops),),
    ),
    Tool(
        name="params",
        figures=(
            Figure(of="params", called="params: learnable numbers, shared ones once", lines=params),
        ),
    ),
)
