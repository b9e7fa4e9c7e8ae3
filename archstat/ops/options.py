"""The kinds of option an op can have: how a value is checked, and how the JSON Schema describes it.

An op's field is ``Annotated[type, kind]``; the aliases at the end are what ops write. The spec
reader asks the kind which bare words it takes (everything else is an expression), evaluates, and
hands the value to :meth:`Kind.read`, which returns what the op stores or raises a SpecError.
"""

from fractions import Fraction
from typing import Annotated, Any, TypeVar

import msgspec

from archstat.errors import SpecError, require

Value = bool | int | Fraction | str | tuple["Value", ...]
"""A value as the spec reader evaluates it; a list becomes a tuple."""

N = TypeVar("N", int, Fraction)

LARGEST_DIM = 2**24
_LONGEST_SHOWN = 60
"""The largest dimension a spec may write, and the largest axis a layer may produce."""

Json = dict[str, Any]


class Kind(msgspec.Struct, frozen=True):
    """How one option is read."""

    @property
    def words(self) -> tuple[str, ...]:
        """The bare words that are values of their own, not names in an expression."""
        return ()

    def read(self, option: str, value: Value) -> Any:
        """Return ``value`` as the op stores it, or raise a SpecError that names ``option``."""
        raise NotImplementedError

    def schema(self) -> Json:
        """Return the JSON Schema of a literal value; expressions are added by the schema writer."""
        raise NotImplementedError


class Whole(Kind, frozen=True):
    """A whole number within limits."""

    minimum: int | None = 1
    maximum: int = LARGEST_DIM

    def read(self, option: str, value: Value) -> int:
        if type(value) is int:
            number = value
        elif isinstance(value, Fraction) and value.denominator == 1:
            number = value.numerator
        else:
            raise SpecError(f"{option} must be {self._wanted}, not {show(value)}")
        if self.minimum is not None and number < self.minimum:
            raise SpecError(f"{option} must be {self._wanted}, not {number}")
        if abs(number) > self.maximum:
            raise SpecError(f"{option} is {number:,}, more than the limit of {self.maximum:,}")
        return number

    @property
    def _wanted(self) -> str:
        if self.minimum is None:
            return "a whole number"
        return (
            "a positive whole number"
            if self.minimum == 1
            else f"a whole number, {self.minimum} or more"
        )

    def schema(self) -> Json:
        low = {} if self.minimum is None else {"minimum": self.minimum}
        return {"type": "integer", **low, "maximum": self.maximum}


class Decimal(Kind, frozen=True):
    """A number that need not be whole (a probability, a slope, an eps), kept exactly."""

    low: Fraction | None = None
    high: Fraction | None = None

    def read(self, option: str, value: Value) -> Fraction:
        if isinstance(value, bool) or not isinstance(value, (int, Fraction)):
            raise SpecError(f"{option} must be a number, not {show(value)}")
        number = Fraction(value)
        if self.low is not None:
            require(number >= self.low, f"{option} must be at least {self.low}, not {show(value)}")
        if self.high is not None:
            require(number <= self.high, f"{option} must be at most {self.high}, not {show(value)}")
        return number

    def schema(self) -> Json:
        low = {} if self.low is None else {"minimum": float(self.low)}
        high = {} if self.high is None else {"maximum": float(self.high)}
        return {"type": "number", **low, **high}


class Flag(Kind, frozen=True):
    """true, false, or a condition."""

    def read(self, option: str, value: Value) -> bool:
        if not isinstance(value, bool):
            raise SpecError(f"{option} must be true or false, not {show(value)}")
        return value

    def schema(self) -> Json:
        return {"type": "boolean"}


class Word(Kind, frozen=True):
    """One of a few words."""

    choices: tuple[str, ...]

    @property
    def words(self) -> tuple[str, ...]:
        return self.choices

    def read(self, option: str, value: Value) -> str:
        if not isinstance(value, str) or value not in self.choices:
            raise SpecError(f"{option} must be one of {', '.join(self.choices)}, not {show(value)}")
        return value

    def schema(self) -> Json:
        return {"enum": list(self.choices)}


class Axes(Kind, frozen=True):
    """One whole number for every axis, or a list with one number per axis."""

    minimum: int = 1

    def read(self, option: str, value: Value) -> int | tuple[int, ...]:
        whole = Whole(self.minimum)
        if isinstance(value, tuple):
            require(1 <= len(value) <= 3, f"{option} takes one number per axis, 1 to 3 of them")
            return tuple(whole.read(option, v) for v in value)
        return whole.read(option, value)

    def schema(self) -> Json:
        one = Whole(self.minimum).schema()
        return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1, "maxItems": 3}]}


class PaddingAxes(Kind, frozen=True):
    """A padding: a number, one per axis, pairs ``[begin, end]`` per axis, or ``same`` / ``tf_same``."""

    @property
    def words(self) -> tuple[str, ...]:
        return ("same", "tf_same")

    def read(self, option: str, value: Value) -> "Padding":
        whole = Whole(0)
        if isinstance(value, str):
            return Word(self.words).read(option, value)
        if not isinstance(value, tuple):
            return whole.read(option, value)
        require(1 <= len(value) <= 3, f"{option} takes one entry per axis, 1 to 3 of them")
        paired = [isinstance(v, tuple) for v in value]
        require(
            all(paired) or not any(paired),
            f"{option} mixes numbers and [begin, end] pairs",
        )
        if not any(paired):
            return tuple(whole.read(option, v) for v in value)
        pairs: list[tuple[int, int]] = []
        for pair in value:
            if not isinstance(pair, tuple) or len(pair) != 2:
                raise SpecError(f"{option}: each axis takes a pair [begin, end]")
            pairs.append((whole.read(option, pair[0]), whole.read(option, pair[1])))
        return tuple(pairs)

    def schema(self) -> Json:
        one = Whole(0).schema()
        pair = {"type": "array", "items": one, "minItems": 2, "maxItems": 2}
        many = {"type": "array", "items": {"anyOf": [one, pair]}, "minItems": 1, "maxItems": 3}
        return {"anyOf": [one, {"enum": list(self.words)}, many]}


