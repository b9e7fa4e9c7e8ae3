"""Numbers as people print them: reading ``138M`` exactly, writing ``138,357,544`` and ``138.4 M``.

Everything is whole numbers and fractions. MB is 10^6 bytes and MiB is 2^20 bytes, never mixed.
"""

import re
from fractions import Fraction
from functools import cache
from math import prod
from typing import Literal

import msgspec

from archstat.errors import SpecError

Unit = Literal["count", "bytes"]
System = Literal["si", "iec"]

_COUNT = {"": 0, "k": 3, "K": 3, "M": 6, "G": 9, "B": 9, "T": 12}
_IEC_COUNT = {"Ki": 10, "Mi": 20, "Gi": 30}
_SI_BYTES = {"kB": 3, "KB": 3, "MB": 6, "GB": 9, "TB": 12}
_IEC_BYTES = {"KiB": 10, "MiB": 20, "GiB": 30, "TiB": 40}

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

_LONGEST = 60


class Quantity(msgspec.Struct, frozen=True):
    """A printed number, exactly.

    ``step`` is one unit of the last printed digit: 10^6 for ``138M``, 10^4 for ``0.27M``.
    """

    value: Fraction
    step: Fraction
    unit: Unit = "count"

    def matches(self, exact: int | Fraction) -> Literal["rounded", "truncated"] | None:
        """Say how ``exact`` gives the printed number, if it does.

        >>> parse("138M").matches(138_357_544), parse("60M").matches(60_965_224)
        ('rounded', 'truncated')
        >>> parse("24M").matches(15_237_608) is None
        True
        """
        if abs(exact - self.value) * 2 <= self.step:
            return "rounded"
        if exact // self.step * self.step == self.value:
            return "truncated"
        return None


def parse(text: str) -> Quantity:
    """Read a printed number. Raises a SpecError, without a place, on anything else.

    ``Ki`` is a K that means 1024. After ``~`` the zeros at the end, from the third digit on, are rounding.
    A product is exact.

    >>> parse("6797.7K").value, parse("93 MiB").step, parse("61,706").step
    (Fraction(6797700, 1), Fraction(1048576, 1), Fraction(1, 1))
    >>> parse("112Ki").value, parse("~720M").step, parse("28x28x192").value
    (Fraction(114688, 1), Fraction(10000000, 1), Fraction(150528, 1))
    """
    factors = text.split("x")
    if 1 < len(factors) <= 16 and all(f.isascii() and f.isdigit() and len(f) <= 9 for f in factors):
        return Quantity(Fraction(prod(map(int, factors))), Fraction(1))
    found = _figure().fullmatch(text.strip()) if len(text) <= _LONGEST else None
    if found is None:
        raise _refused(text, "a number with a suffix: 61,706, 138M, 0.27M, 96MB, 93MiB, 1.8e9")
    part = found["part"] or ""
    scale, unit = _suffix(text, found["suffix"])
    step = Fraction(10) ** (int(found["exponent"] or 0) - len(part)) * scale
    digits = found["whole"].replace(",", "") + part
    value = int(digits) * step
    if found["about"] and not part:
        step *= 10 ** max(0, len(digits) - max(2, len(digits.rstrip("0"))))
    return Quantity(value, step, unit)


def suffix(text: str) -> str:
    """Return the letters at the end of a printed number.

    >>> suffix("48.6 MB"), suffix("1.8e9")
    ('MB', '')
    """
    return text[len(text.rstrip(_LETTERS)) :]


def exact(n: int) -> str:
    """Write a whole number in full.

    >>> exact(138_357_544)
    '138,357,544'
    """
    return f"{n:,}"


def scaled(n: int, digits: int = 4, unit: Unit = "count", system: System = "si") -> str:
    """Write a whole number, not negative, with ``digits`` significant digits.

    >>> scaled(138_357_544), scaled(999_999), scaled(156)
    ('138.4 M', '1.000 M', '156')
    >>> scaled(60_950_432, unit="bytes"), scaled(60_950_432, unit="bytes", system="iec")
    ('60.95 MB', '58.13 MiB')
    """
    names = prefixes(unit, system)
    base = _base(unit, system)
    power = 0
    while power + 1 < len(names) and n >= base ** (power + 1):
        power += 1
    if power == 0:
        return f"{n:,} {names[0]}".rstrip()
    written = _significant(n, base**power, digits)
    if power + 1 < len(names) and _number(written) >= base:
        power += 1
        written = _significant(n, base**power, digits)
    return f"{written} {names[power]}"


