"""Reading and writing numbers: every expected value is worked out by hand."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archstat.errors import SpecError
from archstat.units import (
    Quantity,
    System,
    exact,
    fixed,
    parse,
    percent,
    power_for,
    prefixes,
    scaled,
)

MIB = 2**20


@pytest.mark.parametrize(
    ("text", "value", "step", "unit"),
    [
        ("138M", 138_000_000, 1_000_000, "count"),
        ("24M", 24_000_000, 1_000_000, "count"),
        ("61,706", 61_706, 1, "count"),
        ("1,000,000", 1_000_000, 1, "count"),
        ("96MB", 96_000_000, 1_000_000, "bytes"),
        ("93 MiB", 93 * MIB, MIB, "bytes"),
        ("1.5G", 1_500_000_000, 100_000_000, "count"),
        ("0.27M", 270_000, 10_000, "count"),
        ("6797.7K", 6_797_700, 100, "count"),
        ("1.8e9", 1_800_000_000, 100_000_000, "count"),
        ("7B", 7 * 10**9, 10**9, "count"),
        ("1.2T", 12 * 10**11, 10**11, "count"),
        ("12k", 12_000, 1_000, "count"),
        ("2kB", 2_000, 1_000, "bytes"),
        ("2KiB", 2_048, 1_024, "bytes"),
        ("1.5GiB", 3 * 2**29, Fraction(2**30, 10), "bytes"),
        ("784 KB", 784_000, 1_000, "bytes"),
        ("512 bytes", 512, 1, "bytes"),
        (" 60 ", 60, 1, "count"),
        ("0.5", Fraction(1, 2), Fraction(1, 10), "count"),
        ("25e-1", Fraction(5, 2), Fraction(1, 10), "count"),
        ("112Ki", 112 * 1_024, 1_024, "count"),
        ("2.7Ki", Fraction(27 * 1_024, 10), Fraction(1_024, 10), "count"),
        ("~720M", 720_000_000, 10_000_000, "count"),
        ("~800K", 800_000, 10_000, "count"),
        ("~650,000", 650_000, 10_000, "count"),
        ("~230MiB", 230 * MIB, 10 * MIB, "bytes"),
        ("~15300M", 15_300_000_000, 100_000_000, "count"),
        ("~569M", 569_000_000, 1_000_000, "count"),
        ("~60M", 60_000_000, 1_000_000, "count"),
        ("~5M", 5_000_000, 1_000_000, "count"),
        ("~1.50G", 1_500_000_000, 10_000_000, "count"),
        ("28x28x192x3x3x64", 28 * 28 * 192 * 3 * 3 * 64, 1, "count"),
        ("7x7", 49, 1, "count"),
    ],
)
def test_parse_is_exact(text: str, value: int | Fraction, step: int | Fraction, unit: str) -> None:
    got = parse(text)
    assert (got.value, got.step, got.unit) == (value, step, unit)


@pytest.mark.parametrize(
    "text",
    ["", "M", "about 5M", "1,00", "12,3456", "1.M", ".5M", "5m", "5 MM", "-3M", "1e999", "٣M", "1_000", "nan",
     "9" * 5000, "5~", "~~5", "28x", "x28", "28xM", "2x28M"],
)  # fmt: skip
def test_parse_refuses_what_is_not_a_figure(text: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse(text)
    assert caught.value.hint is not None
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize(
    ("text", "value", "verdict"),
    [
        ("138M", 138_357_544, "rounded"),
        ("138M", 138_500_000, "rounded"),  # half a step, either way
        ("138M", 137_500_000, "rounded"),
        ("138M", 138_500_001, "truncated"),
        ("138M", 138_999_999, "truncated"),
        ("138M", 139_000_000, None),
        ("138M", 137_499_999, None),
        ("60M", 60_965_224, "truncated"),
        ("24M", 15_237_608, None),
        ("24M", 24_420_416, "rounded"),
        ("93MiB", 24_420_416 * 4, "rounded"),  # 93.16 MiB
        ("96MB", 24_420_416 * 4, None),  # 97.68 MB
        ("358M", 358_055_936, "rounded"),
        ("0.27M", 269_722, "rounded"),
        ("61,706", 61_706, "rounded"),
        ("61,706", 61_707, None),
        ("~800K", 802_816, "rounded"),
        ("800K", 802_816, None),
        ("~720M", 724_406_816, "rounded"),
        ("~720M", 730_000_000, None),
        ("112Ki", 114_688, "rounded"),
        ("28x28x128x1x1x256", 25_690_112, "rounded"),
        ("28x28x128x1x1x256", 25_690_113, None),
    ],
)
def test_matches(text: str, value: int, verdict: str | None) -> None:
    assert parse(text).matches(value) == verdict


@pytest.mark.parametrize(
    ("n", "text"),
    [
        (0, "0"),
        (999, "999"),
        (1_000, "1.000 k"),
        (9_999, "9.999 k"),
        (61_706, "61.71 k"),
        (99_994, "99.99 k"),
        (99_995, "100.0 k"),  # half rounds up, and a digit moves over
        (999_949, "999.9 k"),
        (999_950, "1.000 M"),
        (999_999, "1.000 M"),
        (138_357_544, "138.4 M"),
        (15_470_264_320, "15.47 G"),
        (999_950_000_000, "1.000 T"),
        (1_234_000_000_000_000, "1.234 P"),
        (12_345 * 10**18, "12,345 E"),
    ],
)
def test_scaled_counts(n: int, text: str) -> None:
    assert scaled(n) == text


@pytest.mark.parametrize(
    ("n", "system", "text"),
    [
        (60_950_432, "si", "60.95 MB"),
        (60_950_432, "iec", "58.13 MiB"),
        (512, "si", "512 bytes"),
        (512, "iec", "512 bytes"),
        (1_000, "iec", "1,000 bytes"),
        (1_024, "iec", "1.000 KiB"),
        (1_023 * 1_024, "iec", "1,023 KiB"),
        (1_024 * 1_024 - 1, "iec", "1.000 MiB"),
        (999_999, "si", "1.000 MB"),
    ],
)
def test_scaled_bytes(n: int, system: System, text: str) -> None:
    assert scaled(n, unit="bytes", system=system) == text


@given(st.integers(0, 10**21))
def test_scaled_is_within_half_a_digit(n: int) -> None:
    shown = scaled(n)
    number, _, suffix = shown.partition(" ")
    unit = 1000 ** prefixes("count").index(suffix)
    value = Fraction(number.replace(",", "")) * unit
    assert abs(value - n) * 2 * 1000 <= max(value, n)  # four significant digits
    assert unit == 1 or len(number.replace(".", "").replace(",", "")) >= 4


@given(st.integers(0, 10**15), st.integers(0, 3), st.integers(0, 3))
def test_what_is_written_matches_what_was_meant(n: int, power: int, decimals: int) -> None:
    written = fixed(n, power, decimals)
    if not written.startswith("<"):
        step = Fraction(1000**power, 10**decimals)
        value = Fraction(written.replace(",", "")) * 1000**power
        assert Quantity(value, step).matches(n) == "rounded"


def test_fixed_never_shows_something_as_nothing() -> None:
    assert fixed(1, 2, 3) == "<0.001"
    assert fixed(500, 2, 3) == "0.001"
    assert fixed(1, 1, 0) == "<1"
    assert fixed(0, 2, 3) == "0.000"
    assert fixed(60_950_432, 2, 3) == "60.950"
    assert fixed(60_950_432, 2, 2, system="iec") == "58.13"
    assert fixed(1_234_567_000, 2, 1) == "1,234.6"


def test_power_for_changes_at_the_base() -> None:
    assert [power_for(n) for n in (0, 999, 1_000, 999_999, 10**6)] == [0, 0, 1, 1, 2]
    assert [power_for(n, system="iec") for n in (1_023, 1_024, MIB - 1, MIB)] == [0, 1, 1, 2]


def test_percent_keeps_the_ends_honest() -> None:
    assert percent(1, 2) == "50.0%"
    assert percent(1, 1000) == "0.1%"
    assert percent(1, 2001) == "<0.1%"
    assert percent(9_995, 10_000) == ">99.9%"
    assert percent(9_994, 10_000) == "99.9%"
    assert percent(7, 7) == "100.0%"


def test_exact() -> None:
    assert exact(15_470_264_320) == "15,470,264,320"
