"""Sweeps: each row is what the spec gives alone, in the order of the settings, whatever the number of processes."""

import os
import signal
import time
from fractions import Fraction
from itertools import product
from pathlib import Path

import pytest

import archstat
from archstat.errors import UsageError
from archstat.passes.peak import inference_peak
from archstat.variants.axes import read_axis
from archstat.variants.family import Number
from archstat.variants.sweep import Request, Sweep, sweep
from archstat.variants.workers import LostError, each


def small(*axes: str, **asked: object) -> Sweep:
    read = [read_axis(*axis.split("=")) for axis in axes]
    return sweep("resnet", read, Request(**asked))  # type: ignore[arg-type]  # as each test has them


def test_each_row_is_the_network_alone() -> None:
    found = small("width=32:64:32", "depth=18,50", "batch=1,2", "resolution=64,65")
    expected = list(product(["32", "64"], ["18", "50"], ["1", "2"], ["64", "65"]))
    assert [one.values for one in found.variants] == expected
    for one in found.variants:
        width, depth, batch, side = map(int, one.values)
        net = archstat.load(
            "resnet", variables={"width": width, "depth": depth}, input=(3, side, side), batch=batch
        )
        assert one.numbers == (net.params, net.macs, net.activations, net.activation_bytes)


def test_resolution_of_a_spec_without_such_a_variable() -> None:
    found = sweep("resnet50", [read_axis("resolution", "64,96"), read_axis("dtype", "float16")])
    for one, side in zip(found.variants, (64, 96), strict=True):
        net = archstat.load("resnet50", input=(3, side, side), dtype="float16")
        assert one.numbers == (net.params, net.macs, net.activations, net.activation_bytes)


def test_an_invalid_combination_is_a_row_with_its_error() -> None:
    found = small("depth=18,20", "width=8,a/b,0.3,0")
    errors = {one.values: one.error for one in found.variants}
    assert errors["18", "8"] == ""
    assert "'repeat' must be a positive whole number" in errors["20", "8"]
    assert "unknown name 'a'" in errors["18", "a/b"]
    assert "channels" in errors["18", "0.3"]
    assert "channels" in errors["18", "0"]
    assert all(one.numbers == () for one in found.variants if one.error)


@pytest.mark.parametrize("jobs", [2, 3, 7])
def test_processes_change_nothing(jobs: int) -> None:
    axes = [read_axis("width", "1:150"), read_axis("depth", "18,20")]
    alone = sweep("resnet", axes, Request(metrics=("params",)))
    seen: list[int] = []
    assert sweep("resnet", axes, Request(metrics=("params",)), jobs=jobs, step=seen.append) == alone
    assert seen == sorted(seen)
    assert seen[-1] == 300


@pytest.mark.parametrize("portion", [1, 3, 32])
@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_answers_come_in_the_order_of_the_things(jobs: int, portion: int) -> None:
    assert each(lambda n: 2 * n, range(50), jobs, portion=portion) == list(range(0, 100, 2))


def test_who_is_quick_gets_more(tmp_path: Path) -> None:
    """The first thing is done only once one behind it is, of which its own process has not even heard."""
    last = tmp_path / "last"

    def work(n: int) -> int:
        if n == 38:
            last.touch()
        end = time.monotonic() + 60
        while n == 0 and not last.exists():
            assert time.monotonic() < end
            time.sleep(0.01)
        return n

    assert each(work, range(40), jobs=2, portion=1) == list(range(40))


def test_a_killed_process_is_no_answer() -> None:
    with pytest.raises(LostError, match="was killed"):
        each(lambda n: os.kill(os.getpid(), signal.SIGKILL), range(100), jobs=2)


