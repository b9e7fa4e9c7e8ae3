"""``budget:``: what a limit may be, and what is said of one that can't be held."""

from fractions import Fraction

import pytest

from archstat.errors import SpecError
from archstat.report.columns import BY_KEY, READING_BY_KEY
from archstat.report.wholes import WHOLE_BY_KEY
from archstat.spec.limits import merged, parse_limit, parse_percent, read_budget
from archstat.spec.model import METRICS, Bound, Limit
from archstat.spec.nodes import Mapping
from archstat.spec.reader import read


def budget(text: str) -> tuple[Limit, ...]:
    root = read(text.encode(), "net.yaml")
    assert isinstance(root, Mapping)
    return read_budget(root.get("budget"))


def test_every_number_of_a_network_is_a_metric() -> None:
    assert set(METRICS) == {*BY_KEY, *READING_BY_KEY, *WHOLE_BY_KEY, "output"}


def test_a_limit_alone_is_the_most_and_of_the_output_the_shape() -> None:
    params, output = budget("budget: {params: 26M, output: 480x28x28}")
    assert (params.bound, params.written) == ("max", "26M")
    assert params.amount == 26_000_000
    assert (output.bound, output.amount) == ("exact", (480, 28, 28))
    assert params.where == "net.yaml:1:18"


def test_a_mapping_gives_several_bounds() -> None:
    limits = budget("budget:\n  macs: {min: 1G, max: 4.1G, exact: 3G, max_change: -0.5%}\n")
    found = {limit.bound: (limit.amount, limit.percent) for limit in limits}
    assert found == {
        "min": (10**9, False),
        "max": (4_100_000_000, False),
        "exact": (3 * 10**9, False),
        "max_change": (Fraction(-1, 200), True),
    }
    assert [limit.where for limit in limits][:2] == ["net.yaml:2:15", "net.yaml:2:24"]


@pytest.mark.parametrize(
    ("metric", "bound", "text", "amount", "percent"),
    [
        ("activation_bytes", "max", "120MiB", 120 * 2**20, False),
        ("activation_bytes", "max", "120 MB", 120 * 10**6, False),
        ("activation_bytes", "max", "4096", 4096, False),
        ("inference_peak_bytes", "max", "4kB", 4000, False),
        ("params", "max", "25,557,032", 25_557_032, False),
        ("params", "max", "2Mi", 2**21, False),
        ("depth", "exact", "50", 50, False),
        ("macs", "max_change", "2%", Fraction(1, 50), True),
        ("macs", "max_change", "+100k", 100_000, False),
        ("macs", "max_change", "-1M", -1_000_000, False),
        ("macs", "max_change", "0", 0, False),
        ("param_bytes", "max_change", "+1MiB", 2**20, False),
    ],
)
def test_amounts_are_exact(
    metric: str, bound: Bound, text: str, amount: Fraction, percent: bool
) -> None:
    limit = parse_limit(metric, bound, text)
    assert (limit.amount, limit.percent) == (amount, percent)


@pytest.mark.parametrize(
    ("metric", "bound", "text", "said", "hint"),
    [
        ("parameters", "max", "1", "no metric is called 'parameters'", "'params'"),
        ("param", "max", "1", "no metric is called 'param'", "'params'"),
        ("params", "max", "26MB", "isn't counted in bytes", "26M"),
        ("param_bytes", "max", "100B", "no unit of bytes", "120MB or 120MiB"),
        ("param_bytes", "max", "100Mi", "no unit of bytes", "120MB or 120MiB"),
        ("params", "max", "~26M", "a limit is exact", ""),
        ("params", "max", "-1", "'-1' is not a figure", ""),
        ("params", "max", "26 million", "is not a figure", "suffixes"),
        ("params", "max", "1e999999", "is not a figure", ""),
        ("params", "max", "", "is not a figure", ""),
        ("macs", "max_change", "two%", "'two%' is not a change", "+2%"),
        ("macs", "max_change", "+%", "is not a change", "+2%"),
        ("macs", "max_change", "+-2%", "is not a change", "+2%"),
        ("macs", "max_change", "٣%", "is not a change", "+2%"),
        ("macs", "max_change", "1e9%", "is not a change", "+2%"),
        ("output", "max", "1000", "an output is a shape", "--exact output=1000"),
        ("output", "max_change", "2%", "an output is a shape", "--exact output=1000"),
        ("output", "exact", "1000M", "'1000M' is not a shape", "480x28x28"),
        ("output", "exact", "9" * 16, "is not a shape", "480x28x28"),
        ("output", "exact", "x".join("1" * 9), "is not a shape", "480x28x28"),
    ],
)  # fmt: skip
def test_what_is_no_limit(metric: str, bound: Bound, text: str, said: str, hint: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_limit(metric, bound, text)
    assert said in caught.value.message or said in (caught.value.hint or "")
    assert hint in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("budget: {params: {maximum: 3}}", "1:19", "did you mean 'max'"),
        ("budget: {params: {speed: 3}}", "1:19", "there are max, min, exact, max_change"),
        ("budget: {params: {}}", "1:10", "is empty"),
        ("budget: {params: {max: }}", "1:19", "is empty"),
        ("budget: {params: [3]}", "1:18", "a limit is a number"),
        ("budget: {params: {max: {min: 3}}}", "1:24", "a limit is a number"),
        ("budget: 3", "1:9", "maps metrics to limits"),
        ("budget: {output: {max: 10}}", "1:24", "an output is a shape"),
        ("budget: {params: 1, params: 2}", "1:21", "duplicate key"),
    ],
)
def test_a_wrong_budget_is_refused_at_its_place(text: str, place: str, said: str) -> None:
    with pytest.raises(SpecError) as caught:
        budget(text)
    assert f"net.yaml:{place}:" in str(caught.value)
    assert said in str(caught.value)


def test_a_later_budget_replaces_the_same_bound_only() -> None:
    first = budget("budget: {params: {max: 3, min: 1}, macs: 5}")
    second = budget("budget: {params: 4}")
    found = {(limit.metric, limit.bound): limit.written for limit in merged(first, second)}
    assert found == {("params", "max"): "4", ("params", "min"): "1", ("macs", "max"): "5"}


@pytest.mark.parametrize("text", ["95", "101%", "-1%", "", "%", "0x5%", "1e1%", "٩٥%"])
def test_what_is_no_percentage(text: str) -> None:
    with pytest.raises(SpecError, match="is not a percentage"):
        parse_percent(text)


def test_a_percentage_is_exact() -> None:
    assert parse_percent("99.5%") == Fraction(199, 200)
