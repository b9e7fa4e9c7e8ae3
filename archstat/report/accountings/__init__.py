"""How other tools come to their figures: sums from archstat's total to theirs, line by line, without the tools.

A tool is a file with a ``TOOL`` in it: its name, the version that its rules were read from and held against, and each
figure that it prints as a rule. A rule gives for a node what the tool counts more or less than archstat, with why::

    def _macs(node: Node) -> Addends:
        if class_of(node) == "BatchNorm":
            yield "norms: 2 per element", 2 * node.io.x.numel

    TOOL = Tool(
        name="counter",
        version="1.0",
        figures=(Figure(of="macs", called="its MACs", lines=from_macs(_macs)),),
    )

To add one, write its file, name it in ``catalogue.py``, run it in ``tests/pytorch/tools.py``, and record what it prints
with ``pytest tests/pytorch/test_tools.py --update``. Nothing of torch, and none of the tools, is imported here.

A tool that hooks modules sees how a network is written. What is meant is the plain way: every layer a module of
torch.nn, side by side; attention a nn.MultiheadAttention called with need_weights=False, and with a mask where it is
causal; a learnable table a nn.Parameter of the network itself; sums and products of branches operators (``+``, ``*``,
``@``). It is in evaluation mode, and gradients are not switched off unless the tool's name says so.
"""

from archstat.report.accountings.catalogue import TOOLS, Answer, account, answer
from archstat.report.accountings.sums import Account, Figure, Line, Tool

__all__ = ["TOOLS", "Account", "Answer", "Figure", "Line", "Tool", "account", "answer"]
