"""Which settings take numbers: those that ``solve`` looks for the largest of, and that a formula can be in."""

from collections.abc import Sequence

from archstat.errors import ArchstatError, UsageError
from archstat.variants.family import Family

_NO_NUMBERS = ("input", "dtype")
"""Settings of any spec that no number is a value of."""


def check_numbers(family: Family, names: Sequence[str]) -> None:
    """Raise a UsageError for a setting that there isn't, or that takes no numbers; a hint names only those that do."""
    for name in names:
        if name not in family.variables:
            left_out = _NO_NUMBERS if _takes_resolution(family) else (*_NO_NUMBERS, "resolution")
            family.check(
                [name], [n for n in family.variables if n in family.own or n not in left_out]
            )
        if name in _NO_NUMBERS and name not in family.own:
            raise UsageError(f"'{name}' takes no numbers", hint="batch and resolution do")
    family.check(names)


def _takes_resolution(family: Family) -> bool:
    try:
        family.graph({"resolution": family.default("resolution")})
    except ArchstatError:
        return False
    return True
