"""Checked budgets, in every format: tables for people, and what GitHub, GitLab and other programs read."""

from collections.abc import Callable
from importlib import import_module

from archstat.budget.check import Checks
from archstat.render.style import Style

FORMATS = ("table", "markdown", "json", "csv", "tsv", "github", "junit", "sarif")

EXTENSIONS = {".xml": "junit", ".sarif": "sarif"}

_HOMES = {"table": "text", "csv": "json", "tsv": "json"}

Locate = Callable[[str], str]
"""A file as a message names it -> its path from the top of the repository."""


def render(name: str, checks: Checks, style: Style, locate: Locate = str) -> str:
    """Write what was checked in the format ``name``."""
    module = import_module(f"archstat.render.check.{_HOMES.get(name, name)}")
    text: str = module.render(name, checks, style, locate)
    return text
