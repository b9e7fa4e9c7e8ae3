"""What a figure comes to, exactly: a whole number, a fraction, a shape as it is printed (28x28x480), or one number for
each axis."""

from fractions import Fraction

Value = int | Fraction | tuple[int | Fraction, ...]


def written(value: Value) -> str:
    """Write a value for people: whole numbers with commas, fractions to four places.

    >>> written(15237608), written(Fraction(3, 8)), written((28, 28, 480))
    ('15,237,608', '0.375', '28x28x480')
    """
    if isinstance(value, tuple):
        return "x".join(str(plain(n)) for n in value)
    if isinstance(value, int):
        return f"{value:,}"
    return f"{float(value):,.4f}".rstrip("0").rstrip(".")


def plain(value: Value) -> int | str:
    """Return a value for programs: a whole number as it is, a fraction in full as a decimal or else as ``a/b``.

    >>> plain(15237608), plain(Fraction(3, 8)), plain(Fraction(-4, 3)), plain((28, 28, 480))
    (15237608, '0.375', '-4/3', '28x28x480')
    """
    if isinstance(value, tuple):
        return written(value)
    if value.denominator == 1:
        return int(value)
    rest, places = value.denominator, 0
    for prime in (2, 5):
        power = 0
        while rest % prime == 0:
            rest, power = rest // prime, power + 1
        places = max(places, power)
    if rest > 1:
        return str(value)
    whole, part = divmod(abs(value.numerator) * 10**places // value.denominator, 10**places)
    return f"{'-' if value < 0 else ''}{whole}.{part:0{places}}"
