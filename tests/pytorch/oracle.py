"""PyTorch's own answers about memory, as verify asks for them."""

from archstat.pytorch.watch import (
    Tracker,
    arriving,
    inference_peak,
    materialise,
    peak_of,
    saved,
    saved_for_backward,
    training_peak,
)

__all__ = [
    "Tracker",
    "arriving",
    "inference_peak",
    "materialise",
    "peak_of",
    "saved",
    "saved_for_backward",
    "training_peak",
]
