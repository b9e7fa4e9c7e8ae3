"""archstat memory: what is kept for the backward pass, and the peak, in every format."""

import csv
import io
import json

import pytest

from tests.cli.run import run


def test_what_is_kept_and_the_peak_in_json() -> None:
    done = run("memory", "vgg16_torchvision", "--backward", "--peak", "-f", "json")
    (report,) = json.loads(done.output)["reports"]
    assert report["totals"]["saved_bytes"] == 73_355_264
    assert report["rows"][1]["saved_what"] == "input"
    (peak,) = report["peaks"]
    assert peak["inference_peak_bytes"] == 26_292_224
    assert sum(part["bytes"] for part in peak["alive"]) == 26_292_224


def test_what_is_kept_and_the_peak_in_csv() -> None:
    done = run("memory", "lenet5", "--backward", "--peak", "-f", "csv")
    rows = list(csv.DictReader(io.StringIO(done.output)))
    assert [row["saved_what"] for row in rows][:3] == ["", "input", "output"]
    assert rows[-2]["saved_bytes"] == "36432"
    assert rows[-1]["note"] == "inference_peak_bytes: 27616"


def test_the_mode_and_the_device_change_what_is_kept() -> None:
    def saved(*options: str) -> int:
        done = run("memory", "alexnet_torchvision", "--backward", "-f", "json", *options)
        return int(json.loads(done.output)["reports"][0]["totals"]["saved_bytes"])

    assert saved() == saved("--mode", "train") == saved("--device", "cpu") == 3_741_184
    assert saved("--mode", "eval") == 3_671_552
    assert saved("--device", "cuda") == 3_701_248


@pytest.mark.parametrize(
    "options",
    [("--mode", "eval"), ("--device", "cuda"), ("--input-grad",), ("--peak", "--input-grad")],
)
def test_options_of_the_backward_pass_need_it(options: tuple[str, ...]) -> None:
    done = run("memory", "lenet5", *options)
    assert done.exit_code == 2
    assert "says nothing without --backward" in done.output


def test_whole_numbers_have_no_gradients() -> None:
    done = run("memory", "lenet5", "--backward", "--dtype", "int8")
    assert done.exit_code == 2
    assert "PyTorch takes no gradients of int8" in done.output
