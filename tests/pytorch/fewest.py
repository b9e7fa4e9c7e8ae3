"""The samples that a bundled network needs to be trained at all."""

_FEWEST = {"deeplabv3_resnet50": 2}
"""Batch norm over a single position, as behind a global pool, refuses a single sample."""


def at_least(batch: int, name: str) -> int:
    """Return the batch, or the smallest one that a network can be trained with."""
    return max(batch, _FEWEST.get(name, 1))
