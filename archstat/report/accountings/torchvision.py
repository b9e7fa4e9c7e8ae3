"""What torchvision prints of its weights: ``_ops`` and ``num_params`` in their meta data and in its documentation.

Source: torchvision 0.28.0, torchvision/models/*.py

``_ops``, the column GFLOPS of its tables, is MACs in units of 10^9: of convolutions, linear layers and attention,
without biases and norms. ``_file_size`` isn't explained: files may hold half precision or auxiliary heads.
"""

from archstat.report.accountings.sums import Figure, Tool, macs, params

TOOL = Tool(
    name="torchvision",
    version="0.28.0",
    figures=(
        Figure(of="macs", called="_ops, in 10^9; GFLOPS in its tables", lines=macs),
        Figure(of="params", called="num_params", lines=params),
    ),
)
