"""Several devices at work on one network: what each holds, and what goes between them."""

from collections.abc import Callable
from typing import Literal

import msgspec

from archstat.errors import UsageError
from archstat.graph import Graph
from archstat.passes.optimizers import gradient_bytes
from archstat.tensor import BYTES


class Devices(msgspec.Struct, frozen=True):
    """How many there are, and what they divide: the samples of ``batch``, all of them together, or the channels."""

    count: int
    divide: Literal["batch", "channels"]
    batch: int = 0


class Line(msgspec.Struct, frozen=True):
    """A number of bytes that is no layer's, below a table."""

    key: str
    title: str
    nbytes: int
    about: str


def share_of_batch(batch: int, gpus: int) -> int:
    """Return how many samples a GPU holds at most. Raises a UsageError if one would have none.

    >>> share_of_batch(256, 8), share_of_batch(256, 7)
    (32, 37)
    """
    if gpus > batch:
        raise UsageError(
            f"--gpus {gpus:,}: a batch of {batch:,} leaves some without a sample",
            hint=f"--batch {gpus} gives each one",
        )
    return -(-batch // gpus)


def data_parallel(gpus: int) -> Callable[[Graph], tuple[Line, ...]]:
    """Return what gives a graph's lines: the bytes that each GPU exchanges and keeps, beside those of one GPU alone.

    In a ring each GPU sends 2(N - 1) pieces of its gradients, of which there are N: first to sum them up, then to hand
    the sums around. Where N doesn't divide the gradients the pieces are rounded up to whole numbers.
    """

    def lines(graph: Graph) -> tuple[Line, ...]:
        gradients = sum(gradient_bytes(graph))
        size = BYTES[graph.dtype]
        piece = size * -(-gradients // (size * gpus))
        return (
            Line(
                "all_reduce_bytes",
                "all-reduce",
                2 * (gpus - 1) * piece,
                f"what each GPU sends in a ring, and receives, in a step: 2 x {gpus - 1}/{gpus} x gradients",
            ),
            Line(
                "bucket_bytes",
                "DDP's buckets",
                gradients,
                "another copy of the gradients, not in the peak; none with gradient_as_bucket_view=True",
            ),
        )

    return lines
