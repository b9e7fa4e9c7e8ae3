"""Keras's count_params(), the "Total params" of its summary.

Source: keras 3.15.1, keras/src/layers/layer.py (count_params), layers/normalization/batch_normalization.py

The layers are the same ones in Keras: Dense for a linear layer, GroupNormalization, MultiHeadAttention.
"""

from math import prod

from archstat.graph import Graph, Node
from archstat.report.accountings.sums import Addends, Figure, Line, Tool, gathered, params


def _moving(node: Node) -> Addends:
    if node.op.word == "batch_norm":
        sizes = node.op.buffers(node.io).items()
        kept = sum(prod(shape) for name, shape in sizes if name != "num_batches_tracked")
        yield "batch norms' moving mean and variance count, as non-trainable params", kept


def _params(graph: Graph) -> list[Line]:
    return params(graph) + gathered(graph, _moving)


TOOL = Tool(
    name="keras",
    version="3.15.1",
    note="for the same layers in Keras; networks of keras.applications may have others",
    figures=(Figure(of="params", called="count_params(): Total params", lines=_params),),
)
