"""Which formats there are. A format is a module with ``render(reports, style) -> str``."""

from collections.abc import Sequence
from importlib import import_module

from archstat.render.style import Style
from archstat.report.report import Report

FORMATS = ("table", "csv", "tsv", "json", "markdown")

MACHINE = ("csv", "tsv", "json")
"""The formats that hold every row and exact numbers."""

EXTENSIONS = {".txt": "table", ".csv": "csv", ".tsv": "tsv", ".json": "json", ".md": "markdown"}
"""What ``-o FILE`` writes, by the file's extension."""


def render(name: str, reports: Sequence[Report], style: Style) -> str:
    """Write ``reports`` in the format ``name``."""
    text: str = import_module(f"archstat.render.{name}").render(reports, style)
    return text