def fixed(n: int, power: int, decimals: int, unit: Unit = "bytes", system: System = "si") -> str:
    """Write ``n`` in one given unit, so that a column can be read downwards; half rounds up.

    What rounds to nothing is not nothing:

    >>> fixed(12_845_056, 2, 3), fixed(4_000, 2, 3), fixed(400, 2, 3), fixed(0, 2, 3)
    ('12.845', '0.004', '<0.001', '0.000')
    """
    written = _decimal(n, _base(unit, system) ** power, decimals)
    if n and not written.strip("0.,"):
        return f"<{_decimal(1, 10**decimals, decimals)}"
    return written


def power_for(n: int, unit: Unit = "bytes", system: System = "si") -> int:
    """Return the power of the base in which ``n`` reads best: 2 (mega) for 60,950,432.

    >>> power_for(60_950_432), power_for(999)
    (2, 0)
    """
    base, power = _base(unit, system), 0
    while power + 1 < len(prefixes(unit, system)) and n >= base ** (power + 1):
        power += 1
    return power


def prefixes(unit: Unit = "bytes", system: System = "si") -> tuple[str, ...]:
    """Return the unit's names, one for each power of its base.

    >>> prefixes("bytes", "iec")[:3]
    ('bytes', 'KiB', 'MiB')
    """
    if unit == "count":
        return ("", "k", "M", "G", "T", "P", "E")
    if system == "iec":
        return ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
    return ("bytes", "kB", "MB", "GB", "TB", "PB", "EB")


def percent(part: int, whole: int) -> str:
    """Write a share with one decimal, half rounds up; something is never 0.0% and less than all never 100.0%.

    >>> percent(1, 3), percent(1, 10**6), percent(10**6 - 1, 10**6), percent(0, 5)
    ('33.3%', '<0.1%', '>99.9%', '0.0%')
    """
    written = _decimal(100 * part, whole, 1)
    if written == "0.0" and part:
        return "<0.1%"
    if written == "100.0" and part < whole:
        return ">99.9%"
    return f"{written}%"


@cache
def _figure() -> re.Pattern[str]:
    """Compile when first asked: most commands read no figure."""
    return re.compile(
        r"(?P<about>~)?(?P<whole>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.(?P<part>[0-9]+))?(?:[eE](?P<exponent>[+-]?[0-9]{1,2}))?"
        r"\s*(?P<suffix>[A-Za-z]*)",
        re.ASCII,
    )


def _base(unit: Unit, system: System) -> int:
    return 1024 if unit == "bytes" and system == "iec" else 1000


def _decimal(n: int, unit: int, decimals: int) -> str:
    shifted = (2 * n * 10**decimals + unit) // (2 * unit)
    whole, part = divmod(shifted, 10**decimals)
    return f"{whole:,}.{part:0{decimals}}" if decimals else f"{whole:,}"


def _significant(n: int, unit: int, digits: int) -> str:
    decimals = max(0, digits - len(str(n // unit)))
    written = _decimal(n, unit, decimals)
    grew = len(written.partition(".")[0].replace(",", "")) > len(str(n // unit))
    return _decimal(n, unit, decimals - 1) if grew and decimals else written


def _number(written: str) -> Fraction:
    return Fraction(written.replace(",", ""))


def _suffix(text: str, suffix: str) -> tuple[int, Unit]:
    if suffix in _COUNT:
        return 10 ** _COUNT[suffix], "count"
    if suffix in _IEC_COUNT:
        return 2 ** _IEC_COUNT[suffix], "count"
    if suffix in _SI_BYTES:
        return 10 ** _SI_BYTES[suffix], "bytes"
    if suffix in _IEC_BYTES:
        return 2 ** _IEC_BYTES[suffix], "bytes"
    if suffix in ("byte", "bytes"):
        return 1, "bytes"
    raise _refused(text, "one of the suffixes k K M G B T, or kB MB GB TB KiB MiB GiB TiB")


def _refused(text: str, wanted: str) -> SpecError:
    shown = text if len(text) <= _LONGEST else text[:_LONGEST] + "..."
    return SpecError(f"'{shown}' is not a figure", hint=f"write {wanted}")
