"""Which values a setting takes: ranges with both ends, factors, lists; and what names none."""

import pytest

from archstat.errors import UsageError
from archstat.variants.axes import read_axis
from archstat.variants.condition import read_condition


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("64", ["64"]),
        ("18,34,50", ["18", "34", "50"]),
        ("32:128:16", ["32", "48", "64", "80", "96", "112", "128"]),
        ("1:8:3", ["1", "4", "7"]),  # the last step would pass the end
        ("1:4", ["1", "2", "3", "4"]),
        ("5:5", ["5"]),
        ("1:64:*2", ["1", "2", "4", "8", "16", "32", "64"]),
        ("1:10:*3,100", ["1", "3", "9", "100"]),
        ("0.1:0.4:0.1", ["0.1", "0.2", "0.3", "0.4"]),  # exactly, as no float would
        ("8, 4,8", ["8", "4"]),
        ("3x224x224,3x160x160", ["3x224x224", "3x160x160"]),
        ("-2:2:2", ["-2", "0", "2"]),
    ],
)
def test_values(text: str, values: list[str]) -> None:
    assert list(read_axis("width", text).values) == values


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has an empty value"),
        ("1,,2", "has an empty value"),
        ("128:32", "holds no value"),
        ("1:8:0", "never ends"),
        ("1:8:-1", "never ends"),
        ("1:8:*1", "never ends"),
        ("0:8:*2", "never ends"),
        ("1:2:3:4", "is not a range"),
        ("a:b", "is not a range of numbers"),
        ("1:", "is not a range of numbers"),
        ("1e3:1e9", "is not a range of numbers"),
        ("1:999999999999", "has more than 1,000,000 values"),
        ("1:2:0.000000000000001", "has more than 1,000,000 values"),
    ],
)
def test_no_values(text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_axis("width", text)
    assert caught.value.message.startswith("width=")
    assert said in caught.value.message


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("macs < 4G", True),
        ("macs < 3.9G", False),
        ("macs <= 3_900", None),
        ("memory < 16MiB", True),  # 16,777,216
        ("memory < 16MB", False),
        ("macs < 4G and width in 3", None),
        ("width == 64 and macs / width < 70M", True),
        ("macs", None),
        ("mac < 4G", None),
        ("macs < 4X", None),
        ("__import__('os')", None),
    ],
)
def test_conditions(text: str, holds: bool | None) -> None:
    values = {"macs": 3_999_999_999, "width": 64, "memory": 16_500_000}
    if holds is None:
        with pytest.raises(UsageError):
            read_condition(text, values).holds(values)
    else:
        assert read_condition(text, values).holds(values) is holds


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("16,16", ["16"]),
        ("16,16.0,016", ["16"]),
        ("1:8:*2,8,1", ["1", "2", "4", "8"]),
        ("float32,float16,float32", ["float32", "float16"]),
        ("1,1.5,1.50", ["1", "1.5"]),
    ],
)
def test_a_value_is_tried_once_however_it_is_written(text: str, values: list[str]) -> None:
    assert list(read_axis("width", text).values) == values