def test_an_error_in_a_process_arrives() -> None:
    with pytest.raises(ZeroDivisionError):
        each(lambda n: 1 // n, range(100), jobs=2)


def test_where_and_pareto() -> None:
    everything = small("width=16:64:8", "depth=18,20,34,50")
    kept = small("width=16:64:16", "depth=18,20,50", where=("macs < 1G and depth > 18",))
    assert [one.values for one in kept.variants] == [("16", "50")]
    assert (kept.tried, kept.unbuilt) == (12, 4)
    front = small("width=16:64:8", "depth=18,20,34,50", pareto=("+params", "macs"))
    built = [one for one in everything.variants if not one.error]

    def beaten(params: Number | None, macs: Number | None) -> bool:
        assert params is not None
        assert macs is not None
        others = [one.numbers[:2] for one in built if one.numbers[:2] != (params, macs)]
        return any((p or 0) >= params and (m or 0) <= macs for p, m in others)

    assert [one.values for one in front.variants] == [
        one.values for one in built if not beaten(*one.numbers[:2])
    ]
    assert 0 < len(front.variants) < len(built)


def test_sorted_by_a_number_or_a_setting() -> None:
    by_macs = small("width=16,64,32", "depth=18,20", sort="macs")
    assert [one.values[0] for one in by_macs.variants] == ["64", "32", "16", "16", "64", "32"]
    assert [one.error == "" for one in by_macs.variants] == [True] * 3 + [False] * 3
    by_width = small("width=16,64,32", "depth=18,50", sort="width")
    assert [one.values[0] for one in by_width.variants] == ["16", "16", "32", "32", "64", "64"]


def test_metrics_that_are_no_sums() -> None:
    found = sweep(
        "alexnet", [read_axis("batch", "1,2")], Request(metrics=("inference_peak_bytes",))
    )
    net = archstat.load("alexnet", batch=2)
    assert found.variants[1].numbers == (inference_peak(net.graph).nbytes,)


def test_what_is_read_off_the_output() -> None:
    asked = ("receptive_field", "smallest_receptive_field", "jump", "field_centre", "depth")
    found = sweep(
        "conv3x3_stack", [read_axis("input", "256x8x8,256x9x11")], Request(metrics=(*asked, "macs"))
    )
    assert [one.numbers[:-1] for one in found.variants] == [(7, 7, 1, 0, 3)] * 2
    centre = sweep(
        "vgg16", [read_axis("resolution", "32,64")], Request(metrics=("field_centre", "params"))
    )
    assert [one.numbers[0] for one in centre.variants] == [Fraction(31, 2), Fraction(63, 2)]
    where = Request(where=("receptive_field <= 64",))
    (small,) = sweep("vgg16", [read_axis("resolution", "64:128:32")], where).variants
    assert small.values == ("64",)


def test_axes_that_differ_have_no_one_number() -> None:
    asked = Request(metrics=("receptive_field", "params"))
    square, wide = sweep("vgg16", [read_axis("input", "3x64x64,3x64x96")], asked).variants
    assert square.numbers[0] == 64
    assert wide.error == "the receptive_field of the output is 64x96: its axes differ"


@pytest.mark.parametrize(
    ("axes", "asked", "said"),
    [
        ((), {}, "nothing to sweep over"),
        (("widht=1,2",), {}, "no variable 'widht'"),
        (("width=1", "width=2"), {}, "'width' is set twice"),
        (("input=3x8x8", "resolution=8"), {}, "input and resolution both set the input"),
        (("width=1:1000000", "classes=1:1000"), {}, "1,000,000,000 variants"),
        (("batch=1,2",), {"metrics": ("params",)}, "'batch' doesn't change params"),
        (("depth=18,50",), {"metrics": ("depth",)}, "'depth' is a setting of this sweep"),
        (("width=1,2",), {"metrics": ("parms",)}, "no metric 'parms'"),
        (("width=1,2",), {"sort": "parms"}, "no metric 'parms'"),
        (("width=1,2",), {"pareto": ("parms",)}, "no metric 'parms'"),
        (("width=1,2",), {"where": ("parms < 3",)}, "unknown name 'parms'"),
    ],
)
def test_what_is_no_sweep(axes: tuple[str, ...], asked: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        small(*axes, **asked)
    assert said in caught.value.message


def test_input_and_resolution_of_one_spec() -> None:
    with pytest.raises(UsageError, match="both set the input"):
        sweep("resnet50", [read_axis("input", "3x64x64"), read_axis("resolution", "64")])


def test_an_idle_setting_beside_another_is_noted() -> None:
    found = small("width=8,16", "batch=1,2", metrics=("params",))
    assert found.notes == ("'batch' doesn't change params",)


def test_a_spec_that_does_not_hold(tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text("input: [3, 8, 8]\nvars: {n: 1}\nlayers: [convv: n]\n")
    with pytest.raises(archstat.SpecError):
        sweep(str(file), [read_axis("n", "1,2")])


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("values", ["0,1", "1,0"])
def test_a_row_is_the_same_whichever_comes_first(tmp_path: Path, jobs: int, values: str) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(
        "input: [3, 8, 8]\nvars: {a: 1, w: 4}\nfreeze: bn\n"
        "layers: [{conv: w, kernel: 3}, {batch_norm: , name: bn, affine: a > 0}]\n"
    )
    found = archstat.sweep(file, {"w": range(4, 44), "a": values}, jobs=jobs)
    errors = {one.values[1]: one.error for one in found.variants}
    assert errors["1"] == ""
    assert "matches no layer with weights" in errors["0"]
    assert all(one.error == errors[one.values[1]] for one in found.variants)


@pytest.mark.parametrize("text", ["macs <", "macs < 4GG", "", "macs << 3"])
def test_a_condition_that_cannot_be_read_has_a_hint(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        archstat.sweep("lenet5", {"batch": "1,2"}, where=text)
    assert caught.value.hint
