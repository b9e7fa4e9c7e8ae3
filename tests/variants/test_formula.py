"""Formulas: equal to the network's own number wherever they claim to hold, and none where there is none."""

import re
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import archstat
from archstat.errors import UsageError
from archstat.report.columns import BY_KEY
from archstat.variants.polynomial import Polynomial, through


@pytest.mark.parametrize(
    ("spec", "metric", "names", "text"),
    [
        # 49 C^2 against 27 C^2, as the lecture has it.
        ("conv7x7", "params", ["C"], "49*C^2"),
        ("conv3x3_stack", "params", ["C"], "27*C^2"),
        # (4,089,184,256 - 2,048,000) / 7^2, since the last map of 224x224 is 7x7; the classifier has 2048 * 1000.
        ("resnet50", "macs", ["resolution"], "83,410,944*(resolution/32)^2 + 2,048,000"),
        ("resnet50", "macs", ["batch"], "4,089,184,256*batch"),
        ("resnet", "params", ["classes"], "2,049*classes + 23,508,032"),
        # A block of each stage has 2 * 9 * c^2 + 4 * c for c = 16, 32, 64; beside them the stem's 464 and the
        # classifier's 650, less 9 * 16 * 16 * 2 and 9 * 32 * 32 * 2 where a stage begins with half the channels.
        ("resnet20", "params", ["n"], "97,216*n - 21,926"),
    ],
)
def test_known_formulas(spec: str, metric: str, names: list[str], text: str) -> None:
    assert archstat.formula(spec, metric, *names).text == text


@pytest.mark.parametrize(
    ("spec", "metric", "values"),
    [
        ("resnet", "params", {"width": 200, "classes": 7}),
        ("resnet", "macs", {"width": 24, "resolution": 96, "batch": 3}),
        ("gpt2_small", "macs", {"width": 1200, "depth": 3}),
        ("mobilenet_v1", "activations", {"resolution": 320, "width": 3}),
        ("vit_b_16", "macs", {"resolution": 384}),
        ("alexnet", "macs", {"resolution": 355}),
    ],
)
def test_equal_to_the_network(spec: str, metric: str, values: dict[str, int]) -> None:
    found = archstat.formula(spec, metric, *values)
    axes = {name: [value] for name, value in values.items()}
    (one,) = archstat.sweep(spec, axes, metrics=[metric]).variants
    assert found(**values) == one.numbers[0]


def test_the_spec_as_it_is() -> None:
    found = archstat.formula("resnet50", "macs", "resolution", "batch")
    assert found(resolution=224, batch=1) == found.value == archstat.load("resnet50").macs


def test_only_where_it_holds() -> None:
    found = archstat.formula("resnet50", "macs", "resolution")
    assert found.symbols == ("(resolution/32)",)
    with pytest.raises(UsageError, match="doesn't hold at resolution=225"):
        found(resolution=225)
    with pytest.raises(UsageError, match="needs resolution"):
        found(batch=2)


