"""What a neural-network architecture costs, exactly, from a YAML spec.

``archstat.load("vgg16").params`` is 138357544. Nothing is imported before it is used, so the command line
stays quick.
"""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

__all__ = [
    "Architecture",
    "ArchstatError",
    "MissingPartError",
    "NothingFits",
    "SpecError",
    "UsageError",
    "__version__",
    "check",
    "compare",
    "formula",
    "load",
    "solve",
    "sweep",
]

if TYPE_CHECKING:
    from archstat.budget.check import check
    from archstat.comparison.compare import compare
    from archstat.errors import (
        ArchstatError,
        MissingPartError,
        NothingFits,
        SpecError,
        UsageError,
    )
    from archstat.report.architecture import Architecture, load
    from archstat.variants.python import formula, solve, sweep

_HOMES = {
    "check": "archstat.budget.check",
    "compare": "archstat.comparison.compare",
    "Architecture": "archstat.report.architecture",
    "load": "archstat.report.architecture",
    "ArchstatError": "archstat.errors",
    "MissingPartError": "archstat.errors",
    "NothingFits": "archstat.errors",
    "SpecError": "archstat.errors",
    "UsageError": "archstat.errors",
    "formula": "archstat.variants.python",
    "solve": "archstat.variants.python",
    "sweep": "archstat.variants.python",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'archstat' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
