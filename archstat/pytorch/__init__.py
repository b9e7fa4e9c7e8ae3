"""The PyTorch side: a graph as real PyTorch modules, and PyTorch's own counters to hold archstat against.

The only package that imports torch, and only when one of these functions is called.
"""

from typing import TYPE_CHECKING, Any

from archstat.errors import MissingPartError

if TYPE_CHECKING:
    from archstat.graph import Graph

INSTALL = "python -m pip install torch fvcore"


def lower(graph: "Graph", *, device: str = "meta") -> Any:
    """Return the graph as a ``torch.fx.GraphModule``: one module for each node, under its dotted path.

    On the meta device, the default, no weight is allocated. Raises a MissingPartError without torch.
    """
    require_torch()
    from archstat.pytorch.lowering import lower as lower_graph

    return lower_graph(graph, device=device)


def require_torch() -> None:
    """Raise a MissingPartError that says how to install torch, unless it is there."""
    try:
        import torch  # noqa: F401  # only whether it is there
    except ImportError:
        raise MissingPartError(
            f"this needs PyTorch, which is not installed: {INSTALL}", hint=None
        ) from None


def require_gpu() -> None:
    """Raise a MissingPartError unless PyTorch, which is installed, has a GPU to run on."""
    import torch

    if not torch.cuda.is_available():
        raise MissingPartError(
            "this needs a GPU that PyTorch can use, and there is none", hint="leave out --device"
        )
