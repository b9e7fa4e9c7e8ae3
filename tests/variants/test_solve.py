"""Solving: the answer is what trying every value gives, also where numbers don't grow with the setting."""

from fractions import Fraction
from itertools import permutations
from pathlib import Path

import pytest

import archstat
from archstat.errors import UsageError
from archstat.variants.axes import Axis, read_axis
from archstat.variants.solve import read_limit, solve

BUMPY = """
input: [4, 8, 8]
vars: {n: 1}
layers:
  # A hundred channels more, but for every fifth n; n = 7, 8 and 9 give no network.
  - conv: "n + (100 if n % 5 != 0 else 0)"
  - {conv: 12, groups: "1 if n < 7 or n > 9 else 5"}
"""


def macs(file: Path, n: int) -> int | None:
    try:
        return archstat.load(file, variables={"n": n}).macs
    except archstat.SpecError:
        return None


@pytest.fixture
def bumpy(tmp_path: Path) -> Path:
    file = tmp_path / "bumpy.yaml"
    file.write_text(BUMPY)
    return file


@pytest.mark.parametrize("most", [20_000, 60_000, 107_000, 110_000, 130_000])
def test_numbers_that_do_not_grow_everywhere(bumpy: Path, most: int) -> None:
    fit = [n for n in range(1, 400) if (macs(bumpy, n) or most + 1) <= most]
    found = solve(str(bumpy), "n", [read_limit(f"macs={most}")])
    assert int(found.value) == max(fit)
    assert found.limits[0].value == macs(bumpy, int(found.value))
    assert found.limits[0].after == macs(bumpy, int(found.next))
    assert found.limits[0].exceeds
    assert found.above >= 64


@pytest.mark.parametrize("most", ["100M", "300M", "1G", "2G"])
def test_the_largest_width(most: str) -> None:
    limit = int(read_limit(f"macs={most}").amount)  # type: ignore[arg-type]  # a number
    found = archstat.solve("resnet", "width", {"macs": most})
    at, after = (
        archstat.load("resnet", variables={"width": w}).macs for w in (found.value, found.next)
    )
    assert at <= limit < after
    assert int(found.next) == int(found.value) + 1


def test_several_limits_and_which_one_limits() -> None:
    found = archstat.solve("resnet50", "resolution", {"macs": "10G", "params": "30M"})
    assert [held.exceeds for held in found.limits] == [True, False]


def test_values_without_a_network_are_passed_over() -> None:
    found = archstat.solve("gpt2_small", "width", {"params": "100M"})
    assert (int(found.value) % 12, int(found.next)) == (0, int(found.value) + 12)


def test_no_larger_value_gives_a_network() -> None:
    found = archstat.solve("resnet", "depth", {"macs": "20G"})
    assert (found.value, found.next) == ("152", "")
    assert found.refused.startswith("depth=153: ")


def test_a_range_may_end() -> None:
    found = archstat.solve("resnet", "width", {"macs": "10G"}, among=range(8, 65, 8))
    assert (found.value, found.next, found.refused) == ("64", "", "")
    halves = solve(
        "mobilenet_v1", "width", [read_limit("macs=300M")], among=read_axis("width", "0.25:1:0.25")
    )
    assert (halves.value, halves.next) == ("0.5", "0.75")


def test_bytes_at_the_peak() -> None:
    found = archstat.solve("alexnet", "batch", {"inference_peak_bytes": "64MiB"})
    (held,) = found.limits
    assert held.value <= 64 * 2**20 < (held.after or 0)


def test_what_is_read_off_the_output() -> None:
    found = archstat.solve("vgg16", "resolution", {"receptive_field": 200, "depth": 16})
    assert found.value == "200"
    assert [held.value for held in found.limits] == [200, 16]
    found = archstat.solve("vgg16", "resolution", {"field_centre": "40.5"})
    assert (found.value, found.limits[0].value) == ("82", Fraction(81, 2))


