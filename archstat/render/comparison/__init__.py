"""Comparisons in every format. A format is a module with ``render(outcome, arrangement, style) -> str``."""

from importlib import import_module

from archstat.comparison.outcome import Outcome
from archstat.render.style import Style
from archstat.report.arrange import Arrangement

_MODULES = {
    "table": "text",
    "csv": "separated",
    "tsv": "separated",
    "json": "json",
    "markdown": "markdown",
}


def render(name: str, outcome: Outcome, arrangement: Arrangement, style: Style) -> str:
    """Write an outcome in the format ``name``. Raises a UsageError on an arrangement that can't be."""
    module = import_module(f"archstat.render.comparison.{_MODULES[name]}")
    more = {"delimiter": "\t"} if name == "tsv" else {}
    text: str = module.render(outcome, arrangement, style, **more)
    return text
