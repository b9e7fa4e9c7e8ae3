"""A report as tab-separated values: the CSV's columns, for ``cut`` and ``awk``."""

from collections.abc import Sequence

from archstat.render import csv
from archstat.render.style import Style
from archstat.report.report import Report


def render(reports: Sequence[Report], style: Style) -> str:
    """Return the reports as one table with a header line."""
    return csv.render(reports, style, delimiter="\t")