@pytest.mark.parametrize(
    ("variable", "limits", "said"),
    [
        ("widht", ["macs=1G"], "no variable 'widht'"),
        ("width", [], "no limit to keep to"),
        ("batch", ["params=30M"], "'batch' doesn't change params"),
        ("batch", ["params=3"], "'batch' doesn't change params"),
        ("classes", ["macs=10000T"], "there is no largest 'classes'"),
        ("width", ["receptive_field=300"], "'width' doesn't change receptive_field"),
        ("batch", ["macs=3M"], "no 'batch' fits: macs is 4,089,184,256 at batch=1"),
        ("dtype", ["macs=3M"], "'dtype' takes no numbers"),
        ("input", ["macs=3M"], "'input' takes no numbers"),
    ],
)
def test_what_has_no_answer(variable: str, limits: list[str], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        solve("resnet", variable, [read_limit(text) for text in limits])
    assert said in caught.value.message


@pytest.mark.parametrize(
    "text", ["macs", "=3", "macs=", "macs=x", "mac=3", "params=3MB", "output=10", "macs=~3M"]
)
def test_what_is_no_limit(text: str) -> None:
    with pytest.raises(UsageError):
        read_limit(text)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("foo=3", "there are params, "),
        ("mac=3", "did you mean 'macs'?"),
        ("output=3", "there are "),
    ],
)
def test_a_limit_of_no_metric_names_others(text: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_limit(text)
    assert (caught.value.hint or "").startswith(hint)


def test_some_values_always_fit(tmp_path: Path) -> None:
    file = tmp_path / "always.yaml"
    file.write_text(
        'input: [3, 8, 8]\nvars: {w: 8}\nlayers: [{conv: "w if w % 7 != 0 else 1"}, {conv: 4}]\n'
    )
    limit = read_limit("params=100")
    with pytest.raises(UsageError, match=r"no largest 'w' .* which still fits") as caught:
        solve(str(file), "w", [limit])
    assert caught.value.hint == "--vary w=1:1000 looks at a range"
    assert solve(str(file), "w", [limit], among=read_axis("w", "1:1000")).value == "994"


@pytest.mark.parametrize(("reference", "fractions"), [("resnet", False), ("mobilenet_v1", True)])
def test_fractions_are_proposed_where_they_give_a_network(reference: str, fractions: bool) -> None:
    with pytest.raises(UsageError) as caught:
        solve(reference, "width", [read_limit("macs=1")])
    assert ("0.1:1:0.1" in (caught.value.hint or "")) == fractions


@pytest.mark.parametrize(("reference", "image"), [("resnet", True), ("gpt2_small", False)])
def test_names_that_can_be_varied(reference: str, image: bool) -> None:
    with pytest.raises(UsageError) as caught:
        solve(reference, "zzzzzz", [read_limit("macs=1")])
    names = (caught.value.hint or "").removeprefix("it has ").split(", ")
    assert "batch" in names
    assert not {"input", "dtype"} & {*names}
    assert ("resolution" in names) == image


@pytest.mark.parametrize("values", [*permutations(["50", "18", "34", "17"])])
def test_values_in_any_order(values: tuple[str, ...]) -> None:
    """ResNet-50 has 25.6M parameters, ResNet-101 44.5M; a depth of 17 gives no network."""
    limits = [read_limit("params=30M")]
    found = solve("resnet", "depth", limits, among=Axis("depth", values))
    assert (found.value, found.next) == ("50", "")
    found = solve("resnet", "depth", limits, among=Axis("depth", ("101", *values)))
    assert (found.value, found.next, found.gaps) == ("50", "101", 0)


def test_ranges_in_any_order() -> None:
    limits = [read_limit("macs=5G")]
    among = read_axis("width", "64:128:64,8:32:8")
    found = solve("resnet", "width", limits, among=among)
    assert (found.value, found.next) == ("64", "128")


@pytest.mark.parametrize(
    ("name", "values", "said"),
    [
        ("width", "64,wide", "width=wide is no number"),
        ("width", "true", "width=true is no number"),
        ("batch", "1,\x1b[31m", "batch=·[31m is no number"),
        ("input", "3x64x64,3x96x96", "'input' takes no numbers"),
        ("dtype", "float16,float32", "'dtype' takes no numbers"),
    ],
)
def test_words_have_no_largest(name: str, values: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        solve("resnet", name, [read_limit("macs=1G")], among=read_axis(name, values))
    assert said in caught.value.message