class Wholes(Kind, frozen=True):
    """A list of whole numbers; a single number stands for a list of one where ``single`` is set."""

    minimum: int | None = None
    shortest: int = 1
    longest: int = 1024
    single: bool = False

    def read(self, option: str, value: Value) -> tuple[int, ...] | int:
        whole = Whole(self.minimum)
        if not isinstance(value, tuple):
            if self.single:
                return whole.read(option, value)
            raise SpecError(f"{option} must be a list of whole numbers, not {show(value)}")
        require(
            self.shortest <= len(value) <= self.longest,
            f"{option} takes {self.shortest} to {self.longest} numbers, not {len(value)}"
            if self.shortest != self.longest
            else f"{option} takes {self.shortest} numbers, not {len(value)}",
        )
        return tuple(whole.read(option, v) for v in value)

    def schema(self) -> Json:
        one = Whole(self.minimum).schema()
        many = {"type": "array", "items": one, "minItems": self.shortest, "maxItems": self.longest}
        return {"anyOf": [one, many]} if self.single else many


class DecimalAxes(Kind, frozen=True):
    """One positive number for every axis, or a list with one number per axis; they need not be whole."""

    def read(self, option: str, value: Value) -> Fraction | tuple[Fraction, ...]:
        if isinstance(value, tuple):
            require(1 <= len(value) <= 3, f"{option} takes one number per axis, 1 to 3 of them")
            return tuple(self._positive(option, v) for v in value)
        return self._positive(option, value)

    def schema(self) -> Json:
        one = {"type": "number", "exclusiveMinimum": 0, "maximum": LARGEST_DIM}
        return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1, "maxItems": 3}]}

    def _positive(self, option: str, value: Value) -> Fraction:
        number = Decimal(high=Fraction(LARGEST_DIM)).read(option, value)
        require(number > 0, f"{option} must be more than 0, not {show(value)}")
        return number


class DecimalOrWord(Kind, frozen=True):
    """A number, or one of a few words that stand for one (``-inf``)."""

    choices: tuple[str, ...]

    @property
    def words(self) -> tuple[str, ...]:
        return self.choices

    def read(self, option: str, value: Value) -> Fraction | str:
        if isinstance(value, str):
            return Word(self.choices).read(option, value)
        return Decimal().read(option, value)

    def schema(self) -> Json:
        return {"anyOf": [Decimal().schema(), {"enum": list(self.choices)}]}


def show(value: Value) -> str:
    """Write a value as the spec would: ``true``, ``0.5``, ``1/3``, ``[1, 2]``."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return "[" + ", ".join(show(v) for v in value) + "]"
    if isinstance(value, Fraction):
        return _decimal(value)
    if isinstance(value, str):
        return f"'{value}'" if len(value) <= _LONGEST_SHOWN else f"'{value[: _LONGEST_SHOWN - 1]}…'"
    return str(value)


def _decimal(value: Fraction) -> str:
    """Write a fraction as a decimal of at most 12 places if it is one.

    >>> _decimal(Fraction(5, 2)), _decimal(Fraction(1, 3))
    ('2.5', '1/3')
    """
    places = next((n for n in range(13) if 10**n % value.denominator == 0), None)
    if not places:
        return str(value)
    digits = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    return f"{'-' if value < 0 else ''}{digits[:-places]}.{digits[-places:]}"


def per_axis(option: str, value: N | tuple[N, ...], rank: int) -> tuple[N, ...]:
    """Return one number for each of ``rank`` axes."""
    if not isinstance(value, tuple):
        return (value,) * rank
    if len(value) != rank:
        raise SpecError(
            f"{option} has {len(value)} {'entry' if len(value) == 1 else 'entries'}, but the input has {rank} spatial "
            f"{'axis' if rank == 1 else 'axes'}"
        )
    return value


Padding = int | str | tuple[int, ...] | tuple[tuple[int, int], ...]

Positive = Annotated[int, Whole(1)]
MaybePositive = Annotated[int | None, Whole(1)]
Natural = Annotated[int, Whole(0)]
Integer = Annotated[int, Whole(None)]
MaybeDim = Annotated[int | None, Whole(None)]
"""One dimension of a sample; ``None`` is the channels'."""
Dims = Annotated[int | tuple[int, ...], Wholes(None, longest=8, single=True)]
Sizes = Annotated[tuple[int, ...], Wholes(1, longest=8)]
Number = Annotated[Fraction, Decimal()]
Probability = Annotated[Fraction, Decimal(Fraction(0), Fraction(1))]
Epsilon = Annotated[Fraction, Decimal(Fraction(0))]
Boolean = Annotated[bool, Flag()]
PerAxis = Annotated[int | tuple[int, ...], Axes(1)]
MaybePerAxis = Annotated[int | tuple[int, ...] | None, Axes(1)]
PerAxis0 = Annotated[int | tuple[int, ...], Axes(0)]
AnyPadding = Annotated[Padding, PaddingAxes()]
