"""Options that can't go together, or mean nothing alone."""

from collections.abc import Mapping

import click
from click.core import ParameterSource


def refuse_beside(other: str, options: Mapping[str, object]) -> None:
    """Refuse options that can't go with another."""
    from archstat.errors import UsageError

    for name, value in options.items():
        if value:
            raise UsageError(f"{name} can't go with {other}", hint=f"leave out {name}")


def refuse_without(needed: str, options: Mapping[str, object]) -> None:
    """Refuse options that mean nothing without another."""
    from archstat.errors import UsageError

    for name, value in options.items():
        if value:
            raise UsageError(f"{name} says nothing without {needed}", hint=f"add {needed}")


def was_given(name: str) -> bool:
    """Say whether the option whose parameter is ``name`` stands on the command line, be it with its default."""
    context = click.get_current_context()
    return context.get_parameter_source(name) not in (None, ParameterSource.DEFAULT)
