"""Polynomials in some variables, exactly: through given values, evaluated, and written as people write them."""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import reduce
from itertools import product
from math import lcm

import msgspec

Exponents = tuple[int, ...]


class Polynomial(msgspec.Struct, frozen=True):
    """A sum of terms: exponents of the variables, in their order, and a coefficient that isn't 0."""

    terms: Mapping[Exponents, Fraction]

    def __call__(self, *at: int | Fraction) -> Fraction:
        """Evaluate it.

        >>> Polynomial({(2,): Fraction(3), (0,): Fraction(1)})(5)
        Fraction(76, 1)
        """
        total = Fraction(0)
        for exponents, coefficient in self.terms.items():
            for x, power in zip(at, exponents, strict=True):
                coefficient *= Fraction(x) ** power
            total += coefficient
        return total

    def ordered(self) -> list[tuple[Exponents, Fraction]]:
        """Return the terms, the highest degree first."""
        return sorted(self.terms.items(), key=lambda t: (-sum(t[0]), tuple(-e for e in t[0])))

    def written(self, names: Sequence[str]) -> str:
        """Write it: what all terms have in common in front, the highest degree first.

        >>> Polynomial({(2,): Fraction(3), (0,): Fraction(1000)}).written(["w"])
        '3*w^2 + 1,000'
        >>> Polynomial({(1, 2): Fraction(1, 2), (1, 1): Fraction(-1, 2)}).written(["n", "w"])
        'n*w*(w - 1)/2'
        """
        if not self.terms:
            return "0"
        count = len(names)
        common = tuple(min(e[i] for e in self.terms) for i in range(count))
        below = reduce(lcm, (c.denominator for c in self.terms.values()))
        inner = {
            tuple(e[i] - common[i] for i in range(count)): c * below for e, c in self.terms.items()
        }
        sums = Polynomial(inner).ordered()
        text = ""
        for exponents, coefficient in sums:
            factor = _powers(exponents, names)
            size = abs(coefficient.numerator)
            said = f"{size:,}" if not factor else factor if size == 1 else f"{size:,}*{factor}"
            sign = "-" if coefficient < 0 else "+"
            text += f" {sign} {said}" if text else f"-{said}" if coefficient < 0 else said
        front = _powers(common, names)
        if not front and below == 1:
            return text
        if len(sums) > 1:
            text = f"({text})"
        elif front and text in ("1", "-1"):
            text, front = "", text[:-1] + front
        # A lone term stands as one: 3*w^2, not w^2*3.
        parts = [text, front] if len(sums) == 1 else [front, text]
        whole = "*".join(part for part in parts if part)
        return whole if below == 1 else f"{whole}/{below:,}"


def through(
    points: Sequence[Sequence[int | Fraction]], value: Callable[[tuple[int | Fraction, ...]], int]
) -> Polynomial:
    """Return the polynomial through the values on a grid, of a degree in each variable less than its points.

    >>> through([[1, 2, 3]], lambda at: int(at[0]) ** 2 + 1).written(["x"])
    'x^2 + 1'
    """
    table = {at: Fraction(value(tuple(p[i] for p, i in zip(points, at, strict=True))))
             for at in product(*(range(len(p)) for p in points))}  # fmt: skip
    # One axis after another, values along it become coefficients.
    for axis, xs in enumerate(points):
        lines: dict[Exponents, list[Fraction]] = {}
        for at in sorted(table):
            lines.setdefault((*at[:axis], *at[axis + 1 :]), []).append(table[at])
        for rest, ys in lines.items():
            for power, coefficient in enumerate(_coefficients(xs, ys)):
                table[(*rest[:axis], power, *rest[axis:])] = coefficient
    return Polynomial({e: c for e, c in table.items() if c})


def _coefficients(xs: Sequence[int | Fraction], ys: Sequence[Fraction]) -> list[Fraction]:
    """Return the coefficients, the constant first, of the polynomial through some points (Newton's form, unrolled)."""
    divided = list(ys)
    for width in range(1, len(xs)):
        for i in range(len(xs) - 1, width - 1, -1):
            divided[i] = (divided[i] - divided[i - 1]) / (Fraction(xs[i]) - xs[i - width])
    found = [Fraction(0)] * len(xs)
    for i in range(len(xs) - 1, -1, -1):
        # found = found * (x - xs[i]) + divided[i]
        found = [(found[k - 1] if k else Fraction(0)) - found[k] * xs[i] for k in range(len(found))]
        found[0] += divided[i]
    return found


def _powers(exponents: Exponents, names: Sequence[str]) -> str:
    parts = []
    for name, power in zip(names, exponents, strict=True):
        if power:
            parts.append(name if power == 1 else f"{name}^{power}")
    return "*".join(parts)
