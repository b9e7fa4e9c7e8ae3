"""The spec format: YAML files to graphs. The front door is :func:`load`."""

from archstat.spec.files import bundled
from archstat.spec.loader import describe, load
from archstat.spec.model import Figure, Settings, Spec

__all__ = ["Figure", "Settings", "Spec", "bundled", "describe", "load"]