def test_settings_stay() -> None:
    narrow = archstat.formula("resnet", "macs", "batch", variables={"width": 32})
    assert narrow.value == archstat.load("resnet", variables={"width": 32}).macs


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], "needs a variable"),
        (["widht"], "no variable 'widht'"),
        (["width", "width"], "named twice"),
        (["batch"], "'batch' changes no params"),
        (["width", "batch"], "'batch' changes no params"),
        (["depth"], "no polynomial form of params in depth"),
        (["dtype"], "'dtype' takes no numbers"),
        (["input"], "'input' takes no numbers"),
        (["width", "classes", "batch", "resolution", "depth"], "at most 4"),
    ],
)
def test_no_formula(names: list[str], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        archstat.formula("resnet", "params", *names)
    assert said in caught.value.message


def test_only_names_that_take_numbers_are_offered() -> None:
    with pytest.raises(UsageError) as caught:
        archstat.formula("resnet50", "params", "zzzzzz")
    assert caught.value.hint == "it has classes, batch, resolution"
    with pytest.raises(UsageError) as caught:
        archstat.formula("gpt2_small", "params", "width", "dtype")
    assert caught.value.hint == "batch and resolution do"


def test_a_polynomial_that_begins_with_a_larger_batch() -> None:
    with pytest.raises(UsageError, match="no polynomial form of training_peak_bytes") as caught:
        archstat.formula("resnet50", "training_peak_bytes", "batch")
    assert caught.value.hint == "there is one from batch=20 on: start there, with --batch 32"
    (line,) = archstat.formula("resnet50", "training_peak_bytes", "batch", batch=32).lines
    assert line.low == 20


def spec(folder: Path, start: int, layer: str) -> str:
    file = folder / "x.yaml"
    file.write_text(f"input: [3, 8, 8]\nvars: {{w: {start}}}\nlayers:\n  - {layer}\n")
    return str(file)


def test_a_multiplier_that_is_rounded() -> None:
    """MobileNet v2 rounds to multiples of 8, so whole widths say nothing about fractions."""
    (line,) = archstat.formula("mobilenet_v2", "params", "width").lines
    assert (line.low, line.high, line.checked) == (1, 49, 49)
    (half,) = [d for d in line.differences if d.value == "0.5"]
    assert (half.number, half.claimed) == (1_968_680, 1_221_768)
    assert half.number == archstat.load("mobilenet_v2", variables={"width": 0.5}).params


def test_every_value_of_the_range_is_tried(tmp_path: Path) -> None:
    found = archstat.formula(spec(tmp_path, 8, '{conv: "w if w != 37 else 1"}'), "params", "w")
    (line,) = found.lines
    assert 37 not in (*range(line.low, line.high + 1, line.step), *line.far)
    assert line.checked == len(range(line.low, line.high + 1, line.step))


@pytest.mark.parametrize("start", [1, 8, 30])
def test_far_values_are_tried(tmp_path: Path, start: int) -> None:
    found = archstat.formula(spec(tmp_path, start, '{conv: "min(w, 60)"}'), "params", "w")
    (line,) = found.lines
    assert found.text == "4*w"
    assert line.high <= 60
    (end,) = line.differences
    assert int(end.value) > 60
    assert (end.number, end.claimed) == (240, 4 * int(end.value))
    with pytest.raises(UsageError, match="doesn't hold at w=61"):
        found(w=61)


def test_only_one_value_gives_a_network(tmp_path: Path) -> None:
    file = spec(tmp_path, 3, '{conv: "w if w == 3 else 0"}')
    with pytest.raises(UsageError, match=r"only w=3 gives a network: none of the \d+ others"):
        archstat.formula(file, "params", "w")


def test_the_bottleneck_at_every_width() -> None:
    """1x1 to C, 3x3, 1x1 to 4C: 4 + 9 + 4 = 17 C^2, and 2 for each of 6C normalized channels."""
    found = archstat.formula("resnet_bottleneck", "params", "width")
    assert found.text == "width*(17*width + 12)"
    assert found.value == 70_400


def test_metrics() -> None:
    assert "macs" in BY_KEY
    with pytest.raises(UsageError, match="no metric 'mac'"):
        archstat.formula("resnet", "mac", "width")


whole = st.integers(-50, 50)


@settings(max_examples=50)
@given(
    st.dictionaries(st.tuples(st.integers(0, 3), st.integers(0, 2)), whole, max_size=8),
    st.integers(1, 30),
    st.integers(1, 30),
)
def test_a_polynomial_comes_back(terms: dict[tuple[int, int], int], x: int, y: int) -> None:
    original = Polynomial({e: Fraction(c) for e, c in terms.items() if c})
    points = [[x + 2 * i for i in range(4)], [y + i for i in range(3)]]
    assert through(points, lambda at: int(original(*at))) == original


@settings(max_examples=100)
@given(
    st.dictionaries(st.tuples(st.integers(0, 3), st.integers(0, 2)),
                    st.fractions(-50, 50, max_denominator=12), max_size=6),
    st.integers(1, 9),
    st.integers(1, 9),
)  # fmt: skip
def test_what_is_written_means_the_same(
    terms: dict[tuple[int, int], Fraction], a: int, b: int
) -> None:
    polynomial = Polynomial({e: c for e, c in terms.items() if c})
    said = polynomial.written(["a", "b"]).replace(",", "").replace("^", "**")
    # Python would divide whole numbers to a float.
    exact = re.sub("[0-9]+", r"F(\g<0>)", said)
    exactly = eval(exact, {"a": Fraction(a), "b": Fraction(b), "F": Fraction})
    assert exactly == polynomial(a, b)
