"""torchinfo's "mult-adds" and "Total params".

Source: torchinfo 1.8.0, layer_info.py (calculate_macs), model_statistics.py

A leaf module's mult-adds are its tensors named weight and bias, times the positions of the output where the class is
a convolution, times the batch alone where it isn't. So a Linear layer over tokens counts one token, and an embedding
its whole table.
"""

from archstat import passes
from archstat.graph import Graph, Node
from archstat.report.accountings.modules import (
    NOTE,
    OWN,
    bias_adds,
    class_of,
    has,
    out_proj,
    own_params,
)
from archstat.report.accountings.sums import (
    Addends,
    Figure,
    Line,
    Tool,
    from_macs,
    macs_of,
    params,
)

_OF_WEIGHT_AND_BIAS = {
    "BatchNorm": "a norm's scale and shift count once per sample",
    "LayerNorm": "a norm's scale and shift count once per sample",
    "GroupNorm": "a norm's scale and shift count once per sample",
    "InstanceNorm": "a norm's scale and shift count once per sample",
    "RMSNorm": "a norm's scale and shift count once per sample",
    "PReLU": "PReLU's slopes count once per sample",
    "Embedding": "an embedding counts its whole table per sample",
}


def _mult_adds(node: Node) -> Addends:
    name, batch = class_of(node), node.output.shape[0]
    if name == "Conv":
        yield "biases: 1 per output element of a convolution", bias_adds(node)
    elif name == "ConvTranspose":
        positions = node.output.numel // node.output.channels
        theirs = (own_params(node) - (node.output.channels if has(node, "bias") else 0)) * positions
        yield (
            "a transposed convolution counts positions of the output, not the input",
            theirs - macs_of(node),
        )
        yield "biases: 1 per output element of a convolution", bias_adds(node)
    elif name == "Linear":
        features = node.output.channels
        yield (
            "biases of linear layers: 1 per feature and sample",
            batch * features if has(node, "bias") else 0,
        )
        yield (
            "a linear layer counts one position per sample",
            batch * features * node.io.x.channels - macs_of(node),
        )
    elif name == "SelfAttention":
        seen, _ = out_proj(node)
        rows = node.io.x.numel // node.io.x.channels
        yield (
            "attention: only the output projection is seen, for one position per sample",
            seen // rows * batch - macs_of(node),
        )
        yield (
            "biases of linear layers: 1 per feature and sample",
            batch * node.io.x.channels if has(node, "out_proj.bias") else 0,
        )
    elif name in _OF_WEIGHT_AND_BIAS:
        yield _OF_WEIGHT_AND_BIAS[name], batch * own_params(node)
    else:
        what = "attention" if name == "MultiheadAttention" or name in OWN else "a matrix product"
        yield f"{what} isn't seen: no module of its own with a weight", -macs_of(node)


def _params(graph: Graph) -> list[Line]:
    """Count a shared tensor for each module, and what no module holds less those repetitions."""
    own = passes.params(graph)
    repeated = [own_params(node) - n for node, n in zip(graph.nodes, own, strict=True)]
    bare = sum(own_params(node) for node in graph.nodes if node.op.word == "parameter")
    lost = min(bare, sum(repeated))
    lines = [
        Line("shared params count again in each layer", sum(repeated), sum(map(bool, repeated))),
        Line("params outside modules, up to as many: what modules leave is a difference", -lost, 0),
    ]
    return params(graph) + [line for line in lines if line.amount]


TOOL = Tool(
    name="torchinfo",
    version="1.8.0",
    note=NOTE.format("torchinfo"),
    figures=(
        Figure(of="macs", called="total_mult_adds: Total mult-adds", lines=from_macs(_mult_adds)),
        Figure(of="params", called="total_params: Total params", lines=_params),
    ),
)
